"""Which images are similar: an exact graph that is asked in parts, so that nobody lists all of it.

A fixed camera of n frames has n**2 / 2 similar pairs. So the graph is a contract with one question,
`SimilarityGraph.between`, that answers block by block. It may be computed from feature vectors
(`FeatureGraph`) or read from a list (`PairList`: a short result of a search, or pairs that an
engine has proved one by one). What is read off it stands in `graphs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse

from hoban_assets.curation.cosine import Pairs, at_least, checked, cosine, doubt
from hoban_assets.errors import HobanError

__all__ = [
    "FeatureGraph",
    "PairList",
    "Pairs",
    "SimilarityGraph",
    "at_least",
    "similar_pairs",
    "similarity_graph",
    "within",
]

LISTED_DECIMALS = 6
"""The same for similarities that come as a list: what float32 holds for sure."""

BLOCK = 2048
"""Rows and columns of a block: 4 million pairs at once, and 16 MB of float32."""

NEARLY = 2e-4
"""More than rounding to float32 may make of the similarities of two pairs."""

MAX_PAIRS = 100_000_000
"""More pairs than this (1.2 GB) are never listed."""

PAIRS_AT_ONCE = 8192
"""Single pairs computed at once: 38 MB of vectors of 576 numbers."""

SHORT_LIST = 10_000_000
"""Up to this many pairs a search is remembered instead of repeated: about 300 MB as a graph."""

SPARSE, SPARSE_PAIRS = 500, 100_000
"""A list is worth it up to one pair in 250, or up to so many."""


class SimilarityGraph(Protocol):
    """Images by position 0 to ``size - 1``, and which of them are similar."""

    @property
    def size(self) -> int:
        """How many images."""
        ...

    @property
    def floor(self) -> float:
        """Lowest threshold that it can be asked at: less similar pairs are not known."""
        ...

    def between(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """Yield the pairs (i of `rows`, j of `columns`) that are similar at `threshold`.

        `rows` and `columns` are positions, each distinct; they may overlap, and then an image is
        no pair with itself, but two images of both sets come once in either direction. Blocks
        come in any order and hold at most ``BLOCK**2`` pairs; together they hold each pair once.
        The same pairs whatever the block size.

        Raises:
            ValueError: `threshold` is below `floor`.
        """
        ...

    def highest(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """As `between`, where only the most similar of each row is wanted.

        May leave out pairs that are less similar, by more than `NEARLY`, than another of their row.
        """
        ...

    def similarity(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Similarity of similar images `i` and `j` (int [m]) in float64: at most 1."""
        ...


@dataclass(frozen=True)
class FeatureGraph:
    """Cosine similarity of feature vectors, by blocked matrix products. Exact.

    Products in float32 find the candidates; those that rounding could have moved over the
    threshold are computed again in float64. Nothing is kept but the vectors.

    `features`: float32 [n, d], rows of length 1.

    Raises:
        ValueError: a row is not finite or not of length 1, as that of an image without features.
    """

    features: np.ndarray
    block: int = BLOCK

    def __post_init__(self) -> None:
        """Refuse rows that are no features."""
        object.__setattr__(self, "features", checked(self.features))

    @property
    def size(self) -> int:
        """How many images."""
        return len(self.features)

    @property
    def floor(self) -> float:
        """Any threshold will do."""
        return -1.0

    def between(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """See `SimilarityGraph.between`."""
        return self._search(rows, columns, threshold, highest=False)

    def highest(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """See `SimilarityGraph.highest`."""
        return self._search(rows, columns, threshold, highest=True)

    def _search(
        self, rows: np.ndarray, columns: np.ndarray, threshold: float, *, highest: bool
    ) -> Iterator[Pairs]:
        lowest = np.float32(threshold - doubt(self.features.shape[1]))
        limit: np.float32 | np.ndarray = lowest
        for here in parts(rows, self.block):
            left, best = self._unit(here), np.full((len(here), 1), lowest)
            for there in parts(columns, self.block):
                product = left @ self._unit(there).T
                if product.max() < lowest:  # most blocks: spares a pass over them
                    continue
                if highest:
                    np.maximum(best, product.max(axis=1, keepdims=True) - NEARLY, out=best)
                    limit = best
                pairs = at_least(self.features, _hits(product, limit, here, there), threshold)
                itself = pairs.i == pairs.j
                pairs = pairs.only(~itself) if itself.any() else pairs
                if len(pairs.i):
                    yield pairs

    def among(self, i: np.ndarray, j: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """Yield, in parts, those of the pairs `i` and `j` (int [m]) that are similar.

        The pairs that `between` would yield, without the others of their rows and columns.
        """
        limit = np.float32(threshold - doubt(self.features.shape[1]))
        for part in parts(np.arange(len(i)), PAIRS_AT_ONCE):
            here, there = i[part], j[part]
            value = np.einsum("ij,ij->i", self._unit(here), self._unit(there))
            near = value >= limit
            found = Pairs(here[near], there[near], value[near])
            found = at_least(self.features, found, threshold)
            if len(found.i):
                yield found

    def similarity(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Cosine similarity, rounded to `DECIMALS`."""
        return cosine(self.features, i, j)

    @cached_property
    def _stretch(self) -> np.ndarray:
        """What each row is multiplied by to have length 1 up to rounding: float32 [n, 1]."""
        squares = np.einsum("ij,ij->i", self.features, self.features, dtype=np.float64)
        return (1 / np.sqrt(squares)).astype(np.float32)[:, None]

    def _unit(self, positions: np.ndarray) -> np.ndarray:
        return self.features[positions] * self._stretch[positions]


@dataclass(frozen=True)
class PairList:
    """A graph whose pairs at and above `floor` are listed: each once, in either direction.

    Args:
        size: number of images.
        pairs: all of them; similarity is above 0 and at most 1.
        floor: lowest threshold that `pairs` is complete for.
        features: the vectors whose cosine the similarities are, where they come from a search: at
            a threshold that rounding leaves in doubt they are computed again.
    """

    size: int
    pairs: Pairs
    floor: float
    features: np.ndarray | None = None

    def between(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """See `SimilarityGraph.between`."""
        if threshold < self.floor:
            raise ValueError(f"pairs are known from {self.floor} on, not at {threshold}")
        wanted = np.zeros(self.size, bool)
        wanted[columns] = True
        for here in parts(rows, BLOCK):
            part = self._graph[here]
            mine = np.repeat(here, np.diff(part.indptr)).astype(np.int32)
            hit = wanted[part.indices]
            pairs = Pairs(mine[hit], part.indices[hit].astype(np.int32), part.data[hit])
            pairs = self._at_least(pairs, threshold)
            for cut in parts(np.arange(len(pairs.i)), BLOCK * BLOCK):
                yield pairs.only(cut)

    highest = between

    def similarity(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Similarity as listed; 0 for two images that are no pair."""
        if self.features is not None:
            return cosine(self.features, i, j)
        found = np.asarray(self._graph[i, j], np.float64).ravel()
        return np.round(found, LISTED_DECIMALS)

    @cached_property
    def _graph(self) -> sparse.csr_array:
        """The symmetric adjacency matrix. Similarities are above 0, so none vanishes."""
        i, j, similarity = self.pairs
        where = np.concatenate([i, j]), np.concatenate([j, i])
        data = np.concatenate([similarity, similarity])
        return sparse.csr_array((data, where), shape=(self.size, self.size))

    def _at_least(self, pairs: Pairs, threshold: float) -> Pairs:
        if self.features is not None:
            return at_least(self.features, pairs, threshold)
        rounded = np.round(pairs.similarity.astype(np.float64), LISTED_DECIMALS)
        return pairs.only(rounded >= threshold)


def similarity_graph(
    features: np.ndarray,
    floor: float,
    progress: Callable[[int, int], None] | None = None,
    short: int = SHORT_LIST,
) -> SimilarityGraph:
    """Return the graph of `features`, searched once at `floor` where its list of pairs is short.

    With more than `short` pairs the vectors themselves are the graph, and every question costs
    its matrix products again, but no memory. Both answer alike at `floor` and above.

    Args:
        features: float32 [n, d], rows of length 1.
        floor: the loosest threshold that will be asked for.
        progress: called with (images compared, images).
        short: so many pairs are listed at most; fewer where they are many for so few images, as a
            list is then read more slowly than the products are computed.

    Raises:
        ValueError: see `FeatureGraph`.
    """
    graph = FeatureGraph(features)
    most = min(short, max(SPARSE_PAIRS, graph.size**2 // SPARSE))
    found = listed(graph, floor, most, progress)
    if found is None:
        return graph
    return PairList(graph.size, found, floor, graph.features)


def similar_pairs(
    features: np.ndarray, threshold: float, block: int = BLOCK, max_pairs: int = MAX_PAIRS
) -> Pairs:
    """List every pair ``i < j`` of rows with a cosine of at least `threshold`, sorted. Exact.

    Raises:
        ValueError: see `FeatureGraph`.
        HobanError: there are more than `max_pairs`; ask a `FeatureGraph`, which lists none.
    """
    found = listed(FeatureGraph(features, block), threshold, max_pairs)
    if found is None:
        raise HobanError(
            f"more than {max_pairs:,} pairs of images are similar at {threshold}",
            "raise the threshold of near-duplicates, or use another feature engine",
        )
    return found


def within(
    graph: SimilarityGraph,
    positions: np.ndarray,
    threshold: float,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Pairs]:
    """Yield every similar pair among `positions` once, in blocks: i stands before j in them."""
    rank = np.zeros(graph.size, np.int32)
    rank[positions] = np.arange(len(positions), dtype=np.int32)
    for top in range(0, len(positions), BLOCK):
        strip = positions[top : top + BLOCK]
        for pairs in graph.between(strip, strip, threshold):
            yield pairs.only(rank[pairs.i] < rank[pairs.j])
        yield from graph.between(strip, positions[top + BLOCK :], threshold)
        if progress:
            progress(top + len(strip), len(positions))


def listed(
    graph: SimilarityGraph,
    threshold: float,
    most: int,
    progress: Callable[[int, int], None] | None = None,
) -> Pairs | None:
    """Return all pairs, i < j, sorted; None where there are more than `most`."""
    found = [Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))]
    total = 0
    for pairs in within(graph, np.arange(graph.size, dtype=np.int32), threshold, progress):
        found.append(pairs)
        total += len(pairs.i)
        if total > most:
            return None
    i, j, similarity = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((j, i))
    return Pairs(i[order], j[order], similarity[order])


def _hits(
    product: np.ndarray, limit: np.float32 | np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> Pairs:
    """The pairs of a block of similarities that reach `limit` (one, or one a row: [rows, 1])."""
    mask = product >= limit
    hits = np.count_nonzero(mask)
    if hits * 64 < mask.size:
        # Flat indices: nonzero on two dimensions costs as much as half of the product.
        i, j = np.divmod(np.flatnonzero(mask).astype(np.int32), np.int32(len(columns)))
        return Pairs(rows[i], columns[j], product[i, j])
    i = np.repeat(rows, np.count_nonzero(mask, axis=1))
    return Pairs(i, np.broadcast_to(columns, mask.shape)[mask], product[mask])


def parts(positions: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Cut an array into parts of `size`."""
    for start in range(0, len(positions), size):
        yield positions[start : start + size]
