"""From sketches to the graph of copies: candidates, a proof of each, and whole families.

The result depends on the set of sketches alone: not on their order, on processes, or on chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import xxhash
from scipy import sparse

from hoban_assets.curation.connected import connected
from hoban_assets.curation.copies.candidates import Candidates, candidates
from hoban_assets.curation.copies.processes import spread
from hoban_assets.curation.copies.proving import FLOOR, Task, best_proofs
from hoban_assets.curation.copies.sketch import unpacked
from hoban_assets.curation.copies.turns import INVERSE, TURNS, turned
from hoban_assets.curation.packed_boxes import turned_picture
from hoban_assets.curation.similarity import BLOCK, LISTED_DECIMALS, Pairs

FAMILY = 0.75
"""Pictures joined at this similarity are one family, of which all pairs are proved."""
LARGEST_FAMILY = 64
"""Larger families are a camera that looks at nothing happening: only candidates are proved."""
FEW = 2_000
"""Candidates up to which other processes would take longer to start than to prove."""
PAIRS = 256
"""Candidates that are proved at a time."""
_SQUARE = np.arange(4).reshape(2, 2)
_AS_BOXES = np.array(
    [
        next(t for t in TURNS if (turned_picture(_SQUARE, t) == turned(_SQUARE, turn)).all())
        for turn in TURNS
    ]
)
"""``_AS_BOXES[a]``: the number by which `packed_boxes.turned` knows turn `a` (it mirrors first)."""

Progress = Callable[[int, int], None]


class Copies(NamedTuple):
    """Proved pairs of different sketches: ``i < j`` (int32), similarity, turn of i onto j."""

    i: np.ndarray
    j: np.ndarray
    similarity: np.ndarray
    turn: np.ndarray


@dataclass(frozen=True)
class CopyGraph:
    """A `SimilarityGraph` of images of which several may have the same sketch.

    `node` [images] is the sketch of each image, `copies` are pairs of sketches. Images of one
    sketch are copies of each other at 1, and are not listed: thousands of black frames are one.
    """

    node: np.ndarray
    copies: Copies

    @property
    def size(self) -> int:
        """How many images."""
        return len(self.node)

    @property
    def floor(self) -> float:
        """Less similar pairs are not known."""
        return FLOOR

    def between(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """See `SimilarityGraph.between`."""
        if threshold < FLOOR:
            raise ValueError(f"copies are known from {FLOOR} on, not at {threshold}")
        for left in range(0, len(rows), BLOCK):
            here = np.asarray(rows[left : left + BLOCK])
            alike = self._graph[self.node[here]]
            if alike.nnz == 0:
                continue
            for top in range(0, len(columns), BLOCK):
                there = np.asarray(columns[top : top + BLOCK])
                found = (alike @ self._members(there)).tocoo()
                pairs = Pairs(
                    here[found.row].astype(np.int32),
                    there[found.col].astype(np.int32),
                    found.data.astype(np.float32),
                )
                high = np.round(pairs.similarity.astype(np.float64), LISTED_DECIMALS) >= threshold
                pairs = pairs.only(high & (pairs.i != pairs.j))
                if len(pairs.i):
                    yield pairs

    highest = between

    def similarity(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Similarity as proved; 1 for images of one sketch; 0 where nothing is proved."""
        found = np.asarray(self._graph[self.node[i], self.node[j]], np.float64).ravel()
        return np.round(found, LISTED_DECIMALS)

    def turns(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Say how pictures lie on each other, as proved; as they are where nothing is proved.

        Returns the bit of one turn of `packed_boxes.turned`, uint8 [m], which lays `i` on `j`.
        """
        found = np.asarray(self._turn[self.node[i], self.node[j]]).ravel()
        return np.left_shift(1, np.maximum(found.astype(int) - 1, 0)).astype(np.uint8)

    @cached_property
    def _turn(self) -> sparse.csr_array:
        """One more than the turn (of `packed_boxes.turned`) of sketches on each other."""
        c, count = self.copies, int(self.node.max(initial=-1)) + 1
        forth = c.turn.astype(int)
        back = INVERSE[forth]
        where = np.concatenate([c.i, c.j]), np.concatenate([c.j, c.i])
        data = _AS_BOXES[np.concatenate([forth, back])] + 1
        return sparse.csr_array((data, where), shape=(count, count))

    @cached_property
    def _graph(self) -> sparse.csr_array:
        """Similarity of sketches, with ones on the diagonal."""
        c, count = self.copies, int(self.node.max(initial=-1)) + 1
        own = np.arange(count)
        where = np.concatenate([c.i, c.j, own]), np.concatenate([c.j, c.i, own])
        data = np.concatenate([c.similarity, c.similarity, np.ones(count, np.float32)])
        return sparse.csr_array((data, where), shape=(count, count))

    def _members(self, images: np.ndarray) -> sparse.csr_array:
        ones = np.ones(len(images), np.float32)
        where = self.node[images], np.arange(len(images))
        return sparse.csr_array((ones, where), shape=(self._graph.shape[0], len(images)))


def copy_graph(rows: np.ndarray, workers: int = 1, progress: Progress | None = None) -> CopyGraph:
    """Find the copies among pictures.

    Args:
        rows: uint8 [n, LENGTH], sketches in any order.
        workers: processes, and threads where a search is one of large arrays.
        progress: called with (pairs proved, pairs).
    """
    names = np.array([xxhash.xxh3_128_hexdigest(row.tobytes()) for row in rows], dtype="U32")
    _, first, node = np.unique(names, return_index=True, return_inverse=True)
    return CopyGraph(node.astype(np.int64), find_copies(rows[first], workers, progress))


def find_copies(rows: np.ndarray, workers: int = 1, progress: Progress | None = None) -> Copies:
    """Prove the copies among different sketches, in a fixed order (see `copy_graph`)."""
    likely = candidates(unpacked(rows), workers=workers)
    proved = _proved(rows, likely, workers, progress)
    more = _within_families(len(rows), proved, likely)
    further = _proved(rows, more, workers, progress)
    both = Copies(*(np.concatenate(side) for side in zip(proved, further, strict=True)))
    order = np.lexsort((both.j, both.i))
    return Copies(*(side[order] for side in both))


def _proved(
    rows: np.ndarray, likely: Candidates, workers: int, progress: Progress | None
) -> Copies:
    total = len(likely.i)
    value, turn = np.zeros(total, np.float32), np.zeros(total, np.int8)
    starts = range(0, total, PAIRS)
    tasks = (_task(rows, likely, slice(start, start + PAIRS)) for start in starts)
    answers = spread(best_proofs, tasks, workers if total >= FEW else 1)
    for start, answer in zip(starts, answers, strict=True):
        value[start : start + PAIRS], turn[start : start + PAIRS] = answer
        if progress:
            progress(min(start + PAIRS, total), total)
    hit = value >= FLOOR
    return Copies(likely.i[hit], likely.j[hit], value[hit], turn[hit])


def _task(rows: np.ndarray, likely: Candidates, part: slice) -> Task:
    """Some candidates, with the sketches that they need and no others."""
    i, j, turn = (side[part] for side in likely)
    needed, place = np.unique(np.concatenate([i, j]), return_inverse=True)
    return rows[needed], Candidates(place[: len(i)], place[len(i) :], turn)


def _within_families(n: int, proved: Copies, tried: Candidates) -> Candidates:
    """Pairs of a family that were no candidates: of many copies of one picture all are found."""
    near = proved.similarity >= FAMILY
    label = connected(n, proved.i[near], proved.j[near])
    order = np.argsort(label, kind="stable")
    start = np.flatnonzero(np.r_[True, np.diff(label[order]) != 0]) if n else np.empty(0, int)
    known = set((tried.i.astype(np.int64) * n + tried.j).tolist())
    codes: list[int] = []
    for members in np.split(order, start[1:]):
        if 2 < len(members) <= LARGEST_FAMILY:
            one, two = np.triu_indices(len(members), 1)
            family = (members[one].astype(np.int64) * n + members[two]).tolist()
            codes.extend(code for code in family if code not in known)
    i, j = np.divmod(np.array(sorted(codes), np.int64), max(n, 1))
    return Candidates(i.astype(np.int32), j.astype(np.int32), np.full(len(i), -1, np.int8))
