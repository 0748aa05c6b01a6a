"""The eight flips and quarter turns of a square, as numbers 0 to 7.

Turn ``4 * t + 2 * v + h`` first mirrors a picture at its diagonal (t), then turns it upside down
(v), then mirrors it left to right (h). Every combination of flips and quarter turns is one of
the eight.
"""

from __future__ import annotations

import numpy as np

TURNS = range(8)


def turned(pictures: np.ndarray, turn: int) -> np.ndarray:
    """Turn pictures by their last two axes [..., rows, columns]. A view, not a copy."""
    if turn & 4:
        pictures = pictures.swapaxes(-1, -2)
    if turn & 2:
        pictures = pictures[..., ::-1, :]
    return pictures[..., ::-1] if turn & 1 else pictures


def turned_points(points: np.ndarray, turn: int, side: float) -> np.ndarray:
    """Turn points [..., (x, y)] of a square whose coordinates run from 0 to `side`."""
    x, y = points[..., 0], points[..., 1]
    if turn & 4:
        x, y = y, x
    if turn & 2:
        y = side - y
    return np.stack([side - x if turn & 1 else x, y], axis=-1)


def _which(picture: np.ndarray) -> int:
    plain = np.arange(4).reshape(2, 2)
    return next(turn for turn in TURNS if (turned(plain, turn) == picture).all())


_PLAIN = np.arange(4).reshape(2, 2)
AFTER = np.array(
    [[_which(turned(turned(_PLAIN, first), then)) for then in TURNS] for first in TURNS]
)
"""``AFTER[a, b]``: the one turn that does what turn `a` and then turn `b` do."""
INVERSE = np.array([int(np.flatnonzero(AFTER[turn] == 0)[0]) for turn in TURNS])
"""``INVERSE[a]``: the turn that takes turn `a` back."""
