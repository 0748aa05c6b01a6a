"""Figures of one class on some images: average precision, precision, recall, a good confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hoban_assets.evaluation.matches import Matches
from hoban_assets.workers.yolo_matching import average_precision

USUAL_CONFIDENCE = 0.25
"""Where no confidence was chosen: Ultralytics' default for predictions."""


@dataclass(frozen=True)
class View:
    """Detections of one class on the images of a slice, the surest first."""

    image: np.ndarray
    """[d] position of the image among all."""
    confidence: np.ndarray
    right: np.ndarray
    """[d, 10] bool."""
    ignored: np.ndarray
    """[d, 10] bool."""
    labels: np.ndarray
    """[images] labels of the class on each image; 0 outside the slice."""
    images: int
    """Images of the slice whose source labels the class (stock: all of them)."""


def view(
    matches: Matches,
    class_id: int,
    *,
    label_aware: bool = True,
    images: np.ndarray | None = None,
    band: int | None = None,
) -> View:
    """Take one class of `matches`, of the images where `images` ([images] bool) holds.

    `band`: only labels of this size band count (see `matches`).
    """
    of_slice = np.ones(len(matches.labels), bool) if images is None else images
    judged = of_slice & matches.labelled[:, class_id] if label_aware else of_slice
    known = matches.known if label_aware else np.ones(len(matches.known), bool)
    mine = np.flatnonzero((matches.class_id == class_id) & of_slice[matches.image] & known)
    mine = mine[np.argsort(-matches.confidence[mine], kind="stable")]
    right = matches.right[mine]
    ignored = matches.ignored[mine] if label_aware else np.zeros_like(right)
    counts = matches.labels[:, class_id]
    if band is not None:
        beside = matches.beside[mine]
        right = right & (beside == band)
        elsewhere = (beside >= 0) & (beside != band)
        other_size = (beside < 0) & (matches.band[mine] != band)[:, None]
        ignored = (ignored | elsewhere | other_size) & ~right
        counts = matches.band_labels[band][:, class_id]
    return View(
        matches.image[mine],
        matches.confidence[mine],
        right,
        ignored,
        np.where(judged, counts, 0),
        int(judged.sum()),
    )


def average_precisions(seen: View) -> np.ndarray:
    """AP as COCO takes it, at each of the ten IoU thresholds: [10]."""
    return average_precision(seen.right, seen.ignored, seen.confidence, int(seen.labels.sum()))


def stock_average_precisions(seen: View) -> np.ndarray:
    """AP as Ultralytics 8.4 takes it (``utils.metrics.compute_ap``), nothing ignored: [10].

    The area below straight lines between 101 values of recall, with a last point at precision 0.
    """
    labels, found = int(seen.labels.sum()), len(seen.confidence)
    if not labels or not found:
        return np.zeros(seen.right.shape[1])
    hits = np.cumsum(seen.right, axis=0)
    at = np.linspace(0, 1, 101)
    areas = []
    for level in range(hits.shape[1]):
        recall = hits[:, level] / (labels + 1e-16)
        precision = hits[:, level] / np.arange(1, found + 1)
        across = np.concatenate(([0.0], recall, [recall[-1], 1.0]))
        falling = np.concatenate(([1.0], precision, [0.0, 0.0]))
        falling = np.maximum.accumulate(falling[::-1])[::-1]
        areas.append(np.trapezoid(np.interp(at, across, falling), at))
    return np.array(areas)


def counts_at(seen: View, confidence: float) -> np.ndarray:
    """Per image at IoU 0.5, detections from `confidence` on: [images, 3] right, wrong, labels."""
    sure = seen.confidence >= confidence
    right = sure & seen.right[:, 0]
    wrong = sure & ~seen.right[:, 0] & ~seen.ignored[:, 0]
    images = len(seen.labels)
    return np.stack(
        [
            np.bincount(seen.image[right], minlength=images),
            np.bincount(seen.image[wrong], minlength=images),
            seen.labels,
        ],
        axis=1,
    )


def precision_recall(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall of counts [..., 3]; nan where nothing was found, or nothing is there."""
    right, wrong, labels = (counts[..., i].astype(float) for i in range(3))
    with np.errstate(invalid="ignore", divide="ignore"):
        return right / (right + wrong), right / labels


def best_confidence(seen: View) -> float | None:
    """Confidence with the highest F1 at IoU 0.5, half way to the next detection below.

    None where the class has no label, or nothing right is found.
    """
    counted = ~seen.ignored[:, 0]
    confidence, right = seen.confidence[counted], seen.right[counted, 0]
    labels = int(seen.labels.sum())
    if not labels or not right.any():
        return None
    hits = np.cumsum(right)
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + labels)
    # Detections of one confidence come or go together, so a step is only between two values.
    ends = np.append(confidence[1:] < confidence[:-1], True)
    best = int(np.argmax(np.where(ends, f1, -1)))
    below = confidence[best + 1] if best + 1 < len(confidence) else 0.0
    return float((confidence[best] + below) / 2)
