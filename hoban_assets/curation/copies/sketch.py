"""What the engine keeps of a picture: a small grey copy, and its corners as they look.

Everything is taken from a square of `SIDE` pixels, to which the picture is stretched: then all
eight flips and quarter turns, and any scaling, are exact permutations of the same grid. A sketch
is one row of bytes, so it is kept by content hash like the features of other engines.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from hoban_assets.curation.copies.turns import TURNS, turned

SIDE = 256
"""Pixels of the square that corners are looked for in."""
SMALL = 64
"""Pixels of the small grey copy."""
LEVELS = tuple(round(SIDE / 1.2**level) for level in range(4))
"""Sides at which corners are looked for: a crop to 80 % of the sides enlarges by 1.25."""
CORNERS = 32
"""Corners kept of each level, the strongest."""
_APART = 6  # pixels between corners of one level
_GRID = np.arange(-7, 8, 2)  # a corner is 8 x 8 samples over 16 x 16 pixels
_REACH = 8
_CELLS = len(_GRID)
_QUALITY = 0.001
_FLAT = 2.0
CELLS = _CELLS * _CELLS
_NUMBERS = CELLS + 3  # samples, x, y, turn
COUNT = CORNERS * len(LEVELS)
LENGTH = SMALL * SMALL + COUNT * _NUMBERS
_SCALE = 127.0


class Sketches(NamedTuple):
    """Sketches of n pictures."""

    small: np.ndarray
    """uint8 [n, SMALL, SMALL]: the grey picture."""
    corners: np.ndarray
    """int8 [n, COUNT, CELLS]: how each corner looks, turned to a standard turn; 0 = no corner."""
    places: np.ndarray
    """uint8 [n, COUNT, 2]: x and y in the square of `SIDE` pixels."""
    turns: np.ndarray
    """uint8 [n, COUNT]: the turn that brought the corner to its standard turn."""


def sketch(grey: np.ndarray) -> np.ndarray:
    """Return the sketch of a grey picture (uint8 [rows, columns]): uint8 [LENGTH]."""
    square = cv2.resize(grey, (SIDE, SIDE), interpolation=_how(grey.shape))
    small = cv2.resize(square, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
    rows = np.zeros((COUNT, _NUMBERS), np.uint8)
    start = 0
    for side in LEVELS:
        level = square
        if side != SIDE:
            level = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)
        found = _corners(level)
        rows[start : start + len(found)] = found
        start += len(found)
    return np.concatenate([small.ravel(), rows.ravel()])


def unpacked(rows: np.ndarray) -> Sketches:
    """Return what rows of bytes (uint8 [n, LENGTH]) hold; views where possible."""
    n = len(rows)
    small = rows[:, : SMALL * SMALL].reshape(n, SMALL, SMALL)
    corners = rows[:, SMALL * SMALL :].reshape(n, COUNT, _NUMBERS)
    looks = corners[:, :, :CELLS].view(np.int8)
    return Sketches(small, looks, corners[:, :, CELLS : CELLS + 2], corners[:, :, CELLS + 2])


def _how(shape: tuple[int, ...]) -> int:
    return cv2.INTER_AREA if min(shape[:2]) >= SIDE else cv2.INTER_LINEAR


def _corners(level: np.ndarray) -> np.ndarray:
    """The strongest corners of one level: uint8 [m, _NUMBERS]."""
    smooth = cv2.GaussianBlur(level, (5, 5), 1.2)
    points = cv2.goodFeaturesToTrack(smooth, CORNERS * 2, _QUALITY, _APART, blockSize=5)
    if points is None:
        return np.empty((0, _NUMBERS), np.uint8)
    at = points.reshape(-1, 2).astype(int)
    side = len(level)
    inside = ((at >= _REACH) & (at < side - _REACH)).all(axis=1)
    at = at[inside][:CORNERS]
    rows = at[:, 1, None, None] + _GRID[None, :, None]
    columns = at[:, 0, None, None] + _GRID[None, None, :]
    patches = smooth[rows, columns].astype(np.float32)
    patches -= patches.mean(axis=(1, 2), keepdims=True)
    turns = _standard_turn(patches)
    looks = np.empty_like(patches)
    for turn in TURNS:
        mine = turns == turn
        looks[mine] = turned(patches[mine], turn)
    looks = looks.reshape(len(at), CELLS)
    length = np.linalg.norm(looks, axis=1, keepdims=True)
    looks = np.round(looks / np.maximum(length, _FLAT * _CELLS) * _SCALE).astype(np.int8)
    places = np.floor((at + 0.5) * (SIDE / side)).astype(np.uint8)
    return np.concatenate([looks.view(np.uint8), places, turns[:, None].astype(np.uint8)], axis=1)


def _standard_turn(patches: np.ndarray) -> np.ndarray:
    """The turn after which a patch is brighter to the right, less so below: int [m]."""
    x = patches.sum(axis=1) @ _GRID
    y = patches.sum(axis=2) @ _GRID
    swap = np.abs(y) > np.abs(x)
    x, y = np.where(swap, y, x), np.where(swap, x, y)
    return 4 * swap + 2 * (y < 0) + (x < 0)
