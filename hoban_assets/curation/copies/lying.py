"""How pictures may lie on each other, as their corners say: a turn, a scale and a shift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hoban_assets.curation.copies.sketch import CELLS, CORNERS, COUNT, LEVELS, SIDE, Sketches
from hoban_assets.curation.copies.turns import AFTER, INVERSE, TURNS, turned_points

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
_AT_ONCE = 64  # pairs whose corners are compared at a time: what they take stays in the cache


class Lying(NamedTuple):
    """Turn a picture, then ``x' = scale * x + shift`` on each axis (picture = 0 to 1)."""

    turn: int
    scale: tuple[float, float] = (1.0, 1.0)
    shift: tuple[float, float] = (0.0, 0.0)


class Lyings(NamedTuple):
    """How m pictures lie on others; a turn of -1 where that is not known."""

    turn: np.ndarray
    """int8 [m]"""
    scale: np.ndarray
    """float64 [m, 2]"""
    shift: np.ndarray
    """float64 [m, 2]"""

    @classmethod
    def as_wholes(cls, turn: np.ndarray) -> Lyings:
        """Turned, and laid on the other as a whole."""
        return cls(turn, np.ones((len(turn), 2)), np.zeros((len(turn), 2)))

    @property
    def known(self) -> np.ndarray:
        """Whether each is known: bool [m]."""
        return self.turn >= 0

    def only(self, these: np.ndarray | slice) -> Lyings:
        """Some of them."""
        return Lyings(*(side[these] for side in self))

    def each(self) -> Iterator[Lying]:
        """One by one."""
        for turn, scale, shift in zip(*(side.tolist() for side in self), strict=True):
            yield Lying(turn, tuple(scale), tuple(shift))


class _Matches(NamedTuple):
    """Corners of m pairs that look alike and ask for the pair's turn, best first; padded."""

    turn: np.ndarray  # int [m]
    many: np.ndarray  # int [m]: how many are none of the padding
    mine: np.ndarray  # float32 [m, _MOST, 2]: where they are in the turned picture, pixels
    theirs: np.ndarray  # the same in the other picture


def lying(sketches: Sketches, i: np.ndarray, j: np.ndarray) -> Lyings:
    """How each picture of `i` lies on that of `j`, as far as their corners say.

    Nothing is drawn by chance: every two of the best corners make a proposal, and the one with
    most corners behind it is fitted to them by least squares.
    """
    result = Lyings.as_wholes(np.full(len(i), -1, np.int8))
    for start in range(0, len(i), _AT_ONCE):
        matches = _matches(sketches, i[start : start + _AT_ONCE], j[start : start + _AT_ONCE])
        enough = np.flatnonzero(matches.many >= LEAST)
        fitted, scale, shift = _fitted(_Matches(*(side[enough] for side in matches)))
        these = start + enough[fitted]
        result.turn[these] = matches.turn[enough[fitted]]
        result.scale[these], result.shift[these] = scale[fitted], shift[fitted] / SIDE
    return result


def _matches(sketches: Sketches, i: np.ndarray, j: np.ndarray) -> _Matches:
    """Corners that are each other's most alike one."""
    alike = _correlations(sketches.corners[i], sketches.corners[j])
    rows, columns = np.arange(len(i))[:, None], np.arange(COUNT)
    best = alike.argmax(axis=2)
    value = alike[rows, columns, best]
    mutual = (value >= alike.max(axis=1)[rows, best]) & (value >= ALIKE * 127 * 127)
    turns = AFTER[sketches.turns[i], INVERSE[sketches.turns[j][rows, best]]]
    votes = np.stack([((turns == turn) & mutual).sum(axis=1) for turn in TURNS], axis=1)
    turn = votes.argmax(axis=1)
    value[~(mutual & (turns == turn[:, None]))] = -1
    order = np.argsort(-value, axis=1, kind="stable")[:, :_MOST]
    mine = sketches.places[i][rows, order].astype(np.float32)
    for each in TURNS:
        these = turn == each
        mine[these] = turned_points(mine[these], each, SIDE - 1)
    theirs = sketches.places[j][rows, best[rows, order]].astype(np.float32)
    return _Matches(turn, np.minimum(votes.max(axis=1), _MOST), mine + 0.5, theirs + 0.5)


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Products of all corners (int8 [m, COUNT, CELLS]) of pictures: float32 [m, COUNT, COUNT].

    Level by level: the threads of a BLAS, which it starts for larger products, wait for each
    other longer than these take.
    """
    m, levels = len(one), len(LEVELS)
    a = one.astype(np.float32).reshape(m, levels, 1, CORNERS, CELLS)
    b = other.astype(np.float32).reshape(m, 1, levels, CORNERS, CELLS)
    return (a @ b.swapaxes(-1, -2)).swapaxes(2, 3).reshape(m, COUNT, COUNT)


def _fitted(matches: _Matches) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scale and shift on which most corners agree: ``theirs = scale * mine + shift``.

    Returns:
        Whether there is one (bool [m]), scales and shifts (float64 [m, 2], pixels).
    """
    a, b = matches.mine, matches.theirs
    known = np.arange(_MOST) < matches.many[:, None]
    one, two = np.triu_indices(_SEEDS, 1)
    gap_a, gap_b = a[:, two] - a[:, one], b[:, two] - b[:, one]
    length_a, length_b = np.hypot(*gap_a.T).T, np.hypot(*gap_b.T).T
    scales = length_b / np.maximum(length_a, 1)
    fits = (length_a >= _FAR) & (scales >= SCALES[0]) & (scales <= SCALES[1]) & known[:, two]
    shifts = b[:, one] - scales[:, :, None] * a[:, one]
    agree = known[:, None, :]
    for axis in (0, 1):
        off = scales[:, :, None] * a[:, None, :, axis] + shifts[:, :, None, axis]
        agree = agree & (np.abs(off - b[:, None, :, axis]) <= 2 * INLIER)
    best = np.where(fits, agree.sum(axis=2), -1).argmax(axis=1)
    rows = np.arange(len(a))
    scale = np.repeat(scales[rows, best][:, None], 2, axis=1).astype(np.float64)
    shift = shifts[rows, best].astype(np.float64)
    good = fits.any(axis=1)
    for limit in (2 * INLIER, INLIER, INLIER):
        off = np.abs(scale[:, None] * a + shift[:, None] - b)
        close = ((off <= limit).all(axis=2) & known).astype(np.float64)
        count = close.sum(axis=1)
        good &= count >= LEAST
        share = (close / np.maximum(count, 1)[:, None])[:, :, None]
        centre_a, centre_b = (share * a).sum(axis=1), (share * b).sum(axis=1)
        from_a, from_b = a - centre_a[:, None], b - centre_b[:, None]
        spread = (share * from_a**2).sum(axis=1)
        slope = (share * from_a * from_b).sum(axis=1) / np.maximum(spread, 1)
        scale = np.where(spread > _SPREAD, slope, scale)
        shift = centre_b - scale * centre_a
    good &= ((scale >= SCALES[0]) & (scale <= SCALES[1])).all(axis=1)
    return good, scale, shift
