"""Exact similarity graph of images, and the two things that are read off it.

*Greedy* removal (`keep_best`) at the threshold of deletion, and *connected components* at a
looser one for the split. Chaining harms the first and is welcome in the second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from hoban_assets.errors import HobanError

DECIMALS = 9
"""Similarities are held against the threshold rounded so far: copies then have exactly 1."""

MAX_PAIRS = 100_000_000
"""More pairs than this (1.2 GB) mean that the threshold says nothing."""

_LENGTH_TOLERANCE = 1e-4
_CHUNK = 65536


class Pairs(NamedTuple):
    """Similar images: ``i < j`` (int32 [m]), sorted, and their cosine (float32 [m])."""

    i: np.ndarray
    j: np.ndarray
    similarity: np.ndarray


def similar_pairs(
    features: np.ndarray,
    threshold: float,
    block: int = 2048,
    max_pairs: int = MAX_PAIRS,
    progress: Callable[[int, int], None] | None = None,
) -> Pairs:
    """Find every pair of rows with a cosine similarity of at least `threshold`. Exact.

    Matrix products of `block` x `block` rows in float32 find the candidates; those that rounding
    could have moved over the threshold are computed again in float64. Memory is
    ``4 * block**2`` bytes beside `features` and the result.

    Args:
        features: float32 [n, d], rows of length 1.
        threshold: at most 1.
        block: rows of a block.
        max_pairs: give up beyond this many.
        progress: called with (pairs compared, pairs) after every row of blocks.

    Raises:
        ValueError: a row is not finite or not of length 1, as that of an image without features.
        HobanError: there are more than `max_pairs`.
    """
    features = checked(features)
    limit = threshold - _doubt(features.shape[1])
    found: list[Pairs] = []
    total = 0
    for top in range(0, len(features), block):
        rows = features[top : top + block]
        for left in range(top, len(features), block):
            product = rows @ features[left : left + block].T
            if product.max() < limit:  # most blocks: spares a pass over them
                continue
            # Flat indices: nonzero on two dimensions costs as much as half of the product.
            i, j = np.divmod(np.flatnonzero(product >= np.float32(limit)), product.shape[1])
            if left == top:
                i, j = i[i < j], j[i < j]
            pairs = Pairs((i + top).astype(np.int32), (j + left).astype(np.int32), product[i, j])
            found.append(at_least(features, pairs, threshold))
            total += len(found[-1].i)
            if total > max_pairs:
                raise HobanError(
                    f"more than {max_pairs:,} pairs of images are similar at {threshold}",
                    "raise the threshold of near-duplicates, or use another feature engine",
                )
        if progress:
            n, left_over = len(features), max(0, len(features) - top - block)
            progress((n * n - left_over * left_over) // 2, n * n // 2)
    return _sorted(found)


def checked(features: np.ndarray) -> np.ndarray:
    """Return `features` as contiguous float32 [n, d].

    Raises:
        ValueError: a row is not finite or not of length 1.
    """
    features = np.ascontiguousarray(features, np.float32)
    if features.ndim != 2:
        raise ValueError(f"features of shape {features.shape}, expected [n, d]")
    lengths = np.sqrt(np.einsum("ij,ij->i", features, features))
    bad = np.flatnonzero(~(np.abs(lengths - 1) <= _LENGTH_TOLERANCE))  # catches NaN too
    if len(bad):
        raise ValueError(
            f"{len(bad)} images have no feature of length 1, the first is row {bad[0]}"
        )
    return features


def cosine(features: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Cosine similarity of rows `i` and `j` (int [m]) in float64, rounded to `DECIMALS`."""
    result = np.empty(len(i))
    for start in range(0, len(i), _CHUNK):
        part = slice(start, start + _CHUNK)
        a, b = features[i[part]].astype(np.float64), features[j[part]].astype(np.float64)
        lengths = np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b)
        result[part] = np.einsum("ij,ij->i", a, b) / np.sqrt(lengths)
    return np.round(result, DECIMALS)


def at_least(features: np.ndarray, pairs: Pairs, threshold: float) -> Pairs:
    """Return those of `pairs` that are similar at `threshold` as well.

    The same pairs as a search at `threshold` would find, for the price of looking: where rounding
    leaves doubt, the similarity is computed again in float64.

    Args:
        features: float32 [n, d], rows of length 1, that `pairs` was found in.
        pairs: pairs at a threshold that is not above `threshold`.
        threshold: at most 1.
    """
    similarity = pairs.similarity.astype(np.float64)
    open_ = np.flatnonzero(np.abs(similarity - threshold) <= _doubt(features.shape[1]))
    similarity[open_] = cosine(features, pairs.i[open_], pairs.j[open_])
    hit = similarity >= threshold
    return Pairs(pairs.i[hit], pairs.j[hit], np.minimum(similarity[hit], 1).astype(np.float32))


def _doubt(dimensions: int) -> float:
    """How far a float32 dot product of rows of length 1 may be from their cosine.

    ``|fl(x.y) - x.y| <= d * 2**-24 * |x||y|`` (Higham 2002, section 3.1); a length may be off by
    the tolerance of `checked`.
    """
    return dimensions * 2.0**-24 + 2 * _LENGTH_TOLERANCE


def _sorted(found: list[Pairs]) -> Pairs:
    if not found:
        return Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))
    i, j, similarity = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((j, i))
    return Pairs(i[order], j[order], similarity[order])


def keep_best(n: int, pairs: Pairs, order: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Greedy maximal independent set: visit in `order`, keep unless a kept one is similar.

    The kept images have no pair among themselves, and each removed one has a kept neighbour, its
    witness: the first in `order` of all it has. The result depends on pairs and order only, so
    what comes later in the order changes nothing before it.

    Args:
        n: number of images.
        pairs: the similarity graph.
        order: permutation of ``range(n)``, best first.

    Returns:
        kept (bool [n]), witness (int [n], -1 for kept ones), similarity to it (float32, NaN).

    Raises:
        ValueError: `order` is no permutation.
    """
    if len(order) != n or not np.array_equal(np.sort(order), np.arange(n)):
        raise ValueError("order must name every image once")
    graph = _graph(n, pairs)
    kept = np.ones(n, bool)
    witness = np.full(n, -1, np.int64)
    similarity = np.full(n, np.nan, np.float32)
    has_pair = np.diff(graph.indptr) > 0
    for image in order[has_pair[order]].tolist():
        if not kept[image]:
            continue
        row = slice(graph.indptr[image], graph.indptr[image + 1])
        neighbours = graph.indices[row]
        undecided = kept[neighbours]  # none of them is kept for good, or `image` would not be
        kept[neighbours[undecided]] = False
        witness[neighbours[undecided]] = image
        similarity[neighbours[undecided]] = graph.data[row][undecided]
    return kept, witness, similarity


def among(pairs: Pairs, kept: np.ndarray) -> Pairs:
    """Return the pairs of which both images are `kept` (bool [n]), numbered among those."""
    both = kept[pairs.i] & kept[pairs.j]
    place = np.cumsum(kept, dtype=np.int32) - 1
    return Pairs(place[pairs.i[both]], place[pairs.j[both]], pairs.similarity[both])


def components(n: int, pairs: Pairs) -> np.ndarray:
    """Label the connected components of the graph: int32 [n], numbered by first member."""
    return csgraph.connected_components(_graph(n, pairs), directed=False)[1].astype(np.int32)


def _graph(n: int, pairs: Pairs) -> sparse.csr_array:
    """Build the symmetric adjacency matrix. Similarities are above 0, so none vanishes."""
    i, j = np.concatenate([pairs.i, pairs.j]), np.concatenate([pairs.j, pairs.i])
    data = np.concatenate([pairs.similarity, pairs.similarity])
    return sparse.csr_array((data, (i, j)), shape=(n, n))
