"""A quick look at whether pictures may show the same, for thousands of pairs at once.

What `proof` does, without aligning and in a few large windows: of a fixed camera's frames, in
which somebody moved, and of pictures whose corners agree by chance, most go here.
"""

from __future__ import annotations

import cv2
import numpy as np

from hoban_assets.curation.copies.lying import Lyings
from hoban_assets.curation.copies.sketch import SMALL
from hoban_assets.curation.copies.turns import TURNS, turned

ALIKE = 0.5
"""Agreement of windows (contrast times structure) below which no proof is tried."""
WORST = 0.1
"""Share of the windows that may be worse: clipped or badly aligned ones."""
NOISE = 0.04
"""Share of the variance that recompression may leave in a flat window."""
_SIDE = SMALL // 2  # pixels of the coarse pictures
_CELL = 4  # pixels of a cell; a window is two by two cells, in steps of one
_CHUNK = 256  # pairs at a time: what they take stays in the cache


def may_fit(small: np.ndarray, i: np.ndarray, j: np.ndarray, laid: Lyings) -> np.ndarray:
    """Whether pictures `i`, laid on pictures `j`, look like them where both show: bool [m].

    Args:
        small: uint8 [n, SMALL, SMALL].
        i: positions of the pictures that are turned and laid, [m].
        j: positions of the others, [m].
        laid: how they lie.
    """
    fits = np.empty(len(i), bool)
    for start in range(0, len(i), _CHUNK):
        part = slice(start, start + _CHUNK)
        fits[part] = _fit(_coarse(small[i[part]]), _coarse(small[j[part]]), laid.only(part))
    return fits


def _fit(one: np.ndarray, other: np.ndarray, laid: Lyings) -> np.ndarray:
    for turn in TURNS[1:]:
        mine = laid.turn == turn
        one[mine] = turned(one[mine], turn)
    one, other, shown = _moved(one, other, laid.scale, laid.shift)
    a, b = _as_bright(one, shown), _as_bright(other, shown)
    mean_a, mean_b = _windows(a), _windows(b)
    spread = _windows(a * a) - mean_a**2 + _windows(b * b) - mean_b**2
    common = _windows(a * b) - mean_a * mean_b
    values = (2 * common + NOISE) / (spread + NOISE)
    judged = _windows(shown) > 0.999
    values[~judged] = np.inf
    values.sort(axis=1)
    worst = (judged.sum(axis=1) * WORST).astype(int)
    return judged.any(axis=1) & (values[np.arange(len(values)), worst] >= ALIKE)


def _coarse(small: np.ndarray) -> np.ndarray:
    rows = small[:, ::2].astype(np.float32) + small[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) / 4


def _moved(
    one: np.ndarray, other: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One of each pair laid on the other, the other, and where both show (0 or 1)."""
    scale, shift = scale.copy(), shift * _SIDE
    larger = scale.prod(axis=1) > 1  # make the larger one smaller, not the other way round
    one[larger], other[larger] = other[larger], one[larger]
    shift[larger] /= -scale[larger]
    scale[larger] = 1 / scale[larger]
    matrix = np.zeros((len(one), 2, 3))
    matrix[:, [0, 1], [0, 1]] = scale
    matrix[:, :, 2] = (scale - 1) / 2 + shift
    moved = one.copy()
    for place in np.flatnonzero((scale != 1).any(axis=1) | (shift != 0).any(axis=1)).tolist():
        cv2.warpAffine(
            one[place],
            matrix[place],
            (_SIDE, _SIDE),
            dst=moved[place],
            borderMode=cv2.BORDER_REPLICATE,
        )
    pixels = np.arange(_SIDE) + 0.5
    low, high = shift[:, :, None] + 0.5, (shift + scale * _SIDE)[:, :, None] - 0.5
    inside = (pixels >= low) & (pixels <= high)
    shown = inside[:, 1, :, None] & inside[:, 0, None, :]
    return moved, other, shown.astype(np.float32)


def _as_bright(pictures: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """What is shown, with mean 0 and spread 1."""
    share = shown / np.maximum(shown.sum(axis=(1, 2), keepdims=True), 1)
    result = pictures - (pictures * share).sum(axis=(1, 2), keepdims=True)
    spread = np.sqrt((result * result * share).sum(axis=(1, 2), keepdims=True))
    return result / np.maximum(spread, 1.0)


def _windows(pictures: np.ndarray) -> np.ndarray:
    """Means over windows: [m, windows]."""
    n, side = len(pictures), pictures.shape[1] // _CELL
    strips = pictures.reshape(n, side, _CELL, -1).sum(axis=2)
    cells = strips.reshape(n, side, side, _CELL).sum(axis=3) / (2 * _CELL) ** 2
    rows = cells[:, :-1] + cells[:, 1:]
    return (rows[:, :, :-1] + rows[:, :, 1:]).reshape(n, -1)
