"""What belongs together in a similarity graph: its connected components, found in blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hoban_assets.curation.connected import connected
from hoban_assets.curation.cosine import Pairs
from hoban_assets.curation.pair_list import PairList
from hoban_assets.curation.similarity_graph import BLOCK, SimilarityGraph, parts

LARGE = 32
"""A group with this part of a strip is compared with the images outside it alone."""


def components(graph: SimilarityGraph, positions: np.ndarray, threshold: float) -> np.ndarray:
    """Label the connected components of the graph of `positions` (int [m]): int64 [m].

    The label is the place in `positions` of the component's first image. It starts with one image,
    then two, four and so on, and images that are joined already are not compared with each other
    again: of a dense group only the first few are.
    """
    if isinstance(graph, PairList):
        return _of_list(graph.at(threshold), positions, graph.size)
    label = np.zeros(graph.size, np.int64)
    label[positions] = np.arange(len(positions))
    for top, end in doubling(len(positions), 1):
        strip, rest = positions[top:end], positions[top:]
        for rows, with_group in _groups_of(strip, label[strip]):
            for columns in parts(rest, BLOCK):
                if with_group:
                    columns = columns[label[columns] != label[rows[0]]]
                for pairs in graph.between(rows, columns, threshold):
                    _join(label, positions, pairs)
    return label[positions]


def _of_list(pairs: Pairs, positions: np.ndarray, size: int) -> np.ndarray:
    """The components of listed pairs of which both images are asked for."""
    place = np.full(size, -1, np.int64)
    place[positions] = np.arange(len(positions))
    i, j = place[pairs.i], place[pairs.j]
    known = (i >= 0) & (j >= 0)
    joined = connected(len(positions), i[known], j[known])
    _, first, number = np.unique(joined, return_index=True, return_inverse=True)
    return first[number]


def _groups_of(strip: np.ndarray, label: np.ndarray) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield each large group of joined images (True), and all the others together (False)."""
    groups, group, sizes = np.unique(label, return_inverse=True, return_counts=True)
    large = (sizes >= max(2, len(strip) // LARGE)) | (sizes == sizes.max())
    for number in np.flatnonzero(large) if len(groups) < len(strip) else ():
        yield strip[group == number], True
    others = strip if len(groups) == len(strip) else strip[~large[group]]
    if len(others):
        yield others, False


def _join(label: np.ndarray, positions: np.ndarray, pairs: Pairs) -> None:
    """Give both images of each pair, and all that is joined with them, the lower label."""
    i, j, some = pairs.i, pairs.j, len(positions) // 8 + 1
    while True:  # a few pairs join a dense group, and the others then need no look
        apart = label[i] != label[j]
        if not apart.any():
            return
        i, j = i[apart], j[apart]
        _join_few(label, positions, label[i[:some]], label[j[:some]])
        some *= 4


def _join_few(label: np.ndarray, positions: np.ndarray, one: np.ndarray, other: np.ndarray) -> None:
    """Join groups, named by two labels a pair."""
    names, codes = np.unique(np.concatenate([one, other]), return_inverse=True)
    one, other = np.split(codes, 2)
    joined = connected(len(names), one, other)
    lowest = np.full(joined.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(lowest, joined, names)
    new = np.arange(len(positions))
    new[names] = lowest[joined]
    label[positions] = new[label[positions]]


def links(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the fewest pairs that connect what `components` connects: two arrays of places."""
    members = np.flatnonzero(labels != np.arange(len(labels)))
    return labels[members], members


def doubling(length: int, first: int) -> Iterator[tuple[int, int]]:
    """Cut `length` into parts of `first`, then twice as many, and so on up to `BLOCK`."""
    start, size = 0, first
    while start < length:
        yield start, min(start + size, length)
        start, size = start + size, min(2 * size, BLOCK)
