"""Choose a class's limits where it is labelled completely, by F-beta (arXiv 2210.10221).

The bands are made with each limit that comes into question, and the best one stays: first
`confirmed`, then `box` beside it, then `ignore`. So what is chosen is right for boxes as they are
made, cross-check and merging included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hoban_assets.curation.completion.bands import Labelled, part
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.curation.completion.verdicts import BOX, IGNORE
from hoban_assets.curation.completion.voting import Candidates
from hoban_assets.curation.packed_boxes import pairwise_iou

FOUND_IOU = 0.5
BOX_BETA, IGNORE_BETA = 0.5, 2.0
"""A box must be right (precision counts more), an ignore region must leave nothing out."""
SCORES = (0.06, 0.08, 0.1, 0.12, *(round(0.05 * k, 2) for k in range(3, 20)))
"""Limits that are tried."""
LEAST = 50
"""Labels of a class below which nothing is chosen."""
MOST = 1_000
"""Images that are looked at, the first ones: more would take minutes and change little."""


@dataclass(frozen=True)
class Looked:
    """One class on an image that labels it completely."""

    found: Candidates
    labelled: Labelled
    truth: np.ndarray
    """float64 [m, 4]: all its labels."""


@dataclass(frozen=True)
class Chosen:
    """Limits that were chosen, and what they do where that was done."""

    limits: Limits
    objects: int
    """Labels of the class."""
    images: int
    precision: float
    """Of boxes."""
    recall: float


def hits(score: np.ndarray, corners: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Match boxes with labels [m, 4] one to one, the highest score first, at `FOUND_IOU`.

    Returns:
        For each label the box that found it, or -1: int64 [m].
    """
    by = np.full(len(truth), -1)
    if len(truth):
        alike = pairwise_iou(corners, truth)
        for index in np.argsort(-score, kind="stable").tolist():
            best = int(np.argmax(np.where(by >= 0, -1.0, alike[index])))
            if by[best] < 0 and alike[index, best] >= FOUND_IOU:
                by[best] = index
    return by


def choose(
    name: str, looked: Sequence[Looked], declared: Limits, *, least: int = LEAST
) -> Chosen | None:
    """Choose the limits of class `name`; `declared` stays where nothing speaks for another one.

    Returns:
        None where there are fewer than `least` labels, or nothing was found.
    """
    looked = looked[:MOST]
    objects = sum(len(each.truth) for each in looked)
    if objects < least or not any(len(each.found.score) for each in looked):
        return None

    def value(beta: float, *bands: str) -> Callable[[Limits], float]:
        return lambda limits: _f_beta(*_counts(name, looked, limits, bands), objects, beta)

    lowest = SCORES[0]
    limits = Limits(1.0, lowest, declared.confirmed)
    tried = [replace(limits, confirmed=score) for score in SCORES]
    values = [value(BOX_BETA, BOX)(each) for each in tried]
    if max(values) > min(values):  # else the cross-check cannot be asked here
        limits = tried[int(np.argmax(values))]
    above = [s for s in SCORES if s >= limits.confirmed]
    limits = max((replace(limits, box=s) for s in above), key=value(BOX_BETA, BOX))
    below = [s for s in SCORES if s <= limits.box]
    limits = max((replace(limits, ignore=s) for s in below), key=value(IGNORE_BETA, BOX, IGNORE))
    right, boxes = _counts(name, looked, limits, (BOX,))
    return Chosen(limits, objects, len(looked), right / max(boxes, 1), right / objects)


def _counts(
    name: str, looked: Sequence[Looked], limits: Limits, bands: tuple[str, ...]
) -> tuple[int, int]:
    """Right ones among the candidates of these bands, and how many they are."""
    right = count = 0
    for each in looked:
        mine = np.isin(part(name, each.found, each.labelled, limits).band, bands)
        by = hits(each.found.score[mine], each.found.corners[mine], each.truth)
        right, count = right + int((by >= 0).sum()), count + int(mine.sum())
    return right, count


def _f_beta(right: int, found: int, objects: int, beta: float) -> float:
    return (1 + beta**2) * right / max(beta**2 * objects + found, 1)
