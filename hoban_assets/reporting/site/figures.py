"""Counts of what a model proposed for a source, and of what people decided on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hoban_assets.corrections.edits import overlap
from hoban_assets.corrections.proposed import Clip, Looked, Proposal, Proposed
from hoban_assets.corrections.rows import Correction
from hoban_assets.corrections.standing import Standing

State = Literal["open", "right", "wrong"]
SAME = 0.5
"""IoU from which a label confirms what was proposed."""


@dataclass(frozen=True)
class Object:
    """A track, or a box of a photograph."""

    class_name: str
    score: float
    """Of its surest box."""
    frames: int
    state: State
    """'right': a person has made a label of it; 'wrong': has said that it is none."""
    camera: str
    track: int | None


@dataclass(frozen=True)
class Camera:
    """What one camera recorded; '' is a camera that nobody named."""

    name: str
    hours: float
    objects: Sequence[Object]

    def count(self, state: State) -> int:
        """Objects of a state."""
        return sum(each.state == state for each in self.objects)

    @property
    def false_alarms(self) -> tuple[float, float] | None:
        """False alarms an hour: as decided, and if every open one were one; None without video."""
        if not self.hours:
            return None
        wrong = self.count("wrong")
        return wrong / self.hours, (wrong + self.count("open")) / self.hours


@dataclass(frozen=True)
class Site:
    """A source of a team's own pictures."""

    source: str
    model: str
    pictures: int
    """That a model has looked at."""
    complete: int
    """Of these: a person has said which classes are complete."""
    empty: int
    """Of these: nothing is on them (verified backgrounds)."""
    rejected: int
    videos: Camera
    """All objects of all clips."""
    cameras: Sequence[Camera]
    photographs: Camera
    """Objects of pictures that are no frames."""


def figures_of(proposed: Proposed, log: Standing) -> Site:
    """Count.

    Args:
        proposed: what a model proposes for a source.
        log: the corrections of now.
    """
    cameras = {clip.name: clip.camera for clip in proposed.clips}
    rows = {x.image_id: log.of(x.content_hash, x.image_id) for x in proposed.looked.values()}
    by_track: dict[int, list[tuple[Looked, Proposal]]] = {}
    alone = []
    for _, looked in sorted(proposed.looked.items()):
        for each in looked.proposals:
            if each.track is None:
                alone.append(_object([(looked, each)], proposed, rows, ""))
            else:
                by_track.setdefault(each.track, []).append((looked, each))
    objects = [
        _object(boxes, proposed, rows, cameras.get(_clip_of(boxes[0][0]), ""))
        for _, boxes in sorted(by_track.items())
    ]
    said = [row for row in rows.values() if row is not None]
    complete = [row for row in said if row.complete is not None and row.kind != "reject"]
    return Site(
        source=proposed.source,
        model=proposed.model,
        pictures=len(proposed.looked),
        complete=len(complete),
        empty=sum(not row.after for row in complete),
        rejected=sum(row.kind == "reject" for row in said),
        videos=Camera("", _hours(proposed.clips), objects),
        cameras=[
            Camera(name, _hours(mine), [o for o in objects if o.camera == name])
            for name, mine in _by_camera(proposed.clips).items()
        ],
        photographs=Camera("", 0.0, alone),
    )


def _object(
    boxes: Sequence[tuple[Looked, Proposal]],
    proposed: Proposed,
    rows: Mapping[str, Correction | None],
    camera: str,
) -> Object:
    states = {_state(looked, each, proposed, rows[looked.image_id]) for looked, each in boxes}
    surest = max((each for _, each in boxes), key=lambda each: each.score)
    state: State = next((s for s in ("right", "wrong") if s in states), "open")
    return Object(surest.box.class_name, surest.score, len(boxes), state, camera, boxes[0][1].track)


def _state(looked: Looked, proposal: Proposal, proposed: Proposed, row: Correction | None) -> State:
    if row is None or proposal in proposed.pending(looked.image_id, looked.content_hash, row):
        return "open"
    if row.kind == "reject":
        return "open"  # nothing was said of what is on it
    same = (box for box in row.after if box.class_name == proposal.box.class_name)
    return "right" if any(overlap(box, proposal.box) >= SAME for box in same) else "wrong"


def _clip_of(looked: Looked) -> str:
    return looked.image_id.split("/")[1]


def _hours(clips: Iterable[Clip]) -> float:
    return sum(clip.seconds for clip in clips) / 3600


def _by_camera(clips: Iterable[Clip]) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = {}
    for clip in sorted(clips, key=lambda clip: clip.camera):
        found.setdefault(clip.camera, []).append(clip)
    return found
