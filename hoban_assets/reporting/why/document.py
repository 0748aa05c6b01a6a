"""The way of an image as a document: its sentence first, then every version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hoban_assets.catalog.asked import Row
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Heading, Paragraph, bullets, table
from hoban_assets.reporting.why.alignment import Alignment
from hoban_assets.reporting.why.figures import Mistakes, Passage
from hoban_assets.reporting.why.findings import Event, Outcome, Story
from hoban_assets.reporting.why.places import Place, in_pixels, place_of
from hoban_assets.reporting.why.sentence import (
    reason,
    seen_and_limit,
    sentence,
)
from hoban_assets.rules import meaning
from hoban_assets.units import area_text, size_text

MOST_LABELS = 30
"""Rows of the table of labels; `--json` has all of them."""
MOST_EVENTS = 40
"""Decisions of one build that are told one by one."""


def document(told: Story, say: Say) -> list[Block]:
    """Everything, for the terminal and as Markdown."""
    return [
        Heading(1, told.life.image_id),
        Paragraph(sentence(told, say)),
        bullets(_facts(told, say)),
        Heading(2, say("Its way through the versions")),
        table(
            [_version(told, outcome, say) for outcome in told.outcomes],
            {"version": "version", "became": "what became of it", "why": "reason"},
            say,
        ),
        *_decisions(told, say),
        *_witnesses(told, say),
        *_labels(told, say),
        *_models(told, say),
    ]


def _facts(told: Story, say: Say) -> Iterator[str]:
    life, image = told.life, told.life.image or {}
    size = f", {image['width']}×{image['height']} px" if image.get("width") else ""
    size += f", {size_text(image['bytes'])}" if image.get("bytes") else ""
    if life.file:
        yield say("photograph: {file}", file=f"{life.file}{size}")
    if image.get("label_file"):
        yield say("label file: {file}", file=image["label_file"])
    source = life.image_id.split("/")[0]
    yield say("source: {name}", name=f"{source} ({told.format})" if told.format else source)
    for passage in life.passages:
        if passage.group and passage.image is not None:
            yield _group(passage, say)


def _group(passage: Passage, say: Say) -> str:
    sides = ", ".join(f"{split} {count:,}" for split, count in passage.group.items())
    name = (passage.image or {}).get("group_id")
    count = sum(passage.group.values())
    if count == 1:
        return say(
            "{asset}: alone in its group, so on its own side of the split", asset=passage.build.name
        )
    return say(
        "{asset}: one of {count} images of group {group}, which the split keeps together ({sides})",
        asset=passage.build.name,
        count=f"{count:,}",
        group=name,
        sides=sides,
    )


def _version(told: Story, outcome: Outcome, say: Say) -> Row:
    return {
        "version": outcome.build.name,
        "became": became(outcome, say),
        "why": why_not(told, outcome, say),
    }


def became(outcome: Outcome, say: Say) -> str:
    """What became of it in one build, for a table."""
    image = outcome.passage.image if outcome.passage else None
    if image is not None and outcome.passage is not None:
        labels = sum(not box["ignore"] for box in outcome.passage.boxes)
        text = image["split"] or say("kept")
        return say("{side}, labels: {n}", side=text, n=labels)
    return say("left out") if outcome.kind in {"out", "before"} else say("not there")


def why_not(told: Story, outcome: Outcome, say: Say) -> str:
    """Why one build does not have it, for a table; '' where it has it."""
    if outcome.kind == "unused":
        return say("its source is not used there")
    if outcome.kind == "absent" and outcome.where is not None:
        return say("older than {stage}", stage=outcome.where.name)
    if outcome.event is None or outcome.kind == "absent":
        return ""
    why = reason(told, outcome.event, say)
    if outcome.where is not None:
        return say("left out by {stage} already", stage=outcome.where.name)
    return why


def _decisions(told: Story, say: Say) -> Iterator[Block]:
    for passage in told.life.passages:
        events = [e for e in told.events if e.build == passage.build]
        if not events:
            continue
        yield Heading(2, say("Decisions in {asset}", asset=passage.build.name))
        lines = [event_text(told, event, say) for event in events[:MOST_EVENTS]]
        if len(events) > MOST_EVENTS:
            lines.append(say("and {n} more: --json lists them", n=len(events) - MOST_EVENTS))
        yield bullets(lines)


def event_text(told: Story, event: Event, say: Say) -> str:
    """One decision: its rule and row, what the rule means, what was seen, where the box was."""
    is_label = event.row is not None and event.row >= 0  # below 0: a teacher's prediction
    place = f", {say('row {row} of the label file', row=event.row)}" if is_label else ""
    name = f", {say(event.class_name)}" if event.class_name else ""
    text = f"{event.rule} ({event.stage}{place}{name}): {meaning(event.rule, say)}"
    if seen := seen_and_limit(event, say):
        text += f" [{seen}]"
    if event.witness:
        text += f" {say('witness: {image}', image=event.witness)}"
    if moved := _moved(told, event, say):
        text += f" {moved}"
    return text


def _moved(told: Story, event: Event, say: Say) -> str:
    """Where the box was, and where it is now."""
    image = told.life.image or {}
    size = (image.get("width") or 0, image.get("height") or 0)
    before = _pixels(event.before, size[::-1] if event.is_stored else size)
    after = _pixels(event.after, size)
    if before and after and before != after:
        return say("before {before} px, after {after} px", before=before, after=after)
    if before and not after:
        return say("it was at {place} px", place=before)
    return say("it is at {place} px", place=after) if after else ""


def _pixels(place: Place | None, size: tuple[int, int]) -> str:
    return "" if place is None else in_pixels(place, *size)


def _witnesses(told: Story, say: Say) -> Iterator[Block]:
    for name, passage in told.life.witnesses.items():
        image = passage.image or {}
        ends = any(e.is_end and e.witness == name for e in told.events)
        yield Heading(
            2,
            say("The image that was kept instead")
            if ends
            else say("An image that it was compared with"),
        )
        lines = [
            name,
            say(
                "photograph: {file}",
                file=f"{image.get('file')}, {image.get('width')}×{image.get('height')} px",
            ),
        ]
        if name in told.alignments:
            lines.append(alignment_text(told.alignments[name], say))
        labels = sum(not box["ignore"] for box in passage.boxes)
        lines.append(say("its labels in {asset}: {n}", asset=passage.build.name, n=labels))
        if image.get("split"):
            lines.append(say("on the side of the split: {split}", split=image["split"]))
        yield bullets(lines)


def alignment_text(found: Alignment, say: Say) -> str:
    """How its photograph lies over this one."""
    fit = f"{found.correlation:.2f}"
    if found.way is None:
        return say(
            "no flip or turn lays one photograph over the other (best correlation {fit}): a crop, "
            "or another picture",
            fit=fit,
        )
    return say("laid over this one: {way} (correlation {fit})", way=say(found.way), fit=fit)


def _labels(told: Story, say: Say) -> Iterator[Block]:
    """Every box with what each version of one partition makes of it."""
    shown = [o for o in told.outcomes if o.passage is not None and o.passage.boxes]
    if not shown or told.life.image is None:
        return
    size = (told.life.image["width"] or 0, told.life.image["height"] or 0)
    rows: dict[Any, dict[str, Any]] = {}
    for outcome in shown:
        for box in outcome.passage.boxes if outcome.passage else ():
            key = (box["row"], box["x_center"], box["y_center"])
            row = rows.setdefault(
                key,
                {
                    "row": box["row"] if box["row"] >= 0 else None,
                    "class": say(box["class_name"]),
                    "box": in_pixels(place_of(box), *size),
                    "area": area_text(box["area"]),
                },
            )
            row[outcome.build.name] = say("ignore region") if box["ignore"] else say("label")
    names = [o.build.name for o in shown]
    filled = [{name: say("left out") for name in names} | row for row in rows.values()]
    yield Heading(2, say("Its labels"))
    columns = {
        "row": say("row"),
        "class": say("class"),
        "box": say("box (px)"),
        "area": say("area"),
    }
    yield table(filled[:MOST_LABELS], {**columns, **{name: name for name in names}})
    if len(filled) > MOST_LABELS:
        yield Paragraph(say("and {n} more: --json lists them", n=len(filled) - MOST_LABELS))


def _models(told: Story, say: Say) -> Iterator[Block]:
    if told.life.mistakes:
        yield Heading(2, say("What models made of it"))
        yield bullets(mistakes_text(each, say) for each in told.life.mistakes)


def mistakes_text(found: Mistakes, say: Say) -> str:
    """What one model got wrong on it."""
    name = f"{found.model} [{found.partition}]"
    if found.rank is not None:
        counts: Mapping[str, int] = {"missed": 0, "false": 0, "confused": 0, **found.counts}
        return say(
            "{model}: missed {missed}, false alarms {false}, confused {confused}; number {rank} of "
            "the {listed} worst images",
            model=name,
            rank=found.rank,
            listed=found.listed,
            **counts,
        )
    if found.split == "train":
        return say("{model}: learned from it, so it was not judged on it", model=name)
    return say(
        "{model}: not among the {listed} images with the most mistakes",
        model=name,
        listed=found.listed,
    )
