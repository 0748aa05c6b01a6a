"""Which detections are right, wrong, or not to be counted, and the average precision: as COCO does.

The rules of COCO's evaluation (Lin et al. 2014; ``cocoeval.py`` of cocodataset/cocoapi), where an
ignore region is a box with ``iscrowd``:

- Detections of a class are taken by falling confidence. At each IoU threshold each takes the free
  label that it covers best, if it does so by the threshold.
- One that finds none, and has at least the share *threshold* of its own area inside an ignore
  region, is neither right nor wrong at that threshold. So a detection that is right at 0.5 and no
  more at 0.75 is left out at 0.75 where a region covers it by three quarters; and a region absorbs
  any number of detections.
- AP is the mean of the precision (made to fall only) at 101 values of recall.

Ultralytics differs in two points: it hands out labels by IoU and not by confidence, and takes AP
as the area below straight lines between those 101 values. On the same matches its AP is 0 to 0.01
away (a perfect detector has 0.995), so figures of the two are not to be compared digit by digit.
"""

from __future__ import annotations

import numpy as np

IOUS = np.linspace(0.5, 0.95, 10)
"""Thresholds; AP50 is of the first, AP50-95 the mean of all."""
SAME_PLACE = 0.5
"""IoU from which on a box speaks of the object that a label of another class encloses: in the
evaluation, and where labels are completed (`curation.completion.bands`)."""
RECALLS = np.linspace(0, 1, 101)


def matched(
    ious: np.ndarray, shares: np.ndarray, confidence: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Match the detections of one class on one image.

    Args:
        ious: [detections, labels], IoU of each pair.
        shares: [detections, regions], share of a detection's area inside an ignore region.
        confidence: [detections].

    Returns:
        right, ignored: bool [detections, 10], at each of `IOUS`. None is both.
    """
    right = np.zeros((len(ious), len(IOUS)), bool)
    if ious.size:
        free = np.ones((len(IOUS), ious.shape[1]), bool)
        hopeful = np.flatnonzero((ious >= IOUS[0]).any(axis=1))
        for index in hopeful[np.argsort(-confidence[hopeful], kind="stable")]:
            open_to = free & (ious[index][None, :] >= IOUS[:, None])
            # Of equal IoUs COCO takes the last.
            best = ious.shape[1] - 1 - np.argmax((open_to * ious[index])[:, ::-1], axis=1)
            found = open_to.any(axis=1)
            right[index] = found
            free[np.flatnonzero(found), best[found]] = False
    inside = shares.max(axis=1, initial=0.0)[:, None] >= IOUS
    return right, inside & ~right


def ruled_out(
    corners: np.ndarray,
    classes: np.ndarray,
    labels: np.ndarray,
    truth: np.ndarray,
    excludes: np.ndarray,
) -> np.ndarray:
    """Tell which detections of one image say of a labelled object what it certainly is not.

    So they are wrong whatever classes the photograph's source labels, as the mask of a training
    has it. Not one that a label of its own class is beside as well.

    Args:
        corners: [detections, 4], x1 y1 x2 y2.
        classes: int [detections].
        labels: [labels, 4].
        truth: int [labels], their classes.
        excludes: bool [classes, classes]: class of a label (row), class that its object is not.

    Returns:
        bool [detections].
    """
    near = pairwise_iou(corners, labels) >= SAME_PLACE
    own = classes[:, None] == truth
    excluded: np.ndarray = (near & excludes[truth][:, classes].T).any(axis=1)
    return excluded & ~(near & own).any(axis=1)


def average_precision(
    right: np.ndarray, ignored: np.ndarray, confidence: np.ndarray, labels: int
) -> np.ndarray:
    """AP of one class at each of `IOUS`: float64 [10].

    Args:
        right: bool [detections, 10], over all images, in the order of images.
        ignored: bool [detections, 10].
        confidence: [detections].
        labels: how many there are; 0 gives 0 throughout.
    """
    result = np.zeros(len(IOUS))
    if not labels or not len(confidence):
        return result
    order = np.argsort(-confidence, kind="stable")
    for level in range(len(IOUS)):
        counted = order[~ignored[order, level]]
        if not len(counted):
            continue
        hits = np.cumsum(right[counted, level])
        recall, precision = hits / labels, hits / np.arange(1, len(counted) + 1)
        falling = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        result[level] = falling[np.searchsorted(recall, RECALLS, side="left")].mean()
    return result


def pairwise_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """IoU of boxes x1 y1 x2 y2: (n, 4) and (m, 4) -> (n, m)."""
    common = _common_area(first, second)
    areas = [(b[:, 2:] - b[:, :2]).prod(axis=1) for b in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - common
    return common / np.maximum(union, 1e-9)


def share_inside(boxes: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Share of each box's area inside each region; (n, 4) and (m, 4) as x1 y1 x2 y2 -> (n, m)."""
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return _common_area(boxes, regions) / np.maximum(area, 1e-9)[:, None]


def _common_area(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    area: np.ndarray = np.clip(high - low, 0, None).prod(axis=2)
    return area
