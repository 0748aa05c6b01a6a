"""A similarity graph that is read from a list: a short result of a search, or proved pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hoban_assets.curation.cosine import Pairs, at_least, cosine
from hoban_assets.curation.similarity_graph import BLOCK, parts

if TYPE_CHECKING:
    from scipy import sparse

LISTED_DECIMALS = 6
"""Similarities that come as a list are rounded to this: what float32 holds for sure."""


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

    def at(self, threshold: float) -> Pairs:
        """All pairs that are similar at `threshold`, each once.

        Raises:
            ValueError: `threshold` is below `floor`.
        """
        self._refuse_below(threshold)
        return self._at_least(self.pairs, threshold)

    def between(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """See `SimilarityGraph.between`."""
        self._refuse_below(threshold)
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
        from scipy import sparse  # see `connected`

        i, j, similarity = self.pairs
        where = np.concatenate([i, j]), np.concatenate([j, i])
        data = np.concatenate([similarity, similarity])
        return sparse.csr_array((data, where), shape=(self.size, self.size))

    def _refuse_below(self, threshold: float) -> None:
        if threshold < self.floor:
            raise ValueError(f"pairs are known from {self.floor} on, not at {threshold}")

    def _at_least(self, pairs: Pairs, threshold: float) -> Pairs:
        if self.features is not None:
            return at_least(self.features, pairs, threshold)
        rounded = np.round(pairs.similarity.astype(np.float64), LISTED_DECIMALS)
        return pairs.only(rounded >= threshold)
