"""The exact pair search as tasks that know nothing of each other: one a pair of blocks of features.

Whoever runs them (`in_turn` here, `on_ray.pairs` on a cluster) gets the same pairs, as a task
depends on its two blocks alone. Candidates are products in float32 at the threshold less what
rounding may do (`cosine.doubt`), and those in doubt are computed again in float64 (`FeatureGraph`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations_with_replacement
from typing import TypeAlias

import numpy as np

from hoban_assets.curation.cosine import Pairs
from hoban_assets.curation.feature_graph import FeatureGraph
from hoban_assets.curation.similarity_graph import within

ROWS = 16_384
"""Features of a block: 38 MB of 576 numbers; 268 million pairs a task, some seconds of a core."""

Task: TypeAlias = tuple[int, int]
"""Numbers of two blocks, the first at most the second."""
Progress: TypeAlias = Callable[[int, int], None]
Executor: TypeAlias = Callable[[np.ndarray, float, int, Progress | None], Iterable[Pairs]]
"""Answers all tasks of a search: (features, threshold, most, progress) -> pairs by position, in any
order. It may end early once it has yielded more than `most` pairs."""


def tasks(count: int, rows: int = ROWS) -> list[Task]:
    """All pairs of the blocks that `count` features are cut into, each once."""
    return list(combinations_with_replacement(range(-(-count // rows)), 2))


def block(features: np.ndarray, number: int, rows: int = ROWS) -> np.ndarray:
    """Features of one block: a view of [at most `rows`, d]."""
    return features[number * rows : (number + 1) * rows]


def pairs_of(upper: np.ndarray, lower: np.ndarray | None, threshold: float, most: int) -> Pairs:
    """Similar pairs of a row of `upper` and one of `lower`; None: among those of `upper`, i < j.

    Positions are those in each block. Stops once there are more than `most`.

    Args:
        upper: float32 [m, d], rows of length 1.
        lower: float32 [k, d], likewise.
        threshold: lowest cosine.
        most: pairs that anybody wants.

    Raises:
        ValueError: see `FeatureGraph`.
    """
    if lower is None:
        graph = FeatureGraph(upper)
        parts: Iterator[Pairs] = within(graph, np.arange(graph.size, dtype=np.int32), threshold)
    else:
        graph = FeatureGraph(np.concatenate([upper, lower]))
        both = np.arange(graph.size, dtype=np.int32)
        parts = graph.between(both[: len(upper)], both[len(upper) :], threshold)
    found = joined(parts, most)
    return found if lower is None else found._replace(j=found.j - np.int32(len(upper)))


def placed(pairs: Pairs, task: Task, rows: int = ROWS) -> Pairs:
    """Pairs of a task by position among all features."""
    upper, lower = (np.int32(number * rows) for number in task)
    return Pairs(pairs.i + upper, pairs.j + lower, pairs.similarity)


def in_turn(
    features: np.ndarray,
    threshold: float,
    most: int,
    progress: Progress | None = None,
    rows: int = ROWS,
) -> Iterator[Pairs]:
    """Run every task in this process: an `Executor`."""
    wanted = tasks(len(features), rows)
    for done, (upper, lower) in enumerate(wanted, 1):
        other = None if upper == lower else block(features, lower, rows)
        found = pairs_of(block(features, upper, rows), other, threshold, most)
        yield placed(found, (upper, lower), rows)
        if progress:
            progress(len(features) * done // len(wanted), len(features))


def search(
    features: np.ndarray,
    threshold: float,
    most: int,
    progress: Progress | None = None,
    executor: Executor = in_turn,
) -> Pairs | None:
    """List every pair ``i < j`` of rows with a cosine of at least `threshold`, sorted. Exact.

    Args:
        features: float32 [n, d], rows of length 1.
        threshold: lowest cosine.
        most: with more pairs than this the search ends, and the answer is None.
        progress: called with (images compared, images).
        executor: runs the tasks.

    Raises:
        ValueError: see `FeatureGraph`.
    """
    found = joined(executor(features, threshold, most, progress), most)
    if len(found.i) > most:
        return None
    order = np.lexsort((found.j, found.i))
    return found.only(order)


def joined(parts: Iterable[Pairs], most: int) -> Pairs:
    """All pairs of `parts`, taken only until there are more than `most`."""
    found = [Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))]
    total = 0
    for pairs in parts:
        found.append(pairs)
        total += len(pairs.i)
        if total > most:
            break
    return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))
