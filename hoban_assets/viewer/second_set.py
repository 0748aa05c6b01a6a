"""What a model finds on the pictures of a dataset, compared with its labels, for every picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hoban_assets.evaluation.confidences import stored
from hoban_assets.evaluation.confusions import NONE, encounters
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.judging import Confidences
from hoban_assets.evaluation.looking import look
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.evaluation.sets import published
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.settings import Settings

Told = dict[str, list[dict[str, Any]]]
"""Image id -> boxes: kind ('right', 'wrong', 'not_found'), class_name, confidence, box (centre and
size)."""


def second_set(
    subject: Subject,
    tree: Path,
    title: str,
    settings: Settings,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Told:
    """Look at the val part of a published dataset; the same weights look once (`detecting`).

    A detection counts from the confidence of its class that is kept with the model, else from the
    usual one. What lies in an ignore region, or is of a class that the source does not label, is
    neither right nor wrong and left out.

    Raises:
        HobanError: the dataset, the weights or the predictions cannot be read.
    """
    pictures = published(tree, title)
    pictures = pictures.take(pictures.parts == "val")
    found, _ = look(subject, pictures, settings, {}, progress)
    known = stored(subject.file.parent)
    usual = Confidences.usual_ones(pictures.names).values
    return told(pictures, found, {**usual, **(known.values if known else {})})


def told(pictures: Pictures, found: Detections, confidence: dict[str, float]) -> Told:
    """Tell of every picture what was found, rightly or not, and what was not. Pure."""
    result: Told = {image_id: [] for image_id in pictures.ids}
    labels, boxes, names = pictures.labels, found.boxes, pictures.names
    for each in encounters(pictures, found, confidence):
        mine = result[pictures.ids[each.image]]
        label = NONE if each.label == NONE else int(labels.class_id[each.label])
        if each.detection != NONE:
            class_id = int(boxes.class_id[each.detection])
            kind = "right" if class_id == label else "wrong"
            score = round(float(found.confidence[each.detection]), 3)
            mine.append(_box(kind, names[class_id], boxes.corners[each.detection], score))
        if label != NONE and (
            each.detection == NONE or int(boxes.class_id[each.detection]) != label
        ):
            mine.append(_box("not_found", names[label], labels.corners[each.label], None))
    return result


def _box(kind: str, name: str, corners: np.ndarray, score: float | None) -> dict[str, Any]:
    left, top, right, bottom = corners.tolist()
    box = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    return {"kind": kind, "class_name": name, "confidence": score, "box": box}
