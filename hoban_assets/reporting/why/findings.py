"""What the figures of an image mean: what became of it in each version, and which rule did it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from hoban_assets.catalog.asked import Row
from hoban_assets.ingredients import input_asset, is_of_full
from hoban_assets.reporting.why.alignment import Alignment
from hoban_assets.reporting.why.figures import Build, Life, Passage
from hoban_assets.reporting.why.places import Place, before_turning, place_of, written

Kind: TypeAlias = Literal["in", "out", "before", "unused", "absent"]
"""It has the image; left it out; a stage before it did; is not made from its source; does not have
it although a stage before it does (it is older)."""

_VERSION = re.compile(r"(\d+)")
_STATED = re.compile(r"(\d+)x(\d+) in label")
_ORIENTATION = re.compile(r"orientation (\d)")


@dataclass(frozen=True)
class Event:
    """One decision about the image, with what it did to a box."""

    build: Build
    stage: str
    rule: str
    action: str
    file: str | None
    row: int | None
    value: str | None
    threshold: float | None
    witness: str | None
    is_end: bool
    """It took the image away."""
    class_name: str | None = None
    before: Place | None = None
    after: Place | None = None
    """None where no box is left, or the decision is about no box."""
    is_stored: bool = False
    """`before` is a place in the picture as stored, which EXIF turns for the eye."""

    @property
    def number(self) -> float | None:
        """The value that was compared, where it is a number."""
        try:
            return None if self.value is None else float(self.value)
        except ValueError:
            return None


@dataclass(frozen=True)
class Outcome:
    """What became of the image in one build."""

    build: Build
    kind: Kind
    event: Event | None = None
    """What took it away."""
    where: Build | None = None
    """The stage that left it out, or still has it."""
    passage: Passage | None = None


@dataclass(frozen=True)
class Story:
    """The findings."""

    life: Life
    events: Sequence[Event]
    outcomes: Sequence[Outcome]
    """Of each build that has to do with it, upstream first, `sub` before `full`."""
    end: Outcome | None
    """What to say first: of the newest version, in the largest partition that was built."""
    alignments: Mapping[str, Alignment]
    """Id of a witness to how its photograph lies over this one."""
    format: str
    """Of its source; '' where no declared source has it."""
    in_file: Sequence[Row] = ()
    """Boxes as the label file has them now; only asked for where no build has any."""

    @property
    def verdict(self) -> Event | None:
        """The decision that a picture shows.

        What took the image away, else the last with a
        witness, else the last about a box.
        """
        if self.end is not None and self.end.event is not None:
            return self.end.event
        told = [e for e in self.events if e.witness] or [
            e for e in self.events if e.row is not None
        ]
        return told[-1] if told else None


def story(life: Life, format_name: str, alignments: Mapping[str, Alignment] | None = None) -> Story:
    """Judge. `format_name` is the format of its source, for what its labels had."""
    events = [e for passage in life.passages for e in _events(life, passage, format_name)]
    outcomes = [o for build in life.builds if (o := _outcome(life, build, events)) is not None]
    return Story(life, events, outcomes, _end(outcomes), alignments or {}, format_name)


def why_bare(told: Story, end: Event) -> list[Event]:
    """Decisions that took the labels of an image away, which then was dropped for having none."""
    before = {end.build.asset, *end.build.inputs}
    return [
        e
        for e in told.events
        if e.build.partition == end.build.partition
        and e.build.asset in before
        and e.action in {"drop", "ignore"}
        and not e.is_end
    ]


def _end(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The newest dataset version, `full` where that was built; without one, the last stage."""
    datasets = [o for o in outcomes if o.build.is_dataset]

    def rank(outcome: Outcome) -> tuple[int, bool, int]:
        number = _VERSION.search(outcome.build.asset)
        is_full = outcome.build.partition == "full"
        return (int(number[1]) if number else -1, is_full, outcome.build.materialization_id)

    told = [o for o in datasets if o.kind not in {"unused", "absent"}] or datasets
    if told:
        return max(told, key=rank)
    return max(outcomes, key=lambda o: o.build.materialization_id, default=None)


def _outcome(life: Life, build: Build, events: Sequence[Event]) -> Outcome | None:
    """What became of it in a build; None for a stage that never saw it."""
    passage = life.passage(build)
    if passage is not None and passage.image is not None:
        return Outcome(build, "in", passage=passage)
    mine = [e for e in events if e.build == build]
    ends = [e for e in mine if e.is_end] or [e for e in mine if e.action == "drop"]
    if ends:
        return Outcome(build, "out", ends[-1], passage=passage)
    for whole in _whole_of(life, build):
        outcome = _outcome(life, whole, events)
        if outcome is not None and outcome.kind in {"out", "before"}:
            return Outcome(build, "before", outcome.event, outcome.where or whole)
    if not build.is_dataset:
        return Outcome(build, "absent", mine[-1], passage=passage) if mine else None
    before = [
        o
        for stage in life.builds
        if stage.partition == build.partition and stage.asset in build.inputs
        if (o := _outcome(life, stage, events)) is not None
    ]
    for outcome in before:
        if outcome.kind == "out":
            return Outcome(build, "before", outcome.event, outcome.build)
    if before:
        return Outcome(build, "absent", where=before[0].build)
    seen = {p.build.partition for p in life.passages}
    return Outcome(build, "unused") if build.partition in seen else None


def _whole_of(life: Life, build: Build) -> list[Build]:
    """The full build that a sub was taken from, which decided for it."""
    wanted = {input_asset(name, build.partition) for name in build.inputs if is_of_full(name)}
    return [other for other in life.builds if (other.asset, other.partition) in wanted]


def _events(life: Life, passage: Passage, format_name: str) -> Iterator[Event]:
    boxes = {b["row"]: b for b in _boxes_before(life, passage)} | {
        b["row"]: b for b in passage.boxes
    }
    size, is_turned = _frame(life, passage)
    for row in passage.decisions:
        box = boxes.get(row["row"]) if row["row"] is not None else None
        event = Event(
            passage.build,
            row["stage"],
            row["rule"],
            row["action"],
            row["file"],
            row["row"],
            row["value"],
            row["threshold"],
            row["witness"],
            is_end=bool(row["images_removed"]),
            class_name=box["class_name"] if box else None,
        )
        yield _placed(event, box, format_name, size, is_turned)


def _frame(life: Life, passage: Passage) -> tuple[tuple[int, int], bool]:
    """Size of the picture that the labels are about, and whether EXIF turns it for the eye."""
    values = [d["value"] or "" for d in passage.decisions]
    stated = next(filter(None, map(_STATED.match, values)), None)
    is_turned = any(_ORIENTATION.fullmatch(value) for value in values)
    if stated:
        return (int(stated[1]), int(stated[2])), is_turned
    image = passage.image or life.image or {}
    width, height = image.get("width") or 0, image.get("height") or 0
    swaps = any(m and m[1] in "5678" for m in map(_ORIENTATION.fullmatch, values))
    return ((height, width) if swaps else (width, height)), is_turned


def _placed(
    event: Event, box: Row | None, format_name: str, size: tuple[int, int], is_turned: bool
) -> Event:
    """Add where the box was before the decision, and where it is after it."""
    now = place_of(box) if box else None
    if event.row is None:
        return event
    if event.stage == "read":
        before = written(event.value, format_name, *size)
        in_file = before is not None and is_turned
        return replace(event, before=before or now, after=now, is_stored=in_file)
    turned = _ORIENTATION.fullmatch(event.value or "")
    if turned and now:
        before = before_turning(now, int(turned[1]))
        return replace(event, before=before, after=now, is_stored=True)
    gone = event.action in {"drop", "merge"}
    return replace(event, before=now, after=None if gone else now)


def _boxes_before(life: Life, passage: Passage) -> list[Row]:
    """Boxes as the stages had them that a dataset is made from."""
    return [
        box
        for other in life.passages
        if other.build.partition == passage.build.partition
        and other.build.asset in passage.build.inputs
        for box in other.boxes
    ]
