"""Labels that a model doubts which has not learnt from them: overlooked, swapped, badly placed.

By ObjectLab (Tkachenko, Thyagarajan and Mueller 2023, arXiv 2309.00832) as cleanlab has it. It
wants probabilities, and confidences of a detector are none: those of one class stand for other
chances of being right than those of another. So each class is put on one scale first (`_sure`).

Only classes that a photograph's source labels are judged, and nothing in an ignore region.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.figures import View, average_precisions, best_confidence, view
from hoban_assets.evaluation.matches import Matches, match, starts_of
from hoban_assets.evaluation.pictures import Boxes, Pictures
from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of
from hoban_assets.workers.yolo_matching import pairwise_iou

STAGE = "label_errors"
Kind = Literal["label_overlooked", "label_swapped", "label_misplaced"]
LIKELY, SURE = 0.5, 0.95
"""Probabilities that cleanlab takes for 'may be' and for 'is' (its defaults)."""
SHARE_OF_AP = 0.2
"""A score up to this share of the AP of its class is an error (cleanlab: 0.25 times 0.8)."""
ABLE = 0.3
"""AP50 of a class below which a model doubts nothing of it: what it is sure of is mostly wrong."""
RIGHT = 0.5
"""IoU from which a label is in its place."""


@dataclass(frozen=True)
class Doubt:
    """A label, or a place without one, that a model doubts."""

    kind: Kind
    image: int
    class_name: str
    """As labelled; of what was overlooked, as found."""
    label: int | None
    """Position among the labels; None: overlooked."""
    found_as: str
    confidence: float
    corners: tuple[float, float, float, float]
    """Where the model sees it: x1 y1 x2 y2, shares of the image."""
    iou: float
    """Of label and detection; 0 where there is no label."""


def label_errors(pictures: Pictures, found: Detections, size: int) -> tuple[Doubt, ...]:
    """Return the labels that detections doubt, the surest doubts first.

    Args:
        pictures: with labels.
        found: what a model found that was trained without these pictures.
        size: of its input in pixels.
    """
    from cleanlab.object_detection.rank import (
        compute_badloc_box_scores,
        compute_overlooked_box_scores,
        compute_swap_box_scores,
    )

    matches = match(pictures, found, size)
    views = [view(matches, number) for number in range(len(pictures.names))]
    limits = SHARE_OF_AP * np.array([float(average_precisions(each).mean()) for each in views])
    sure = _sure(matches, views)
    labels, label_at = _labels(pictures)
    boxes, box_at = _predictions(pictures, found, matches, sure)
    images = [
        number for number in range(len(pictures)) if len(label_at[number]) or len(box_at[number])
    ]
    if not images or not len(found):
        return ()
    given: dict[str, Any] = {
        "labels": [labels[number] for number in images],
        "predictions": [boxes[number] for number in images],
    }
    scores = {
        "label_overlooked": compute_overlooked_box_scores(**given),
        "label_swapped": compute_swap_box_scores(**given),
        "label_misplaced": compute_badloc_box_scores(**given),
    }
    doubts: dict[int, Doubt] = {}
    overlooked = []
    for place, image in enumerate(images):
        for row, score in zip(box_at[image], scores["label_overlooked"][place], strict=True):
            if score <= limits[found.boxes.class_id[row]]:  # nan: not asked
                overlooked.append(_overlooked(pictures, found, image, int(row)))
        for kind in ("label_swapped", "label_misplaced"):
            for label, score in zip(label_at[image], scores[kind][place], strict=True):
                if int(label) in doubts or not score <= limits[pictures.labels.class_id[label]]:
                    continue
                if doubt := _about(pictures, found, matches, sure, kind, image, int(label)):
                    doubts[int(label)] = doubt
    return tuple(sorted((*overlooked, *doubts.values()), key=lambda d: -d.confidence))


def unable(pictures: Pictures, found: Detections, size: int) -> tuple[str, ...]:
    """Classes with labels of which a model is not `ABLE` to doubt anything."""
    matches = match(pictures, found, size)
    views = {name: view(matches, number) for number, name in enumerate(pictures.names)}
    return tuple(
        name
        for name, seen in views.items()
        if seen.labels.any() and average_precisions(seen)[0] < ABLE
    )


def _sure(matches: Matches, views: list[View]) -> np.ndarray:
    """Confidences on one scale for all classes: [D], 0-1.

    The confidence of the best F1 becomes `LIKELY`, that of the middle one of the right detections
    above it `SURE`, straight lines between. 0 for classes that the model is not `ABLE` to judge.
    """
    told = np.zeros(len(matches.confidence))
    for number, seen in enumerate(views):
        likely = best_confidence(seen)
        if likely is None or average_precisions(seen)[0] < ABLE:
            continue
        right = seen.confidence[seen.right[:, 0] & (seen.confidence >= likely)]
        middle = max(float(np.median(right)), likely + 1e-6)
        scale = ([0, likely, middle, max(1.0, middle + 1e-6)], [0, LIKELY, SURE, 1])
        mine = matches.class_id == number
        told[mine] = np.interp(matches.confidence[mine], *scale)
    return told


def _labels(pictures: Pictures) -> tuple[list[dict[str, np.ndarray]], list[np.ndarray]]:
    """Labels of each image as cleanlab takes them, and their positions."""
    labels = pictures.labels
    known = pictures.labelled[labels.image, labels.class_id]
    at = [rows[known[rows]] for rows in _rows(labels, len(pictures))]
    told = [
        {"bboxes": _pixels(pictures, image, labels.corners[rows]), "labels": labels.class_id[rows]}
        for image, rows in enumerate(at)
    ]
    return told, at


def _predictions(
    pictures: Pictures, found: Detections, matches: Matches, sure: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Detections of each image as cleanlab takes them (an array a class), and their positions."""
    boxes = found.boxes
    labelled = pictures.labelled[boxes.image, boxes.class_id]
    counted = labelled & ~matches.ignored[:, 0] & (sure >= LIKELY)
    told, at = [], []
    for image, rows in enumerate(_rows(boxes, len(pictures))):
        mine = rows[counted[rows]]
        mine = mine[np.argsort(boxes.class_id[mine], kind="stable")]
        each = np.empty(len(pictures.names), object)
        for number in range(len(pictures.names)):
            of_class = mine[boxes.class_id[mine] == number]
            corners = _pixels(pictures, image, boxes.corners[of_class])
            each[number] = np.column_stack([corners, sure[of_class]])
        told.append(each)
        at.append(mine)
    return told, at


def _rows(boxes: Boxes, images: int) -> Iterator[np.ndarray]:
    starts = starts_of(boxes, images)
    for image in range(images):
        yield np.arange(starts[image], starts[image + 1])


def _pixels(pictures: Pictures, image: int, corners: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = corners.reshape(-1, 4) * np.tile(pictures.sizes[image], 2)
    return scaled


def _overlooked(pictures: Pictures, found: Detections, image: int, row: int) -> Doubt:
    name = pictures.names[found.boxes.class_id[row]]
    corners = tuple(found.boxes.corners[row].tolist())
    score = float(found.confidence[row])
    return Doubt("label_overlooked", image, name, None, name, score, corners, 0.0)


def _about(
    pictures: Pictures,
    found: Detections,
    matches: Matches,
    sure: np.ndarray,
    kind: Kind,
    image: int,
    label: int,
) -> Doubt | None:
    """What speaks against a label; None where each sure detection beside it is of another label.

    cleanlab asks a neighbour's detection as well, so in a crowd it would doubt whatever is missed.
    """
    boxes, class_id = found.boxes, pictures.labels.class_id[label]
    labelled = pictures.labelled[image, boxes.class_id]
    mine = np.flatnonzero((boxes.image == image) & labelled & ~matches.right[:, 0])
    other = boxes.class_id[mine] != class_id
    mine = mine[(other if kind == "label_swapped" else ~other) & (sure[mine] >= LIKELY)]
    if not len(mine):
        return None
    ious = pairwise_iou(boxes.corners[mine], pictures.labels.corners[label][None])[:, 0]
    best = int(np.argmax(ious))
    fits = ious[best] >= RIGHT if kind == "label_swapped" else 0 < ious[best] < RIGHT
    if not fits:
        return None
    row = int(mine[best])
    return Doubt(
        kind,
        image,
        pictures.names[class_id],
        label,
        pictures.names[boxes.class_id[row]],
        float(found.confidence[row]),
        tuple(boxes.corners[row].tolist()),
        float(ious[best]),
    )


def as_decisions(doubts: Sequence[Doubt], pictures: Pictures, samples: Samples) -> pd.DataFrame:
    """Rows of ``decisions``: action 'review', nothing removed.

    `pictures` are all or a part of `samples`. ``value`` is the class found, its confidence, and
    where: x1 y1 x2 y2 in shares of the image.
    """
    images = samples.images.set_index("image_id")
    labels = samples.labels[samples.labels.image_id.isin(set(pictures.ids))]
    rows = labels.row.tolist()
    ids = [pictures.ids[doubt.image] for doubt in doubts]
    return frame_of(
        {
            "image_id": ids,
            "stage": [STAGE] * len(doubts),
            "rule": [doubt.kind for doubt in doubts],
            "action": ["review"] * len(doubts),
            "file": images.label_file.reindex(ids).fillna(images.file.reindex(ids)).tolist(),
            "row": [None if doubt.label is None else rows[doubt.label] for doubt in doubts],
            "value": [
                f"{doubt.found_as} {doubt.confidence:.2f} at "
                + " ".join(f"{share:.4f}" for share in doubt.corners)
                for doubt in doubts
            ],
        },
        DECISIONS_SCHEMA,
    )
