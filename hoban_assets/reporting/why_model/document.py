"""Why a model does what it does on a picture, as a document and as JSON."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from hoban_assets.evaluation.mistakes import Mistake
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Columns, Heading, Paragraph, bullets, code, listing
from hoban_assets.reporting.why_model.figures import Answer, ModelWhy, Neighbour, Taken
from hoban_assets.rules import short
from hoban_assets.units import area_text, percent


def field_of(taken: Taken, class_name: str, recipe: Mapping[str, Any], partition: str) -> str:
    """The field with its value of now, as it stands in ``defs.yaml``; '' where none decides it."""
    if taken.at_stage:
        return ""
    value = "" if taken.threshold is None else f"{taken.threshold:g}"
    areas = {"area_too_small": "least", "area_too_large": "most", "area_outlier": "outlier"}
    if taken.rule in areas:
        return f"area: {{ {class_name}: {{ {areas[taken.rule]}: {value} }} }}"
    if taken.rule == "crowded":
        return f"max_persons: {value}"
    if taken.rule == "near_duplicate":
        rule = recipe.get("duplicates", "picture")
        return f"similarity: {recipe.get('similarity')}, duplicates: {rule}"
    if taken.rule == "over_quota":
        quota = recipe.get("quota", {})
        return f"quota: {{ {partition}: {quota.get(partition)} }}"
    return ""


MOST_SOURCES = 3
KINDS = {
    "missed": "{name} is missed: nothing is found there",
    "mixed_up": "{name} is found as {found_as} ({score:.2f})",
    "false_alarm": "{found_as} is found ({score:.2f}), and no label is there",
    "unjudged": "{found_as} is found ({score:.2f}); nobody labelled that class there, so it may be "
    "right",
}
"""Kind of mistake -> what it says."""


def document(told: ModelWhy, say: Say) -> Iterator[Block]:
    """Everything, for the terminal."""
    yield Heading(1, say("{model} on {image}", model=told.model, image=told.image_id))
    yield Paragraph(_place(told, say))
    if not told.mistakes:
        yield Paragraph(
            say("Nothing is wrong on this picture: all that is labelled is found, and no more."),
            "good",
        )
        return
    columns: Columns[tuple[int, Mistake]] = {
        "number": lambda row: row[0],
        "what is wrong": lambda row: _what(row[1], say),
        "of the image": lambda row: area_text(row[1].area),
        "box": lambda row: " ".join(f"{value:.3f}" for value in row[1].corners),
    }
    yield listing(enumerate(told.mistakes, 1), columns, say)
    for answer in told.answers:
        yield from _answer(told, answer, say)
    if len(told.answers) < len(told.mistakes):
        yield Paragraph(say("Another one: --box NUMBER"), "soft")
    yield from _photographs(told, say)
    for answer in {a.mistake.class_name: a for a in told.answers}.values():
        yield from _taken(told, answer, say)
    yield code(f"hoban why {shlex.quote(told.image_id)} --picture")


def _place(told: ModelWhy, say: Say) -> str:
    texts = []
    if told.part and told.labelled:
        text = "It is in {part} of {dataset}, from {source}, which labels {classes}."
    elif told.part:
        text = "It is in {part} of {dataset}, from {source}."
    elif told.labelled:
        text = "It is not in {dataset}; {source} labels {classes}."
    else:
        text = "It is not in {dataset}, and nothing on it is labelled."
    texts.append(
        say(
            text,
            part=told.part,
            dataset=told.dataset,
            source=told.source,
            classes=", ".join(map(say, told.labelled)),
        )
    )
    if told.part == "train":
        texts.append(say("The model has learnt from this very picture."))
    limits = ", ".join(f"{say(name)} {value:.2f}" for name, value in told.confidence.items())
    if told.chosen_on:
        text = "A detection counts from these confidences, chosen on {where}: {limits}."
    else:
        text = "A detection counts from these confidences: {limits}."
    texts.append(say(text, where=told.chosen_on, limits=limits))
    return " ".join(texts)


def _what(mistake: Any, say: Say) -> str:
    return say(
        KINDS[mistake.kind],
        name=say(mistake.class_name),
        found_as=say(mistake.found_as),
        score=mistake.confidence or 0.0,
    )


def _answer(told: ModelWhy, answer: Answer, say: Say) -> Iterator[Block]:
    number = told.mistakes.index(answer.mistake) + 1
    yield Heading(2, f"{number}. {_what(answer.mistake, say)}")
    yield bullets(list(reasons(told, answer, say)))
    if answer.boxes:
        region = f" ({say('ignore region')})"
        columns: Columns[Neighbour] = {
            "nearest boxes of train": lambda n: say(n.class_name) + (region if n.is_region else ""),
            "source": "source",
            "alike": "alike",
            "image": "image_id",
        }
        yield listing(answer.boxes, columns, say)


def _photographs(told: ModelWhy, say: Say) -> Iterator[Block]:
    """The same for all mistakes: nearest is meant of the photograph as a whole."""
    columns: Columns[Neighbour] = {
        "image": "image_id",
        "source": "source",
        "alike": "alike",
        "labels": lambda n: (
            ", ".join(f"{say(name)} {count}" for name, count in n.labels.items()) or say("none")
        ),
        "classes that its source labels": lambda n: ", ".join(map(say, n.labelled)) or say("none"),
    }
    yield Heading(2, say("Nearest photographs of train"))
    yield listing(told.answers[0].photographs, columns, say)
    text = "Nearest by this model's own features, among {among:,} of {of:,} photographs of train."
    if told.among < told.of:
        text += " All of them: --among 0"
    yield Paragraph(say(text, among=told.among, of=told.of), "soft")


def _taken(told: ModelWhy, answer: Answer, say: Say) -> Iterator[Block]:
    if not answer.taken:
        return
    name = answer.mistake.class_name
    yield Heading(2, say("What rules took of {name}", name=say(name)))
    columns: Columns[Taken] = {
        "reason": lambda each: short(each.rule, say),
        "boxes": "boxes",
        "of this size": "alike",
        "field of the recipe": lambda each: (
            field_of(each, name, told.recipe, told.partition) or None
        ),
    }
    yield listing(answer.taken, columns, say)


def reasons(told: ModelWhy, answer: Answer, say: Say) -> Iterator[str]:
    """What speaks for itself, each a sentence, with the field that would change it."""
    mistake, name = answer.mistake, answer.mistake.class_name
    classes = Counter(n.class_name for n in answer.boxes if not n.is_region)
    if classes:
        listed = ", ".join(f"{say(c)} {count}" for c, count in classes.most_common())
        text = "Of the {count} nearest boxes of train: {listed}."
        yield say(text, count=len(answer.boxes), listed=listed)
    if regions := sum(n.is_region for n in answer.boxes):
        text = "{count} of the nearest boxes are ignore regions: from them it learns nothing."
        yield say(text, count=regions)
    if not answer.train_labels:
        yield say("Train holds no label of {name} at all.", name=say(name))
    unlabelled = answer.unlabelled
    open_ = unlabelled.images - unlabelled.completed
    if open_:
        yield _unlabelled(told, answer, open_, say)
    for each in answer.taken[:1]:
        if not each.alike:
            continue
        field = field_of(each, name, told.recipe, told.partition)
        text = (
            "{alike:,} boxes of {name} that are about as large as this one ({area}) do not count: "
            "{rule}."
        )
        sentence = say(
            text,
            alike=each.alike,
            name=say(name),
            area=area_text(mistake.area),
            rule=short(each.rule, say),
        )
        if field:
            more = "`{field}` in the recipe decides that, over {boxes:,} boxes in all."
            sentence += " " + say(more, field=field, boxes=each.boxes)
        yield sentence


def _unlabelled(told: ModelWhy, answer: Answer, open_: int, say: Say) -> str:
    name, unlabelled = answer.mistake.class_name, answer.unlabelled
    sources = list(unlabelled.by_source)
    listed = ", ".join(sources[:MOST_SOURCES]) + (", ..." if sources[MOST_SOURCES:] else "")
    near = sum(name not in n.labelled for n in answer.photographs)
    text = (
        "{images:,} of {of:,} training photographs ({share}) are from sources that do not label "
        "{name} ({sources}); so are {near} of the {count} nearest photographs."
    )
    values = {
        "images": open_,
        "of": unlabelled.of,
        "share": percent(open_ / unlabelled.of, 0),
        "name": say(name),
        "sources": listed,
        "near": near,
        "count": len(answer.photographs),
    }
    if told.partial_labels == "mask":
        more = (
            "With `partial_labels: mask` they teach nothing of it, also no background: stages with "
            "`complete:` add its boxes to all of them."
        )
    else:
        more = (
            "With `partial_labels: naive` each such object there is taught as background: "
            "`partial_labels: mask` in the recipe ends that for all of them, and stages with "
            "`complete:` add the boxes."
        )
    return f"{say(text, **values)} {say(more)}"


def as_json(told: ModelWhy, say: Say) -> dict[str, Any]:
    """Everything, as plain data; boxes x1 y1 x2 y2 in shares of the image."""
    found = asdict(told)
    for data, answer in zip(found["answers"], told.answers, strict=True):
        data["number"] = told.mistakes.index(answer.mistake) + 1
        data["reasons"] = list(reasons(told, answer, say))
        for row, each in zip(data["taken"], answer.taken, strict=True):
            name = answer.mistake.class_name
            row["field"] = field_of(each, name, told.recipe, told.partition) or None
    return found
