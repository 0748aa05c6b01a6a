"""Intervals of figures: groups of images are drawn again with replacement, never single images.

Frames of one camera are right or wrong together, so an interval over images would be too narrow
(cluster bootstrap: Field and Welsh 2007, J. R. Statist. Soc. B 69). Percentile intervals of
`RESAMPLES` draws with a fixed seed: the same pictures give the same interval, and two models that
are compared are drawn together (`paired`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hoban_assets.evaluation.figures import View
from hoban_assets.workers.yolo_matching import RECALLS

RESAMPLES = 500
LEVEL = 0.95
FEWEST_GROUPS = 5
"""Below it there is no interval: five groups can be drawn in 126 ways only."""
_AT_ONCE = 8_000_000
"""Elements of the largest array."""


@dataclass(frozen=True)
class Interval:
    """Middle 95 % of the draws."""

    low: float
    high: float


def draws(groups: np.ndarray, images: np.ndarray | None = None) -> np.ndarray | None:
    """How often each image is drawn: [RESAMPLES, images] float32; 0 outside `images`.

    None where there are fewer than `FEWEST_GROUPS` groups.
    """
    kept = np.ones(len(groups), bool) if images is None else images
    names, number = np.unique(groups[kept], return_inverse=True)
    if len(names) < FEWEST_GROUPS:
        return None
    rng = np.random.default_rng(0)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
    weights = np.zeros((RESAMPLES, len(groups)), np.float32)
    weights[:, kept] = times[:, number]
    return weights


def interval(values: np.ndarray) -> Interval | None:
    """Interval of drawn values; None where more than half of the draws had none."""
    usable = values[~np.isnan(values)]
    if len(usable) < len(values) / 2:
        return None
    low, high = np.quantile(usable, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def drawn_average_precisions(seen: View, weights: np.ndarray) -> np.ndarray:
    """AP of each draw at each IoU threshold: [draws, 10]; nan where a draw has no label."""
    labels = weights @ seen.labels.astype(np.float32)
    result = np.zeros((len(weights), seen.right.shape[1]))
    for level in range(seen.right.shape[1]):
        counted = np.flatnonzero(~seen.ignored[:, level])
        hits = np.flatnonzero(seen.right[counted, level])
        if len(hits):
            counted = counted[: hits[-1] + 1]  # what comes after the last hit changes nothing
            right = seen.right[counted, level].astype(np.float32)
            block = max(1, _AT_ONCE // len(counted))
            for start in range(0, len(weights), block):
                part = slice(start, start + block)
                drawn = weights[part][:, seen.image[counted]]
                result[part, level] = _average(drawn, right, labels[part])
    result[labels == 0] = np.nan
    return result


def _average(drawn: np.ndarray, right: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """AP of draws [b, d] of detections, the surest first."""
    hits = np.cumsum(drawn * right, axis=1, dtype=np.float64)
    precision = hits / np.maximum(np.cumsum(drawn, axis=1, dtype=np.float64), 1)
    falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    falling = np.concatenate([falling, np.zeros((len(drawn), 1))], axis=1)
    # Recall in whole labels, so that no rounding of a share decides.
    wanted = RECALLS[None, :] * labels[:, None] - 1e-9
    values = np.empty(len(drawn))
    for row in range(len(drawn)):
        values[row] = falling[row, np.searchsorted(hits[row], wanted[row], side="left")].mean()
    return values
