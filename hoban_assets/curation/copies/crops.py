"""Which pairs of sketches may be crops of each other: corners that look alike and lie alike.

Corners are sorted by short random codes of their looks (locality-sensitive hashing, Charikar
2002), so that alike ones stand side by side. Two pictures are worth a proof where enough corners
ask for one turn, and of those enough for roughly one scale and place (a Hough transform, as in
Lowe 2004, section 7.3): corners that are alike by chance do not.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from hoban_assets.curation.copies.hits import HIT, best_of_each
from hoban_assets.curation.copies.sketch import CELLS, CORNERS, LEVELS, SIDE, Sketches
from hoban_assets.curation.copies.turns import AFTER, INVERSE, TURNS, turned_points

BEST = 32
"""Candidates that are kept of an image: a crop of one frame of a camera looks like all of them."""
VOTES = 5
"""Alike corners, by one and the same turn, from which a crop is looked for."""
AGREE = 5
"""Corners that must then say roughly the same of scale and place."""
_TABLES = 4
_BITS = 24
_PREFIX = 12  # bits of the key that two alike corners share at least
_BESIDE = 20  # places in the sorted corners that are compared
_STRONGEST = 16  # corners of each level that vote
_STAYED = 4  # pixels up to which a corner lies in the same place, whatever the turn
_IMAGES = 512  # whose corners are compared at a time: bounds the memory
_THREADS = 4  # at most: numpy sorts large arrays without the interpreter, and each takes memory
_CHUNK = 4096
_STEP = 32  # pixels; shifts are counted in overlapping squares of twice this side
_SHIFTS = 64  # squares along a side, more than there can be

_VOTERS = np.concatenate([level * CORNERS + np.arange(_STRONGEST) for level in range(len(LEVELS))])


class _Table(NamedTuple):
    """Corners in the order of one code. Corner c belongs to image ``c // len(_VOTERS)``."""

    order: np.ndarray
    """int32: the corners, those without looks left out."""
    prefix: np.ndarray
    """int16: the first bits of the code, in that order."""
    rank: np.ndarray
    """int32 [corners]: where each corner stands; -1 where it has no looks."""


class _Corners(NamedTuple):
    """The corners that vote, in the order of the images."""

    places: np.ndarray
    turns: np.ndarray
    level: np.ndarray
    where: np.ndarray
    tables: list[_Table]


def crops(sketches: Sketches, workers: int = 1) -> np.ndarray:
    """Find pairs worth a proof: `HIT` rows, without the turn."""
    n = len(sketches.corners)
    corners = _sorted(sketches)
    found = np.empty(0, HIT)

    def compare(start: int) -> np.ndarray:
        return _of_images(corners, n, start, min(start + _IMAGES, n))

    with ThreadPoolExecutor(min(max(1, workers), _THREADS)) as pool:
        for here in pool.map(compare, range(0, n, _IMAGES)):
            found = best_of_each(np.concatenate([found, here]), BEST)
    return found


def _sorted(sketches: Sketches) -> _Corners:
    n = len(sketches.corners)
    places = sketches.places[:, _VOTERS]
    planes = np.random.default_rng(0).standard_normal((CELLS, _TABLES * _BITS)).astype(np.float32)
    weights = 1 << np.arange(_BITS, dtype=np.int32)[::-1]
    key = np.empty((_TABLES, n * len(_VOTERS)), np.int32)
    for start in range(0, n, _CHUNK):
        part = sketches.corners[start : start + _CHUNK, _VOTERS].reshape(-1, CELLS)
        bits = (part.astype(np.float32) @ planes > 0).reshape(len(part), _TABLES, _BITS)
        values = bits @ weights
        values[~part.any(axis=1)] = -1
        key[:, start * len(_VOTERS) : start * len(_VOTERS) + len(part)] = values.T
    level = np.tile(np.repeat(np.arange(len(LEVELS), dtype=np.int8), _STRONGEST), n)
    return _Corners(
        places.reshape(-1, 2),
        sketches.turns[:, _VOTERS].ravel(),
        level,
        _wherever_turned(places),
        [_table(one) for one in key],
    )


def _table(key: np.ndarray) -> _Table:
    order = np.argsort(key, kind="stable").astype(np.int32)
    order = order[int((key < 0).sum()) :]
    rank = np.full(len(key), -1, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return _Table(order, (key[order] >> (_BITS - _PREFIX)).astype(np.int16), rank)


def _wherever_turned(places: np.ndarray) -> np.ndarray:
    """Distances of corners from the middle, the longer first: the same after any turn.

    int16 [n * corners, 3], the third is the level far apart from the others.
    """
    off = np.abs(places.astype(np.int16) * 2 - (SIDE - 1)) // 2
    level = np.broadcast_to(np.arange(off.shape[1]) // _STRONGEST * SIDE, off.shape[:2])
    parts = [off.max(axis=2), off.min(axis=2), level]
    return np.stack(parts, axis=-1).astype(np.int16).reshape(-1, 3)


def _of_images(corners: _Corners, n: int, start: int, end: int) -> np.ndarray:
    """Hits of which `i` is one of these images."""
    one, other = _alike(corners, start * len(_VOTERS), end * len(_VOTERS))
    turn = AFTER[corners.turns[one], INVERSE[corners.turns[other]]]
    code = (one // len(_VOTERS)).astype(np.int64) * n + other // len(_VOTERS)
    code = code * len(TURNS) + turn
    _, place, votes = np.unique(code, return_inverse=True, return_counts=True)
    many = votes[place] >= VOTES
    one, other, code = one[many], other[many], code[many]
    same = np.unique(one.astype(np.int64) * len(corners.turns) + other, return_index=True)[1]
    codes, pair = np.unique(code[same], return_inverse=True)
    agree = _agreeing(corners, one[same], other[same], code[same] % len(TURNS), pair)
    hits = np.empty(len(codes), HIT)
    hits["i"], hits["j"] = np.divmod(codes // len(TURNS), n)
    hits["score"], hits["turn"] = agree, -1
    hits = hits[agree >= AGREE]
    order = np.lexsort((-hits["score"], hits["j"], hits["i"]))
    hits = hits[order]
    first = np.ones(len(hits), bool)  # of each pair its best turn
    first[1:] = (np.diff(hits["i"]) != 0) | (np.diff(hits["j"]) != 0)
    return hits[first]


def _alike(corners: _Corners, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners `start` to `end`, and beside each those of later images that look alike."""
    ones, others = [], []
    mine = np.arange(start, end, dtype=np.int32)
    for table in corners.tables:
        ranks = table.rank[mine]
        known = mine[ranks >= 0]
        ranks = ranks[ranks >= 0]
        for step in (*range(-_BESIDE, 0), *range(1, _BESIDE + 1)):
            beside = ranks + step
            inside = np.flatnonzero((beside >= 0) & (beside < len(table.order)))
            inside = inside[table.prefix[ranks[inside]] == table.prefix[beside[inside]]]
            one, other = known[inside], table.order[beside[inside]]
            later = other // len(_VOTERS) > one // len(_VOTERS)
            one, other = one[later], other[later]
            moved = np.abs(corners.where[one] - corners.where[other]).max(axis=1) > _STAYED
            ones.append(one[moved])
            others.append(other[moved])
    return np.concatenate(ones), np.concatenate(others)


def _agreeing(
    corners: _Corners, one: np.ndarray, other: np.ndarray, turn: np.ndarray, pair: np.ndarray
) -> np.ndarray:
    """How many corners of each pair ask for roughly the same scale and shift: int [pairs].

    The level of a corner says its size, so two corners say a scale and, with it, a shift of the
    middle. Each counts for two scales and four squares of shifts, as it is rough.
    """
    middle = (SIDE - 1) / 2
    mine = np.empty((len(one), 2), np.float32)
    for each in TURNS:
        these = turn == each
        mine[these] = turned_points(corners.places[one[these]].astype(np.float32), each, SIDE - 1)
    grow = corners.level[other].astype(np.int64) - corners.level[one]
    scale = (LEVELS[0] / LEVELS[1]) ** grow[:, None]
    shift = corners.places[other] - middle - scale * (mine - middle)
    square = np.floor(shift / _STEP).astype(np.int64) + _SHIFTS // 2
    most = np.zeros(int(pair.max(initial=-1)) + 1, np.int64)
    scales = 2 * len(LEVELS)
    cell = ((pair * scales + grow + len(LEVELS)) * _SHIFTS + square[:, 0]) * _SHIFTS + square[:, 1]
    around = [(s * _SHIFTS + x) * _SHIFTS + y for s in (0, 1) for x in (0, 1) for y in (0, 1)]
    cells, votes = np.unique(np.concatenate([cell - off for off in around]), return_counts=True)
    np.maximum.at(most, cells // (scales * _SHIFTS * _SHIFTS), votes)
    return most
