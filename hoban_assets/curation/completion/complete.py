"""Samples whose sources label only some classes -> the same with what teachers found of the others.

Human boxes are never moved or removed. What a teacher adds is told by its origin, `teacher`, and
carries its score, the teacher's name and what the cross-check said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_IDS, CLASS_NAMES
from hoban_assets.curation.completion.bands import Labelled, part
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.curation.completion.verdicts import BACKGROUND, BODY_MISSING, BOX, IGNORE, MERGED
from hoban_assets.curation.completion.voting import vote
from hoban_assets.samples import Samples
from hoban_assets.tables import BOXES_SCHEMA, DECISIONS_SCHEMA, frame_of

STAGE = "complete"
ORIGIN = "teacher"
CROSS_CHECK = "cross-check"
"""Stands for the teacher of a region that no teacher predicted: where a body must be."""
FIRST_ROW = -2
"""`row` of a box that stands in row 0 of the predictions; -3 in row 1. So it is no label's row."""
RULES = {BOX: "teacher_box", IGNORE: "teacher_unsure", MERGED: "teacher_same_object"}


@dataclass(frozen=True)
class Completed:
    """Samples with what was added, and how many rows went in (human boxes and proposals)."""

    samples: Samples
    boxes_in: int


def complete(
    samples: Samples,
    predictions: pd.DataFrame,
    taught: Mapping[str, int],
    limits: Mapping[str, Limits],
    most: int,
    progress: Callable[[int, int], None] | None = None,
) -> Completed:
    """Add to each image the classes that its source does not label.

    Args:
        samples: images with `labelled_classes`, and what people labelled.
        predictions: columns of `formats.predictions.COLUMNS`, and teacher (a view of one, where
            it looked at several scales).
        taught: class -> how many teachers (or views) know it.
        limits: class -> where its bands part.
        most: boxes of one class on one image, at most.
        progress: called with (images done, images).
    """
    images = samples.images
    by_image = {str(name): rows for name, rows in predictions.groupby("file", sort=False)}
    nothing = predictions.iloc[:0]
    boxes: list[dict[str, Any]] = []
    decisions: list[dict[str, Any]] = []
    completed, proposals = [], 0
    looked = zip(images.image_id, labelled_on(samples), strict=True)
    for number, (image_id, (file, labelled)) in enumerate(looked):
        wanted = [n for n in CLASS_NAMES if n in taught and n not in labelled.classes]
        completed.append(tuple(wanted))
        mine = by_image.get(file, nothing)
        for name in wanted:
            rows = mine[mine.class_name == name]
            added, told, count = _of_class(
                name, rows, labelled, taught[name], limits.get(name, Limits()), most
            )
            boxes += [{"image_id": image_id, **box} for box in added]
            decisions += [{"image_id": image_id, "file": file, **line} for line in told]
            proposals += count
        if progress is not None and number % 256 == 0:
            progress(number, len(images))
    made = replace(
        samples,
        images=images.assign(completed_classes=pd.Series(completed, images.index, dtype=object)),
        boxes=_appended(samples.boxes, boxes),
    )
    return Completed(made.with_decisions(_decided(decisions)), len(samples.boxes) + proposals)


def labelled_on(samples: Samples) -> Iterator[tuple[str, Labelled]]:
    """Yield of each image, in their order, its file and what people labelled on it."""
    images, labels = samples.images, samples.labels
    half = labels[["width", "height"]].to_numpy(float) / 2
    middle = labels[["x_center", "y_center"]].to_numpy(float)
    corners, names = np.hstack([middle - half, middle + half]), labels.class_name.to_numpy(object)
    at = labels.groupby("image_id", sort=False).indices
    none = np.empty(0, int)
    for image_id, file, classes in zip(
        images.image_id, images.file, images.labelled_classes, strict=True
    ):
        mine = at.get(image_id, none)
        yield file, Labelled(corners[mine], names[mine], frozenset(classes))


def _of_class(
    name: str, rows: pd.DataFrame, labelled: Labelled, teachers: int, limits: Limits, most: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Boxes and decisions of one class on one image, and how many proposals they come from."""
    found = vote(rows, teachers)
    parted = part(name, found, labelled, limits, most)
    boxes, told = [], []
    for index in np.flatnonzero(parted.band != BACKGROUND).tolist():
        band, verdict = parted.band[index], parted.verdict[index]
        score, row = float(found.score[index]), FIRST_ROW - int(found.row[index])
        told.append(
            {
                "rule": RULES[band],
                "action": {BOX: "add", IGNORE: "ignore", MERGED: "merge"}[band],
                "row": row,
                "value": " ".join(filter(None, (f"{score:.3f}", name, verdict))),
                "threshold": float(parted.limit[index]),
                "boxes_removed": int(band == MERGED),
            }
        )
        if band != MERGED:
            evidence = {"score": score, "teacher": found.teacher[index], "cross_check": verdict}
            box = _box(name, found.corners[index], ignore=band == IGNORE)
            boxes.append({**box, **evidence, "row": row})
    for corners in parted.regions:
        evidence = {"score": None, "teacher": CROSS_CHECK, "cross_check": BODY_MISSING}
        boxes.append({**_box(name, corners, ignore=True), **evidence, "row": -1})
        told.append({"rule": BODY_MISSING, "action": "ignore", "value": name})
    proposals = len(rows) + len(parted.regions)
    merged = int((parted.band == MERGED).sum())
    if gone := proposals - len(boxes) - merged:
        told.append(
            {
                "rule": "teacher_background",
                "action": "drop",
                "value": f"{name}: {gone} predictions",
                "threshold": limits.ignore,
                "boxes_removed": gone,
            }
        )
    return boxes, told, proposals


def _box(name: str, corners: np.ndarray, *, ignore: bool) -> dict[str, Any]:
    left, top, right, bottom = corners.tolist()
    width, height = right - left, bottom - top
    return {
        "class_id": CLASS_IDS[name],
        "class_name": name,
        "x_center": (left + right) / 2,
        "y_center": (top + bottom) / 2,
        "width": width,
        "height": height,
        "area": width * height,
        "origin": ORIGIN,
        "ignore": ignore,
    }


def _appended(boxes: pd.DataFrame, added: list[dict[str, Any]]) -> pd.DataFrame:
    if not added:
        return boxes
    columns = {key: [box[key] for box in added] for key in added[0]}
    parts = [boxes, frame_of(columns, BOXES_SCHEMA)]
    return pd.concat([p for p in parts if len(p)], ignore_index=True)


def _decided(lines: list[dict[str, Any]]) -> pd.DataFrame:
    names = ("image_id", "file", "rule", "action", "row", "value", "threshold")
    columns: dict[str, Any] = {name: [line.get(name) for line in lines] for name in names}
    columns["boxes_removed"] = [line.get("boxes_removed", 0) for line in lines]
    return frame_of({**columns, "stage": [STAGE] * len(lines)}, DECISIONS_SCHEMA)
