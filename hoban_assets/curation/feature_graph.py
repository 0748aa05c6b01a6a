"""A similarity graph that is computed from feature vectors whenever it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hoban_assets.curation.cosine import Pairs, at_least, checked, cosine, doubt
from hoban_assets.curation.similarity_graph import BLOCK, NEARLY, parts

PAIRS_AT_ONCE = 8192
"""Single pairs computed at once: 38 MB of vectors of 576 numbers."""


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
