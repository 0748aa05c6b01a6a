"""What is read off a similarity graph: who is kept, what belongs together, and what is closest.

*Greedy* removal (`keep_best`) at the threshold of deletion, and *connected components* at a
looser one for the split. Chaining harms the first and is welcome in the second. All of it works
on blocks of pairs, so a group of n similar images costs time, and never n**2 of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from hoban_assets.curation.components import components, doubling
from hoban_assets.curation.similarity import (
    BLOCK,
    NEARLY,
    PairList,
    Pairs,
    SimilarityGraph,
    parts,
    within,
)

AT_ONCE = 1_000_000
"""Pairs of a list that are visited at a time: 100 MB as Python's numbers."""
FIRST = 64
"""So many images of a block are compared with each other before all the others are."""

Progress = Callable[[int, int], None]


def keep_best(
    graph: SimilarityGraph,
    order: np.ndarray,
    threshold: float,
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Greedy maximal independent set: visit in `order`, keep unless a kept one is similar.

    The kept images have no pair among themselves, and each removed one has a kept neighbour, its
    witness: the first in `order` of all it has. The result depends on pairs and order only, so
    what comes later in the order changes nothing before it. An image is compared with the kept
    ones alone, so that a dense group costs its length times what is kept of it.

    Args:
        graph: the similarity graph.
        order: permutation of ``range(graph.size)``, best first.
        threshold: from here on two images are similar.
        progress: called with (images visited, images).

    Returns:
        kept (bool [n]), witness (int64 [n], -1 for kept ones).

    Raises:
        ValueError: `order` is no permutation.
    """
    n = graph.size
    if len(order) != n or not np.array_equal(np.sort(order), np.arange(n)):
        raise ValueError("order must name every image once")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    if isinstance(graph, PairList):
        best = _visited(graph.at(threshold), rank)
    else:
        best = _compared(graph, np.asarray(order), rank, threshold, progress)
    is_kept = best == n
    return is_kept, np.where(is_kept, -1, np.append(order, -1)[best])


def _visited(pairs: Pairs, rank: np.ndarray) -> np.ndarray:
    """Rank of each image's witness, n: none, by one walk over the pairs in order of their ranks."""
    n, rank = len(rank), rank.astype(np.int32)
    ends = np.sort(np.stack([rank[pairs.i], rank[pairs.j]]), axis=0)
    best = [n] * n  # by rank: that of the witness
    for part in parts(np.lexsort((ends[1], ends[0])), AT_ONCE):
        for earlier, later in zip(*ends[:, part].tolist(), strict=True):
            if best[earlier] == n == best[later]:
                best[later] = earlier
    return np.array(best, np.int64)[rank]


def _compared(
    graph: SimilarityGraph,
    order: np.ndarray,
    rank: np.ndarray,
    threshold: float,
    progress: Progress | None,
) -> np.ndarray:
    """The same, where nothing is listed: block by block, each compared with the kept ones alone."""
    n = graph.size
    best = np.full(n, n)
    kept: list[np.ndarray] = []  # in order, a list for each block
    for top in range(0, n, BLOCK):
        block = order[top : top + BLOCK]
        for earlier in _filled(kept):
            block = block[best[block] == n]
            for pairs in graph.between(block, earlier, threshold):
                np.minimum.at(best, pairs.i, rank[pairs.j])
        block = block[best[block] == n]
        kept.append(_kept_of(graph, block, threshold, rank, best))
        if progress:
            progress(min(top + BLOCK, n), n)
    return best


def _filled(lists: list[np.ndarray]) -> list[np.ndarray]:
    """Put short lists together in place, so that as few blocks as possible are compared."""
    merged: list[np.ndarray] = []
    for part in lists:
        if merged and len(merged[-1]) + len(part) <= BLOCK:
            merged[-1] = np.concatenate([merged[-1], part])
        elif len(part):
            merged.append(part)
    lists[:] = merged
    return merged


def _kept_of(
    graph: SimilarityGraph,
    block: np.ndarray,
    threshold: float,
    rank: np.ndarray,
    best: np.ndarray,
) -> np.ndarray:
    """Visit the images of one block, which are in order; write the witnesses' ranks to `best`.

    In parts that double: of a dense group the first part is compared with itself, and the others
    with the few that it left.
    """
    n, kept = graph.size, block[:0]
    for start, stop in doubling(len(block), FIRST):
        part = block[start:stop]
        if len(kept):
            for pairs in graph.between(part, kept, threshold):
                np.minimum.at(best, pairs.i, rank[pairs.j])
            part = part[best[part] == n]
        kept = np.concatenate([kept, _kept_of_part(graph, part, threshold, rank, best)])
    return kept


def _kept_of_part(
    graph: SimilarityGraph,
    block: np.ndarray,
    threshold: float,
    rank: np.ndarray,
    best: np.ndarray,
) -> np.ndarray:
    n = graph.size
    place = np.zeros(n, np.int32)
    place[block] = np.arange(len(block), dtype=np.int32)
    matrix = np.zeros((len(block), len(block)), bool)
    for pairs in graph.between(block, block, threshold):
        matrix[place[pairs.i], place[pairs.j]] = True
    for row in np.flatnonzero(matrix.any(axis=1)):
        if best[block[row]] == n:  # it is kept; none of its undecided neighbours is
            neighbours = block[matrix[row]]
            neighbours = neighbours[(best[neighbours] == n) & (rank[neighbours] > rank[block[row]])]
            best[neighbours] = rank[block[row]]
    return block[best[block] == n]


def nearest_kept(
    graph: SimilarityGraph, kept: np.ndarray, order: np.ndarray, threshold: float
) -> np.ndarray:
    """Return for each image the most similar kept one before it in `order`: int64 [n], -1: none.

    Of those equally similar the first in order. `kept` is bool [n].
    """
    n = graph.size
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    nearest, most = np.full(n, -1, np.int64), np.full(n, -1.0)
    if isinstance(graph, PairList):
        for pairs in _either_way(graph.at(threshold)):
            earlier = kept[pairs.j] & (rank[pairs.j] < rank[pairs.i])
            _take_nearest(graph, pairs.only(earlier), rank, nearest, most)
        return nearest
    for top in range(0, n, BLOCK):
        strip, before = np.asarray(order[top : top + BLOCK]), np.asarray(order[:top])
        for pairs in graph.highest(strip, before[kept[before]], threshold):
            _take_nearest(graph, pairs, rank, nearest, most)
        for pairs in graph.between(strip, strip[kept[strip]], threshold):
            _take_nearest(graph, pairs.only(rank[pairs.j] < rank[pairs.i]), rank, nearest, most)
    return nearest


def _either_way(pairs: Pairs) -> Iterator[Pairs]:
    """Each pair once in either direction, in parts."""
    for part in parts(np.arange(len(pairs.i)), AT_ONCE):
        some = pairs.only(part)
        yield some
        yield Pairs(some.j, some.i, some.similarity)


def _take_nearest(
    graph: SimilarityGraph, pairs: Pairs, rank: np.ndarray, nearest: np.ndarray, most: np.ndarray
) -> None:
    """Update `nearest` and `most`; only pairs near the highest are computed exactly."""
    highest = most.astype(np.float32)
    np.maximum.at(highest, pairs.i, pairs.similarity)
    i, j, _ = pairs.only(pairs.similarity >= highest[pairs.i] - np.float32(NEARLY))
    exact = graph.similarity(i, j)
    order = np.lexsort((rank[j], -exact, i))
    i, j, exact = i[order], j[order], exact[order]
    first = np.ones(len(i), bool)
    first[1:] = i[1:] != i[:-1]
    i, j, exact = i[first], j[first], exact[first]
    old = np.where(nearest[i] >= 0, rank[nearest[i]], len(rank))
    better = (exact > most[i]) | ((exact == most[i]) & (rank[j] < old))
    nearest[i[better]], most[i[better]] = j[better], exact[better]


def closest(
    graph: SimilarityGraph, rows: np.ndarray, columns: np.ndarray, threshold: float
) -> float:
    """Highest similarity of an image of `rows` to one of `columns`; 0 where below `threshold`."""
    most = 0.0
    for pairs in graph.between(rows, columns, threshold):
        most = max(most, float(pairs.similarity.max(initial=0)))
    return most


@dataclass(frozen=True)
class Survey:
    """What there is to see in a graph of which some images were kept."""

    residual: int
    """Similar pairs of which both images are kept."""
    uncovered: int
    """Images that were not kept, and that no kept one is similar to."""
    largest_component: int


def survey(graph: SimilarityGraph, kept: np.ndarray, threshold: float) -> Survey:
    """Look at a graph of which some images (bool [n]) were kept, without their witnesses.

    Only what may still be wrong is compared: kept ones with each other, the others with kept ones
    until one is similar, and for the components what is not joined yet.
    """
    everyone, covered = np.arange(graph.size, dtype=np.int32), np.zeros(graph.size, bool)
    uncovered = everyone[~kept]
    if isinstance(graph, PairList):
        listed = graph.at(threshold)
        residual = int((kept[listed.i] & kept[listed.j]).sum())
        for pairs in _either_way(listed):
            covered[pairs.i[kept[pairs.j]]] = True
        uncovered = uncovered[~covered[uncovered]]
    else:
        residual = sum(len(pairs.i) for pairs in within(graph, everyone[kept], threshold))
        for start, stop in doubling(int(kept.sum()), FIRST):
            for pairs in graph.between(uncovered, everyone[kept][start:stop], threshold):
                covered[pairs.i] = True
            uncovered = uncovered[~covered[uncovered]]
    sizes = np.bincount(components(graph, everyone, threshold), minlength=1)
    return Survey(residual, len(uncovered), int(sizes.max(initial=0)))
