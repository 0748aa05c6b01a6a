"""Which images are similar: the contract of a graph that is asked in parts.

A fixed camera of n frames has n**2 / 2 similar pairs, so nobody lists all of them: the one
question, `SimilarityGraph.between`, is answered block by block.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from hoban_assets.curation.cosine import Pairs

BLOCK = 2048
"""Rows and columns of a block: 4 million pairs at once, and 16 MB of float32."""

NEARLY = 2e-4
"""More than rounding to float32 may make of the similarities of two pairs."""


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


def within(graph: SimilarityGraph, positions: np.ndarray, threshold: float) -> Iterator[Pairs]:
    """Yield every similar pair among `positions` once, in blocks: i stands before j in them."""
    rank = np.zeros(graph.size, np.int32)
    rank[positions] = np.arange(len(positions), dtype=np.int32)
    for top in range(0, len(positions), BLOCK):
        strip = positions[top : top + BLOCK]
        for pairs in graph.between(strip, strip, threshold):
            yield pairs.only(rank[pairs.i] < rank[pairs.j])
        yield from graph.between(strip, positions[top + BLOCK :], threshold)


def parts(positions: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Cut an array into parts of `size`."""
    for start in range(0, len(positions), size):
        yield positions[start : start + size]
