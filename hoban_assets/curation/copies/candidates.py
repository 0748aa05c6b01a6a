"""Which pairs of sketches are worth a proof: few of all, and nearly every pair of copies.

Two searches, as each misses what the other finds. *Wholes*: the low frequencies of the pictures
in all eight turns, a blocked product; finds copies that show the whole picture, also of pictures
without corners. *Crops* (see `crops`): corners that look and lie alike. Of either an
image keeps its best few only, so a fixed camera of n frames costs n, not n squared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from hoban_assets.curation.copies.crops import crops
from hoban_assets.curation.copies.hits import HIT, best_of_each
from hoban_assets.curation.copies.lying import Lyings
from hoban_assets.curation.copies.rough import may_fit
from hoban_assets.curation.copies.sketch import SMALL, Sketches
from hoban_assets.curation.copies.turns import INVERSE, TURNS, turned

Progress = Callable[[int, int], None]

WHOLE = 0.9
"""Cosine of the low frequencies from which two pictures may show the same whole."""
BEST = 6
"""Candidates that the search for wholes keeps of an image."""
_FREQUENCIES = 8
_BLOCK = 2048
_CHUNK = 4096


class Candidates(NamedTuple):
    """Pairs i < j to prove (int32), sorted."""

    i: np.ndarray
    j: np.ndarray
    turn: np.ndarray
    """int8: the turn after which `i` as a whole looks like `j`; -1 where none does."""


def candidates(
    sketches: Sketches, progress: Progress | None = None, workers: int = 1
) -> Candidates:
    """Find the pairs that are worth a proof. Depends on the order of the images only in ties."""
    whole = whole_pictures(sketches.small, progress)
    corner = crops(sketches, workers)
    i, j = np.concatenate([whole[0], corner["i"]]), np.concatenate([whole[1], corner["j"]])
    places, where = np.unique(i.astype(np.int64) * len(sketches.small) + j, return_inverse=True)
    turn = np.full(len(places), -1, np.int8)
    turn[where[: len(whole[0])]] = whole[2]
    pairs = np.divmod(places, len(sketches.small))
    return Candidates(pairs[0].astype(np.int32), pairs[1].astype(np.int32), turn)


def whole_pictures(
    small: np.ndarray, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs i < j of grey pictures (uint8 [n, SMALL, SMALL]) alike as wholes, and turns of i."""
    plain = _frequencies(small, 0)
    inverse = [_frequencies(small, int(INVERSE[turn])) for turn in TURNS]
    n = len(small)
    kept: list[np.ndarray] = []
    for top in range(0, n, _BLOCK):
        strip: list[np.ndarray] = []
        for left in range(top, n, _BLOCK):
            strip.extend(_block(plain, inverse, top, left))
        kept = [best_of_each(np.concatenate([*kept, *strip]), BEST)] if strip else kept
        if progress:
            progress(min(top + _BLOCK, n), n)
    rows = np.concatenate([np.empty(0, HIT), *kept])
    rows = rows[may_fit(small, rows["i"], rows["j"], Lyings.as_wholes(rows["turn"]))]
    return rows["i"], rows["j"], rows["turn"]


def _block(plain: np.ndarray, inverse: list[np.ndarray], top: int, left: int) -> list[np.ndarray]:
    """Hits of one block, of each pair the best turn; at most `BEST` a row and a column."""
    here = plain[top : top + _BLOCK]
    best = np.full((len(here), len(plain[left : left + _BLOCK])), -1, np.float32)
    which = np.zeros(best.shape, np.int8)
    for turn in TURNS:
        # turning i onto j is turning j back onto i
        product = here @ inverse[turn][left : left + _BLOCK].T
        if product.max() < WHOLE:
            continue
        better = product > best
        np.copyto(best, product, where=better)
        which[better] = turn
    hit = best >= WHOLE
    if left == top:
        hit = np.triu(hit, 1)
    i, j = np.nonzero(hit)
    if not len(i):
        return []
    found = np.empty(len(i), HIT)
    found["i"], found["j"], found["score"] = i + top, j + left, best[i, j]
    found["turn"] = which[i, j]
    return [best_of_each(found, BEST)]


def _frequencies(small: np.ndarray, turn: int) -> np.ndarray:
    """Low frequencies of the turned pictures: float32 rows of length 1 (0: flat pictures).

    Of equalised greys, as brightness, contrast and clipped whites then change little.
    Weighted by their frequency: natural pictures have less of the high ones, and what tells
    pictures apart is there.
    """
    basis = cv2.dct(np.eye(SMALL, dtype=np.float32), flags=cv2.DCT_ROWS).T[:_FREQUENCIES]
    row, column = np.mgrid[:_FREQUENCIES, :_FREQUENCIES]
    weight = np.hypot(row, column).astype(np.float32)
    result = np.empty((len(small), _FREQUENCIES**2), np.float32)
    for start in range(0, len(small), _CHUNK):
        equal = np.stack([cv2.equalizeHist(one) for one in small[start : start + _CHUNK]])
        part = turned(equal, turn).astype(np.float32)
        values = (basis @ part @ basis.T * weight).reshape(len(part), -1)
        length = np.linalg.norm(values, axis=1, keepdims=True)
        result[start : start + _CHUNK] = values / np.maximum(length, SMALL)
    return result
