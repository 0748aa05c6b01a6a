"""A judgement as a document, the most important first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hoban_assets.evaluation.judging import ALL, MEASURES, Judgement, Line
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Heading, Paragraph, table

WORST_GROUPS = 10
FEW = 5
"""Labels below which a group is not among the worst: one miss would decide."""
SLICES = {"source": "By source", "size": "By size of the object"}


def document(found: Judgement, say: Say) -> list[Block]:
    """Return everything that is worth a look."""
    return list(_blocks(found, say))


def _blocks(found: Judgement, say: Say) -> Iterator[Block]:
    yield Heading(1, _head(found, say))
    yield Paragraph(_how(found, say))
    yield Heading(2, say("Figures of each class"))
    yield table([_row(line, found, say) for line in found.lines if line.kind == ALL])
    if rows := _confusions(found, say):
        yield Heading(2, say("What is taken for what"))
        yield table(rows)
    if found.errors:
        yield Heading(2, say("What the errors are"))
        yield Paragraph(_calibration(found, say))
        yield table(_errors(found, say))
    for kind, title in SLICES.items():
        lines = [x for x in found.lines if x.kind == kind and x.class_name != ALL]
        if len({x.slice for x in lines}) > 1:
            yield Heading(2, say(title))
            yield table([{say(kind): say(x.slice), **_row(x, found, say)} for x in lines])
    if worst := _worst_groups(found):
        yield Heading(2, say("Cameras and clips with the lowest recall"))
        yield table([{say("group"): x.slice, **_row(x, found, say)} for x in worst])


def _head(found: Judgement, say: Say) -> str:
    return say(
        "{weights} on {title}: {images:,} pictures of {groups:,} cameras or clips, at {size} "
        "pixels",
        weights=found.weights,
        title=found.title,
        images=found.images,
        groups=found.groups,
        size=found.image_size,
    )


def _how(found: Judgement, say: Say) -> str:
    limits = found.confidences
    texts = [
        say("Confidence of each class chosen on {where}.", where=limits.chosen_on)
        if limits.chosen_on
        else say(
            "There is no train to choose a confidence on: 0.25 is used, as Ultralytics predicts."
        )
    ]
    if limits.chosen_on and limits.usual:
        names = ", ".join(map(say, limits.usual))
        texts.append(say("0.25 for {classes}, which nothing was found of there.", classes=names))
    if not any(line.intervals for line in found.lines):
        texts.append(say("Too few cameras or clips for an interval."))
    else:
        texts.append(say("In brackets: 95 % intervals, cameras and clips drawn again."))
    return " ".join(texts)


def _row(line: Line, found: Judgement, say: Say) -> dict[str, Any]:
    row: dict[str, Any] = {
        say("class"): say(line.class_name),
        say("images"): line.images,
        say("labels"): line.labels,
    }
    for measure in MEASURES:
        title = measure.removeprefix("m") if measure.startswith("mAP") else measure
        row[say(title)] = _value(line, measure)
    if line.stock:
        row[say("AP50 (stock)")] = line.stock["mAP50"]
    if line.kind == ALL:
        row[say("confidence")] = found.confidences.values.get(line.class_name)
    return row


def _value(line: Line, measure: str) -> str:
    value, around = line.values.get(measure), line.intervals.get(measure)
    if value is None or value != value:
        return "-"
    text = f"{value:.3f}"
    return text if around is None else f"{text} ({around.low:.3f}-{around.high:.3f})"


def _confusions(found: Judgement, say: Say) -> list[dict[str, Any]]:
    counts = sorted(found.confusions.items(), key=lambda each: (each[0][0], -each[1]))
    return [
        {say("label"): say(label), say("found as"): say(taken), say("count"): count}
        for (label, taken), count in counts
        if label != taken
    ]


def _errors(found: Judgement, say: Say) -> list[dict[str, Any]]:
    return [
        {
            say("error"): say(each["what"]),
            say("count"): each["count"],
            say("gain of mAP50 without it"): each["gain"],
        }
        for each in sorted(found.errors, key=lambda each: -each["gain"])
    ]


def _calibration(found: Judgement, say: Say) -> str:
    text = "Confidence is {by:.2f} away from precision on average (expected calibration error)."
    return say(text, by=found.calibration)


def _worst_groups(found: Judgement) -> list[Line]:
    lines = [
        x for x in found.lines if x.kind == "group" and x.class_name != ALL and x.labels >= FEW
    ]
    return sorted(lines, key=lambda x: (x.values["recall"], -x.labels))[:WORST_GROUPS]
