"""What a detector takes for what, at the confidence of its use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from hoban_assets.classes import BACKGROUND
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.matches import judgeable, starts_of
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.workers.yolo_matching import pairwise_iou, share_inside

OVERLAP = 0.45
"""IoU from which a detection belongs to a label, whatever its class (Ultralytics' matrix)."""
NONE = -1


@dataclass(frozen=True)
class Encounter:
    """A label and the detection that took it; a miss has no detection, a false alarm no label."""

    image: int
    label: int = NONE
    """Position among the labels of the pictures."""
    detection: int = NONE
    """Position among the detections."""


def encounters(
    pictures: Pictures, found: Detections, confidence: Mapping[str, float]
) -> Iterator[Encounter]:
    """Yield what met what, label-aware, image by image.

    Surest first, each detection takes the free label that it overlaps most. What cannot be judged
    is left out (`matches.judgeable`), and so is what lies by half in an ignore region of its class.
    """
    boxes, labels = found.boxes, pictures.labels
    limits = np.array([confidence[name] for name in pictures.names])
    used = (found.confidence >= limits[boxes.class_id]) & judgeable(pictures, found)
    judged = pictures.labelled[labels.image, labels.class_id]
    of_boxes, of_labels = (starts_of(each, len(pictures)) for each in (boxes, labels))
    for image in range(len(pictures)):
        mine = np.arange(of_boxes[image], of_boxes[image + 1])
        mine = mine[used[mine]]
        mine = mine[np.argsort(-found.confidence[mine], kind="stable")]
        truth = np.arange(of_labels[image], of_labels[image + 1])
        truth = truth[judged[truth]]
        ious = pairwise_iou(boxes.corners[mine], labels.corners[truth])
        free = np.ones(len(truth), bool)
        for row, detection in enumerate(mine.tolist()):
            open_to = np.where(free, ious[row], 0.0)
            if len(truth) and open_to.max() >= OVERLAP:
                taken = int(open_to.argmax())
                free[taken] = False
                yield Encounter(image, int(truth[taken]), detection)
            elif not _is_spared(
                pictures, image, boxes.class_id[detection], boxes.corners[detection]
            ):
                yield Encounter(image, detection=detection)
        for label in truth[free].tolist():
            yield Encounter(image, label)


def confusions(
    pictures: Pictures, found: Detections, confidence: Mapping[str, float]
) -> dict[tuple[str, str], int]:
    """Count `encounters` as (label, detection) over classes, 'background' for none."""
    background = len(pictures.names)
    matrix = np.zeros((background + 1, background + 1), np.int64)
    for each in encounters(pictures, found, confidence):
        row = background if each.label == NONE else pictures.labels.class_id[each.label]
        column = background if each.detection == NONE else found.boxes.class_id[each.detection]
        matrix[row, column] += 1
    called = [*pictures.names, BACKGROUND]
    return {
        (called[row], called[column]): int(matrix[row, column])
        for row in range(background + 1)
        for column in range(background + 1)
        if matrix[row, column]
    }


def _is_spared(pictures: Pictures, image: int, class_id: int, corners: np.ndarray) -> bool:
    regions = pictures.regions
    mine = (regions.image == image) & (regions.class_id == class_id)
    inside = share_inside(corners[None], regions.corners[mine])
    return bool(inside.max(initial=0.0) >= 0.5)
