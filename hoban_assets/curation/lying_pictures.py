"""How two pictures lie on each other: under which flips and turns, seen on small grey ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from hoban_assets.curation.packed_boxes import TURNS, turned_picture
from hoban_assets.curation.similarity import parts
from hoban_assets.curation.small_pictures import ALIGNED, standardised

Look: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""Small grey pictures (uint8 [m, side, side]) of the images at these positions (int [m])."""

Lying: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Flips and turns of images `i` that lay them on `j` (int [m]): bits of uint8 [m], never none."""

AS_WELL = 0.01
"""Flips and turns whose correlation is this near to the best lie on the other picture as well."""

SIDE = 32
"""Rows and columns: enough to see which side is up. 1 kB a picture, so that all may be kept."""

_AT_ONCE = 2048


class PicturesLying:
    """Says of pairs of pictures how they lie on each other (see `Lying`); reads each picture once.

    Those flips and turns whose correlation is within `AS_WELL` of the best, where the best is at
    least `ALIGNED`; else the picture as it is, as these are then two pictures.
    """

    def __init__(self, look: Look, images: int) -> None:
        """`look` shows the pictures of so many images."""
        self._look = look
        self._seen = np.zeros(images, bool)
        self._pictures = np.zeros((images, 0), np.uint8)
        self._turned = np.zeros((TURNS, 0), np.int64)

    def __call__(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """See `Lying`."""
        self._read(np.concatenate([i, j]))
        bits = np.ones(len(i), np.uint8)
        for part in parts(np.arange(len(i)), _AT_ONCE):
            alike = self._correlations(i[part], j[part])
            best = alike.max(axis=0)
            near = (alike >= best - AS_WELL) & (best >= ALIGNED)
            bits[part] = np.where(
                best >= ALIGNED, np.packbits(near, axis=0, bitorder="little")[0], 1
            )
        return bits

    def _read(self, positions: np.ndarray) -> None:
        new = np.unique(positions[~self._seen[positions]])
        for some in parts(new, _AT_ONCE):
            pictures = _shrunk(self._look(some))
            side = pictures.shape[1]
            if not self._pictures.shape[1]:
                self._pictures = np.zeros((len(self._seen), side * side), np.uint8)
                places = np.arange(side * side).reshape(side, side)
                self._turned = np.array([turned_picture(places, t).ravel() for t in range(TURNS)])
            self._pictures[some] = pictures.reshape(len(some), -1)
            self._seen[some] = True

    def _correlations(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """How well each flip or turn of `i` lies on `j`: float32 [TURNS, m]."""
        one, other = (standardised(self._pictures[k][:, None])[:, 0] for k in (i, j))
        return np.array(
            [np.einsum("ij,ij->i", one[:, places], other) for places in list(self._turned)],
            np.float32,
        ) / np.float32(one.shape[1])


def _shrunk(pictures: np.ndarray) -> np.ndarray:
    """Means of squares, so that `SIDE` rows and columns are left; smaller ones stay."""
    side = pictures.shape[1]
    if side <= SIDE or side % SIDE:
        return pictures
    many, step = len(pictures), side // SIDE
    squares = pictures.reshape(many, SIDE, step, SIDE, step).mean(axis=(2, 4), dtype=np.float32)
    return np.asarray(np.rint(squares), np.uint8)
