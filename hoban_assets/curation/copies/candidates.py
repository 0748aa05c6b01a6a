"""Which pairs of sketches are worth a proof: few of all, and nearly every pair of copies.

Two searches, as each misses what the other finds. *Wholes*: the low frequencies of the pictures
in all eight turns, a blocked product; finds copies that show the whole picture, also of pictures
without corners. *Corners*: corners that look alike, sorted so that alike ones stand side by
side; finds crops. Of either an image keeps its best few only, so a fixed camera of n frames
costs n, not n squared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from hoban_assets.curation.copies.sketch import (
    CELLS,
    CORNERS,
    LEVELS,
    SIDE,
    SMALL,
    Sketches,
)
from hoban_assets.curation.copies.turns import AFTER, INVERSE, TURNS, turned

Progress = Callable[[int, int], None]

WHOLE = 0.9
"""Cosine of the low frequencies from which two pictures may show the same whole."""
BEST = 6
"""Candidates that the search for wholes keeps of an image."""
BEST_CROPS = 16
"""The same of the search for corners: a crop of one frame of a camera looks like all of them."""
VOTES = 5
"""Alike corners, by one and the same turn, from which a crop is looked for."""
_FREQUENCIES = 8
_BLOCK = 2048
_TABLES = 4
_BITS = 24
_PREFIX = 12  # bits of the key that two alike corners share at least
_BESIDE = 20  # places in the sorted corners that are compared
_STRONGEST = 16  # corners of each level that vote
_STAYED = 4  # pixels up to which a corner lies in the same place, whatever the turn
_ROUGH, _ROUGH_WORST = 0.5, 0.1  # as in proof.py
_ROUGH_NOISE = 0.04  # of the variance, as in proof.py
_CHUNK = 4096


class Candidates(NamedTuple):
    """Pairs i < j to prove (int32), sorted."""

    i: np.ndarray
    j: np.ndarray
    turn: np.ndarray
    """int8: the turn after which `i` as a whole looks like `j`; -1 where none does."""


def candidates(sketches: Sketches, progress: Progress | None = None) -> Candidates:
    """Find the pairs that are worth a proof. Depends on the order of the images only in ties."""
    whole = _wholes(sketches.small, progress)
    corner = _corners(sketches)
    i, j = (np.concatenate(side) for side in zip(whole[:2], corner, strict=True))
    places, where = np.unique(i.astype(np.int64) * len(sketches.small) + j, return_inverse=True)
    turn = np.full(len(places), -1, np.int8)
    turn[where[: len(whole[0])]] = whole[2]
    pairs = np.divmod(places, len(sketches.small))
    return Candidates(pairs[0].astype(np.int32), pairs[1].astype(np.int32), turn)


def _wholes(
    small: np.ndarray, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    plain = _frequencies(small, 0)
    inverse = [_frequencies(small, int(INVERSE[turn])) for turn in TURNS]
    n = len(small)
    kept: list[np.ndarray] = []
    for top in range(0, n, _BLOCK):
        strip: list[np.ndarray] = []
        for left in range(top, n, _BLOCK):
            strip.extend(_block(plain, inverse, top, left))
        kept = [_best(np.concatenate([*kept, *strip]))] if strip else kept
        if progress:
            progress(min(top + _BLOCK, n), n)
    rows = np.concatenate([np.empty(0, _HIT), *kept])
    rows = rows[_fit_roughly(small, rows)]
    return rows["i"], rows["j"], rows["turn"]


def _fit_roughly(small: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Whether most parts of the turned picture look like those of the other: bool [hits].

    What `proof` does, without aligning and in a few large windows, for thousands of pairs at
    once: of a fixed camera's frames, in which somebody moved, most go here.
    """
    half = SMALL // 2
    coarse = small.reshape(len(small), half, 2, half, 2).mean(axis=(2, 4), dtype=np.float32)
    coarse -= coarse.mean(axis=(1, 2), keepdims=True)
    coarse /= np.maximum(coarse.std(axis=(1, 2), keepdims=True), 1.0)
    fits = np.zeros(len(hits), bool)
    for turn in TURNS:
        mine = np.flatnonzero(hits["turn"] == turn)
        for start in range(0, len(mine), _CHUNK):
            part = mine[start : start + _CHUNK]
            a = turned(coarse[hits["i"][part]], turn)
            b = coarse[hits["j"][part]]
            mean_a, mean_b = _windows(a), _windows(b)
            spread = _windows(a * a) - mean_a**2 + _windows(b * b) - mean_b**2
            common = _windows(a * b) - mean_a * mean_b
            values = (2 * common + _ROUGH_NOISE) / (spread + _ROUGH_NOISE)
            worst = int(values.shape[1] * _ROUGH_WORST)
            fits[part] = np.partition(values, worst, axis=1)[:, worst] >= _ROUGH
    return fits


def _windows(pictures: np.ndarray) -> np.ndarray:
    """Means over windows of 8 x 8 in steps of 4: [n, windows]."""
    n, side = len(pictures), pictures.shape[1] // 4
    cells = pictures.reshape(n, side, 4, side, 4).mean(axis=(2, 4))
    rows = cells[:, :-1] + cells[:, 1:]
    return ((rows[:, :, :-1] + rows[:, :, 1:]) / 4).reshape(n, -1)


_HIT = np.dtype([("i", "i4"), ("j", "i4"), ("score", "f4"), ("turn", "i1")])


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
    found = np.empty(len(i), _HIT)
    found["i"], found["j"], found["score"] = i + top, j + left, best[i, j]
    found["turn"] = which[i, j]
    return [_best(found)]


def _best(hits: np.ndarray, most: int = BEST) -> np.ndarray:
    """Hits that are among the `most` best ones of either image."""
    keep = np.zeros(len(hits), bool)
    for side in ("i", "j"):
        order = np.lexsort((hits["j"], hits["i"], -hits["score"], hits[side]))
        image = hits[side][order]
        start = np.flatnonzero(np.r_[True, image[1:] != image[:-1]])
        place = np.arange(len(image)) - np.repeat(start, np.diff(np.r_[start, len(image)]))
        keep[order[place < most]] = True
    return hits[keep]


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


def _corners(sketches: Sketches) -> tuple[np.ndarray, np.ndarray]:
    n = len(sketches.corners)
    voters = np.concatenate(
        [level * CORNERS + np.arange(_STRONGEST) for level in range(len(LEVELS))]
    )
    image = np.repeat(np.arange(n, dtype=np.int64), len(voters))
    where = _wherever_turned(sketches.places[:, voters])
    planes = np.random.default_rng(0).standard_normal((_TABLES, CELLS, _BITS)).astype(np.float32)
    codes, votes = np.empty(0, np.int64), np.empty(0, np.int32)
    for table in range(_TABLES):
        key = np.empty(len(image), np.int64)
        for start in range(0, n, _CHUNK):
            part = sketches.corners[start : start + _CHUNK, voters].reshape(-1, CELLS)
            bits = part.astype(np.float32) @ planes[table] > 0
            values = bits @ (1 << np.arange(_BITS)[::-1])
            values[~part.any(axis=1)] = -1
            key[start * len(voters) : start * len(voters) + len(values)] = values
        more = _neighbours(key, image, sketches.turns[:, voters].ravel(), where, n)
        codes, votes = _added(codes, votes, more)
    hit = votes >= VOTES
    codes, votes = codes[hit] // len(TURNS), votes[hit]
    order = np.lexsort((-votes, codes))
    codes, votes = codes[order], votes[order]
    first = np.r_[True, codes[1:] != codes[:-1]][: len(codes)]  # of each pair its best turn
    found = np.empty(int(first.sum()), _HIT)
    found["i"], found["j"] = np.divmod(codes[first], n)
    found["score"], found["turn"] = votes[first], -1
    found = _best(found, BEST_CROPS)
    return found["i"], found["j"]


def _wherever_turned(places: np.ndarray) -> np.ndarray:
    """Distances of corners from the middle, the longer first: the same after any turn.

    int16 [n * corners, 3], the third is the level far apart from the others.
    """
    off = np.abs(places.astype(np.int16) * 2 - (SIDE - 1)) // 2
    level = np.broadcast_to(np.arange(off.shape[1]) // _STRONGEST * SIDE, off.shape[:2])
    parts = [off.max(axis=2), off.min(axis=2), level]
    return np.stack(parts, axis=-1).astype(np.int16).reshape(-1, 3)


def _neighbours(
    key: np.ndarray, image: np.ndarray, turns: np.ndarray, where: np.ndarray, n: int
) -> np.ndarray:
    """Corners side by side in the order of keys: codes ``(i * n + j) * 8 + turn``, i < j.

    `turn` is the one that brings the corner of image i onto that of j.
    """
    order = np.argsort(key, kind="stable")
    order = order[key[order] >= 0]
    key, image, where = key[order] >> (_BITS - _PREFIX), image[order], where[order]
    turns = turns[order]
    found = []
    for step in range(1, _BESIDE + 1):
        a, b = image[:-step], image[step:]
        alike = np.flatnonzero((key[:-step] == key[step:]) & (a != b))
        moved = np.abs(where[alike] - where[alike + step]).max(axis=1) > _STAYED
        alike = alike[moved]
        swap = a[alike] > b[alike]
        first, second = np.where(swap, alike + step, alike), np.where(swap, alike, alike + step)
        turn = AFTER[turns[first], INVERSE[turns[second]]]
        found.append((image[first] * n + image[second]) * len(TURNS) + turn)
    return np.concatenate(found)


def _added(codes: np.ndarray, votes: np.ndarray, more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add one vote for each code in `more`."""
    new, count = np.unique(more, return_counts=True)
    together, where = np.unique(np.concatenate([codes, new]), return_inverse=True)
    summed = np.zeros(len(together), np.int32)
    summed[where[: len(codes)]] += votes
    summed[where[len(codes) :]] += count.astype(np.int32)
    return together, summed
