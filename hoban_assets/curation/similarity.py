"""Which images are similar: the exact graph of feature vectors, searched once or on demand.

`similarity_graph` has the contract, `feature_graph` computes, `block_pairs` cuts a search into
tasks, `pair_list` remembers, and what is read off a graph stands in `graphs` and `components`.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from hoban_assets.curation.block_pairs import ROWS, Executor, Progress, in_turn, joined, search
from hoban_assets.curation.cosine import Pairs, at_least
from hoban_assets.curation.feature_graph import FeatureGraph
from hoban_assets.curation.pair_list import LISTED_DECIMALS, PairList
from hoban_assets.curation.similarity_graph import BLOCK, NEARLY, SimilarityGraph, parts, within
from hoban_assets.errors import HobanError

__all__ = [
    "BLOCK",
    "LISTED_DECIMALS",
    "NEARLY",
    "FeatureGraph",
    "PairList",
    "Pairs",
    "SimilarityGraph",
    "among",
    "at_least",
    "parts",
    "similar_pairs",
    "similarity_graph",
    "within",
]

MAX_PAIRS = 100_000_000
"""More pairs than this (1.2 GB) are never listed."""

SHORT_LIST, PER_IMAGE = 10_000_000, 100
"""Up to this many pairs, or so many an image, a search is remembered instead of repeated: about 300
MB as a graph; 3 GB of a million images, which to compare again takes an hour and more."""

SPARSE, SPARSE_PAIRS = 500, 100_000
"""A list is worth it up to one pair in 250, or up to so many."""


def similarity_graph(
    features: np.ndarray,
    floor: float,
    progress: Progress | None = None,
    short: int | None = None,
    executor: Executor = in_turn,
) -> SimilarityGraph:
    """Return the graph of `features`, searched once at `floor` where its list of pairs is short.

    With more than `short` pairs the vectors themselves are the graph, and every question costs
    its matrix products again, but no memory. Both answer alike at `floor` and above.

    Args:
        features: float32 [n, d], rows of length 1.
        floor: the loosest threshold that will be asked for.
        progress: called with (images compared, images).
        short: so many pairs are listed at most (by default `SHORT_LIST`, or `PER_IMAGE` up to
            `MAX_PAIRS`); fewer where they are many for so few images, as a list is then read more
            slowly than the products are computed.
        executor: runs the tasks of the search, here or elsewhere.

    Raises:
        ValueError: see `FeatureGraph`.
    """
    graph = FeatureGraph(features)
    if short is None:
        short = min(MAX_PAIRS, max(SHORT_LIST, PER_IMAGE * graph.size))
    most = min(short, max(SPARSE_PAIRS, graph.size**2 // SPARSE))
    found = search(graph.features, floor, most, progress, executor)
    if found is None:
        return graph
    return PairList(graph.size, found, floor, graph.features)


def similar_pairs(
    features: np.ndarray, threshold: float, block: int = ROWS, max_pairs: int = MAX_PAIRS
) -> Pairs:
    """List every pair ``i < j`` of rows with a cosine of at least `threshold`, sorted. Exact.

    Raises:
        ValueError: see `FeatureGraph`.
        HobanError: there are more than `max_pairs`; ask a `FeatureGraph`, which lists none.
    """
    found = search(
        FeatureGraph(features).features,
        threshold,
        max_pairs,
        executor=partial(in_turn, rows=block),
    )
    if found is None:
        raise HobanError(
            f"more than {max_pairs:,} pairs of images are similar at {threshold}",
            "raise the threshold of near-duplicates, or use another feature engine",
        )
    return found


def listed(graph: SimilarityGraph, threshold: float, most: int) -> Pairs | None:
    """Return all pairs of any graph, i < j, sorted; None where there are more than `most`."""
    everyone = np.arange(graph.size, dtype=np.int32)
    found = joined(within(graph, everyone, threshold), most)
    return found.only(np.lexsort((found.j, found.i))) if len(found.i) <= most else None


def among(pairs: Pairs, kept: np.ndarray) -> Pairs:
    """Return the pairs of which both images are `kept` (bool [n]), numbered among those."""
    both = kept[pairs.i] & kept[pairs.j]
    place = np.cumsum(kept, dtype=np.int32) - 1
    return Pairs(place[pairs.i[both]], place[pairs.j[both]], pairs.similarity[both])
