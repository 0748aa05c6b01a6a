"""Detections compared with labels: the one place where right, wrong and not counted are decided.

Rules of COCO (`workers/yolo_matching.py`). Two views of the same detections: label-aware, where a
class counts only on images whose source labels it and ignore regions absorb; and stock, where all
that is not labelled is background, as Ultralytics' own validation has it. Label-aware, a detection
of what a label of another class rules out (`classes.rules_out`) is wrong on any image: a `person`
in the place of a labelled `fallen`, as a masked training has it.

Size bands: labels of other sizes are no labels then, what is found on them does not count, nor do
wrong detections of another size (COCO's area ranges). The size is the side of a square of the
same area, in pixels, once the image is scaled to `size` on its long side (`reporting.sizes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hoban_assets.classes import rules_out
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.pictures import Boxes, Pictures
from hoban_assets.workers.yolo_matching import (
    IOUS,
    matched,
    pairwise_iou,
    ruled_out,
    share_inside,
)

BANDS = ("small", "medium", "large")
LIMITS = (0.0, 32.0, 96.0, np.inf)
"""Sides in pixels between which the bands lie: those of COCO."""


@dataclass(frozen=True)
class Matches:
    """Detections of all images with what they are. D detections, in the order of images."""

    names: tuple[str, ...]
    image: np.ndarray
    class_id: np.ndarray
    confidence: np.ndarray
    known: np.ndarray
    """[D] bool: see `judgeable`."""
    right: np.ndarray
    """[D, 10] bool, at each of `IOUS`."""
    ignored: np.ndarray
    """[D, 10] bool: in an ignore region. None is both."""
    band: np.ndarray
    """[D] 0, 1, 2: size band of the detection."""
    beside: np.ndarray
    """[D, 10] int8: band of the label that it covers, -1 where it covers none."""
    labels: np.ndarray
    """[images, classes] labels."""
    band_labels: np.ndarray
    """[3, images, classes] labels of each size band."""
    labelled: np.ndarray
    """[images, classes] bool."""


def sides(boxes: Boxes, sizes: np.ndarray, size: int) -> np.ndarray:
    """Side in pixels of each box: sqrt of its area where the image's long side is `size`."""
    width_height = sizes[boxes.image].astype(float)
    scale = size / np.maximum(width_height.max(axis=1), 1)
    extent = (boxes.corners[:, 2:] - boxes.corners[:, :2]) * width_height * scale[:, None]
    side: np.ndarray = np.sqrt(np.maximum(extent, 0).prod(axis=1))
    return side


def bands_of(boxes: Boxes, sizes: np.ndarray, size: int) -> np.ndarray:
    """Size band of each box, 0 to 2."""
    return np.digitize(sides(boxes, sizes, size), LIMITS[1:-1])


def match(pictures: Pictures, found: Detections, size: int) -> Matches:
    """Hold detections against the labels of all pictures; `size`: pixels of the network's input."""
    count, classes = len(pictures), len(pictures.names)
    boxes = found.boxes
    right = np.zeros((len(found), len(IOUS)), bool)
    ignored = right.copy()
    beside = np.full(right.shape, -1, np.int8)
    label_bands = bands_of(pictures.labels, pictures.sizes, size)
    starts = [starts_of(each, count) for each in (boxes, pictures.labels, pictures.regions)]
    for image in range(count):
        mine, labels, regions = (np.arange(s[image], s[image + 1]) for s in starts)
        for class_id in np.unique(boxes.class_id[mine]):
            of_class = mine[boxes.class_id[mine] == class_id]
            truth = labels[pictures.labels.class_id[labels] == class_id]
            spared = regions[pictures.regions.class_id[regions] == class_id]
            corners = boxes.corners[of_class]
            ious = pairwise_iou(corners, pictures.labels.corners[truth])
            right[of_class], ignored[of_class] = matched(
                ious,
                share_inside(corners, pictures.regions.corners[spared]),
                found.confidence[of_class],
            )
            if len(truth):
                best = ious.argmax(axis=1)
                covers = ious.max(axis=1)[:, None] >= IOUS
                beside[of_class] = np.where(covers, label_bands[truth[best]][:, None], -1)
    return Matches(
        pictures.names,
        boxes.image,
        boxes.class_id,
        found.confidence,
        judgeable(pictures, found),
        right,
        ignored,
        bands_of(boxes, pictures.sizes, size),
        beside,
        _counted(pictures.labels, count, classes),
        np.array(
            [
                _counted(pictures.labels.some(label_bands == band), count, classes)
                for band in range(len(BANDS))
            ]
        ),
        pictures.labelled,
    )


def judgeable(pictures: Pictures, found: Detections) -> np.ndarray:
    """Tell of each detection whether it can be right or wrong: bool [D].

    It can where the image's source labels the class, and where a label rules it out.
    """
    boxes, labels = found.boxes, pictures.labels
    known: np.ndarray = pictures.labelled[boxes.image, boxes.class_id]
    excludes = np.array(
        [[rules_out(one, other) for other in pictures.names] for one in pictures.names]
    )
    of_boxes, of_labels = (starts_of(each, len(pictures)) for each in (boxes, labels))
    for image in np.unique(boxes.image[~known]).tolist():
        mine = np.arange(of_boxes[image], of_boxes[image + 1])
        truth = np.arange(of_labels[image], of_labels[image + 1])
        known[mine] |= ruled_out(
            boxes.corners[mine],
            boxes.class_id[mine],
            labels.corners[truth],
            labels.class_id[truth],
            excludes,
        )
    return known


def starts_of(boxes: Boxes, images: int) -> np.ndarray:
    """Where the boxes of each image begin: [images + 1]; boxes are in the order of images."""
    if any(a > b for a, b in pairwise(boxes.image.tolist())):
        raise ValueError("boxes are not in the order of images")
    return np.searchsorted(boxes.image, np.arange(images + 1))


def _counted(boxes: Boxes, images: int, classes: int) -> np.ndarray:
    counts = np.zeros((images, classes), np.int64)
    np.add.at(counts, (boxes.image, boxes.class_id), 1)
    return counts
