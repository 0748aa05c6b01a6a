"""How one picture may lie on another, as their corners say: a turn, a scale and a shift."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from hoban_assets.curation.copies.sketch import SIDE, Sketches
from hoban_assets.curation.copies.turns import AFTER, INVERSE, turned_points

ALIKE = 0.85
"""Correlation from which two corners may be the same one."""
LEAST = 6
"""Corners that must agree on how a picture lies; pictures of different things reach about 3."""
INLIER = 5.0
"""Pixels of the square by which a corner that agrees may be off."""
SCALES = (0.6, 1.67)
"""A crop to 80 % enlarges by 1.25; beyond these scales two pictures share too little."""
_MOST = 48  # corners that are looked at, best first
_SEEDS = 16  # corners of which each two propose a scale and a shift
_FAR = 24.0  # pixels that two corners must be apart to propose
_SPREAD = 64.0  # variance (square pixels) of corners from which they tell a scale


class Lying(NamedTuple):
    """Turn a picture, then ``x' = scale * x + shift`` on each axis (picture = 0 to 1)."""

    turn: int
    scale: tuple[float, float] = (1.0, 1.0)
    shift: tuple[float, float] = (0.0, 0.0)


def lying(sketches: Sketches, i: int, j: int) -> Lying | None:
    """How picture `i` lies on picture `j`; None where their corners do not say.

    Nothing is drawn by chance: every two of the best corners make a proposal, and the one with
    most corners behind it is fitted to them by least squares.
    """
    a = sketches.corners[i].astype(np.float32)
    b = sketches.corners[j].astype(np.float32)
    # Not `a @ b.T`: the threads of a BLAS wait for each other longer than so small a product takes.
    alike = cv2.gemm(a, b, 1, None, 0, flags=cv2.GEMM_2_T)
    best, back = alike.argmax(axis=1), alike.argmax(axis=0)
    rows = np.arange(len(best))
    value = alike[rows, best]
    hit = np.flatnonzero((back[best] == rows) & (value >= ALIKE * 127 * 127))
    if len(hit) < LEAST:
        return None
    hit = hit[np.argsort(-value[hit], kind="stable")]
    other = best[hit]
    turns = AFTER[sketches.turns[i][hit], INVERSE[sketches.turns[j][other]]]
    votes = np.bincount(turns, minlength=8)
    turn = int(votes.argmax())
    if votes[turn] < LEAST:
        return None
    these = np.flatnonzero(turns == turn)[:_MOST]
    mine = turned_points(sketches.places[i][hit[these]].astype(np.float32), turn, SIDE - 1)
    fitted = _fitted(mine + 0.5, sketches.places[j][other[these]].astype(np.float32) + 0.5)
    if fitted is None:
        return None
    scale, shift = fitted[0].tolist(), (fitted[1] / SIDE).tolist()
    return Lying(turn, (scale[0], scale[1]), (shift[0], shift[1]))


def _fitted(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Scale and shift (each [2]) on which most corners agree: ``b = scale * a + shift``."""
    one, two = np.triu_indices(min(len(a), _SEEDS), 1)
    gap_a, gap_b = a[two] - a[one], b[two] - b[one]
    length_a, length_b = np.hypot(*gap_a.T), np.hypot(*gap_b.T)
    scales = length_b / np.maximum(length_a, 1)
    fits = (length_a >= _FAR) & (scales >= SCALES[0]) & (scales <= SCALES[1])
    if not fits.any():
        return None
    one, scales = one[fits], scales[fits]
    shifts = b[one] - scales[:, None] * a[one]
    off = np.abs(scales[:, None, None] * a + shifts[:, None] - b).max(axis=2)
    agree = (off <= 2 * INLIER).sum(axis=1)
    best = int(agree.argmax())
    scale, shift = np.full(2, scales[best]), shifts[best].astype(np.float64)
    for limit in (2 * INLIER, INLIER, INLIER):
        close = (np.abs(scale * a + shift - b) <= limit).all(axis=1)
        if close.sum() < LEAST:
            return None
        x, y = a[close].astype(np.float64), b[close].astype(np.float64)
        centre_x, centre_y = x.mean(axis=0), y.mean(axis=0)
        spread = ((x - centre_x) ** 2).mean(axis=0)
        slope = ((x - centre_x) * (y - centre_y)).mean(axis=0) / np.maximum(spread, 1)
        scale = np.where(spread > _SPREAD, slope, scale)
        shift = centre_y - scale * centre_x
    inside = (scale >= SCALES[0]) & (scale <= SCALES[1])
    return (scale, shift) if inside.all() else None
