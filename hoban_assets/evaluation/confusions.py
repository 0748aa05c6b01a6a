"""What a detector takes for what, at the confidence of its use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hoban_assets.classes import BACKGROUND
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.matches import starts_of
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.workers.yolo_matching import pairwise_iou, share_inside

OVERLAP = 0.45
"""IoU from which a detection belongs to a label, whatever its class (Ultralytics' matrix)."""


def confusions(
    pictures: Pictures, found: Detections, confidence: Mapping[str, float]
) -> dict[tuple[str, str], int]:
    """Count (label, detection) over classes, 'background' for none; label-aware.

    Surest first, each detection takes the free label that it overlaps most. What an image's source
    does not label is left out, and so is what lies by half in an ignore region of its class.
    """
    names, boxes = pictures.names, found.boxes
    limits = np.array([confidence[name] for name in names])
    background = len(names)
    matrix = np.zeros((background + 1, background + 1), np.int64)
    used = (found.confidence >= limits[boxes.class_id]) & pictures.labelled[
        boxes.image, boxes.class_id
    ]
    labels = pictures.labels
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
        for row, detection in enumerate(mine):
            class_id = boxes.class_id[detection]
            open_to = np.where(free, ious[row], 0.0)
            if len(truth) and open_to.max() >= OVERLAP:
                taken = int(open_to.argmax())
                free[taken] = False
                matrix[labels.class_id[truth[taken]], class_id] += 1
            elif not _is_spared(pictures, image, class_id, boxes.corners[detection]):
                matrix[background, class_id] += 1
        np.add.at(matrix, (labels.class_id[truth[free]], background), 1)
    called = [*names, BACKGROUND]
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
