"""What is asked about a mistake of a model: what train holds of its kind, and what rules took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.evaluation.mistakes import Mistake
from hoban_assets.evaluation.pictures import Boxes, Pictures
from hoban_assets.ingredients import is_of_full
from hoban_assets.reporting.why_model import sql

BOXES, PHOTOGRAPHS = 8, 5
"""Nearest ones that are told."""
ALIKE = 2.0
"""Boxes up to this many times larger or smaller are of one size."""


@dataclass(frozen=True)
class Neighbour:
    """A training photograph, or a box on one, that the model sees as like the mistake."""

    image_id: str
    source: str
    alike: float
    """Cosine of the features, 1 = the same."""
    labels: Mapping[str, int] = field(default_factory=dict)
    """Of a photograph: class -> labels on it."""
    labelled: tuple[str, ...] = ()
    """Classes that its source labels."""
    class_name: str = ""
    """Of a box."""
    is_region: bool = False
    """Of a box: an ignore region, which is neither label nor background."""


@dataclass(frozen=True)
class Taken:
    """What a rule took of boxes of one class: dropped, or made ignore regions."""

    rule: str
    action: str
    boxes: int
    alike: int
    """Of these, as large as the mistake's box (within `ALIKE` times)."""
    threshold: float | None
    at_stage: bool = False
    """By a stage, as it reads its sources, and not by the recipe."""


@dataclass(frozen=True)
class Unlabelled:
    """Training photographs whose source does not label a class."""

    images: int
    of: int
    completed: int
    """Of `images`, those to which a teacher added it."""
    by_source: Mapping[str, int]


@dataclass(frozen=True)
class Answer:
    """One mistake and all that may explain it."""

    mistake: Mistake
    boxes: tuple[Neighbour, ...]
    photographs: tuple[Neighbour, ...]
    taken: tuple[Taken, ...]
    unlabelled: Unlabelled
    train_labels: int
    """Labels of the class in train."""


@dataclass(frozen=True)
class ModelWhy:
    """Everything that `hoban why --model` tells."""

    model: str
    """``model_v10 [sub]``"""
    dataset: str
    partition: str
    recipe: Mapping[str, Any]
    partial_labels: str
    image_id: str
    source: str
    part: str
    """'train', 'val', 'test', or '' where the dataset does not hold the picture."""
    labelled: tuple[str, ...]
    chosen_on: str
    """Where the confidences were chosen; '' for the usual one."""
    confidence: Mapping[str, float]
    mistakes: tuple[Mistake, ...]
    answers: tuple[Answer, ...]
    among: int
    """Training photographs that were looked at for the nearest."""
    of: int


def boxes_near(
    train: Pictures, boxes: Boxes, is_label: np.ndarray, alike: np.ndarray, *, skip: str
) -> tuple[Neighbour, ...]:
    """Boxes of train that are nearest, one of each photograph.

    Args:
        train: photographs.
        boxes: their labels and ignore regions.
        is_label: [boxes] which of them are labels.
        alike: [boxes] cosine to the mistake's box.
        skip: id of the picture itself, which is not its own neighbour.
    """
    found: dict[str, Neighbour] = {}
    for row in np.argsort(-alike, kind="stable").tolist():
        image = int(boxes.image[row])
        name = train.ids[image]
        if name != skip and name not in found:
            found[name] = Neighbour(
                name,
                str(train.sources[image]),
                float(alike[row]),
                labelled=_labelled(train, image),
                class_name=train.names[boxes.class_id[row]],
                is_region=not is_label[row],
            )
        if len(found) == BOXES:
            break
    return tuple(found.values())


def photographs_near(
    train: Pictures, near: Sequence[tuple[int, float]], *, skip: str
) -> tuple[Neighbour, ...]:
    """Photographs of train that are nearest as a whole (`nearest`), with their labels."""
    found = [
        Neighbour(
            train.ids[image],
            str(train.sources[image]),
            alike,
            labels=_counts(train.labels, image, train.names),
            labelled=_labelled(train, image),
        )
        for image, alike in near
        if train.ids[image] != skip
    ]
    return tuple(found[:PHOTOGRAPHS])


def _labelled(train: Pictures, image: int) -> tuple[str, ...]:
    return tuple(
        name for name, known in zip(train.names, train.labelled[image], strict=True) if known
    )


def _counts(labels: Boxes, image: int, names: Sequence[str]) -> dict[str, int]:
    mine = labels.class_id[labels.image == image]
    return {
        names[number]: int(count)
        for number, count in zip(*np.unique(mine, return_counts=True), strict=True)
    }


def recipe_row(ask: Ask, dataset: str, partition: str) -> Row | None:
    """Recipe (JSON text), stages, and partition that decided the rows of a dataset."""
    rows = ask(sql.RECIPE, [dataset, partition])
    if not rows:
        return None
    (row,) = rows
    inputs = row["inputs"] or []
    decided = "full" if any(is_of_full(name) for name in inputs) else partition
    return {
        "recipe": row["recipe"],
        "stages": [n for n in inputs if not is_of_full(n)],
        "decided": decided,
    }


def partial_labels_of(ask: Ask, model: str, partition: str) -> str:
    """'mask' or 'naive', as the current training of a model recorded it."""
    rows = ask(sql.RECIPE, [model, partition])
    arguments = json.loads(rows[0]["recipe"] or "{}") if rows else {}
    return str(arguments.get("partial_labels") or "naive")


def taken_of(
    ask: Ask, dataset: str, partition: str, stages: Sequence[str], class_name: str, area: float
) -> tuple[Taken, ...]:
    """What each rule took of the labels of a class, most of this size first."""
    rows = ask(
        sql.TAKEN,
        {
            "dataset": dataset,
            "partition": partition,
            "stages": list(stages),
            "class": class_name,
            "low": area / ALIKE,
            "high": area * ALIKE,
        },
    )
    return tuple(Taken(**row) for row in rows)


def unlabelled_of(ask: Ask, dataset: str, partition: str, class_name: str) -> Unlabelled:
    """How many photographs of train are from sources that do not label a class."""
    rows = ask(sql.UNLABELLED, {"dataset": dataset, "partition": partition, "class": class_name})
    return Unlabelled(
        sum(row["images"] for row in rows),
        sum(row["of"] for row in rows),
        sum(row["completed"] for row in rows),
        {row["source"]: row["images"] for row in rows if row["images"]},
    )
