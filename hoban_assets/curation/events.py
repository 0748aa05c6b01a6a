"""The same event, not only the same room: similar pictures whose labels agree as well.

Features of a picture see the room. Two photographs of a fixed camera are alike although other
people stand in it, and one of them is no duplicate of the other. So here two similar images are
duplicates only where their labels tell of one event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from hoban_assets.curation.lying_pictures import Look, Lying, PicturesLying
from hoban_assets.curation.same_event import AT_ONCE, SameEvent
from hoban_assets.curation.similarity import (
    BLOCK,
    FeatureGraph,
    PairList,
    Pairs,
    SimilarityGraph,
    listed,
    parts,
)
from hoban_assets.samples import Samples

Rule: TypeAlias = Literal["picture", "event"]
"""What makes similar images duplicates: the pictures alone, or the labels as well."""

PER_IMAGE = 4
"""Up to so many pairs an image, the pairs of one event are listed instead of searched again."""


@dataclass(frozen=True)
class EventGraph:
    """Of a graph of similar pictures those pairs that show one event."""

    similar: SimilarityGraph
    same_event: SameEvent

    @property
    def size(self) -> int:
        """How many images."""
        return self.similar.size

    @property
    def floor(self) -> float:
        """As of the pictures."""
        return self.similar.floor

    def between(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """See `SimilarityGraph.between`."""
        for block in self._similar_between(np.asarray(rows), np.asarray(columns), threshold):
            for some in parts(np.arange(len(block.i)), AT_ONCE):
                pairs = block.only(some)
                agreeing = pairs.only(self.same_event(pairs.i, pairs.j))
                if len(agreeing.i):
                    yield agreeing

    highest = between

    def _similar_between(
        self, rows: np.ndarray, columns: np.ndarray, threshold: float
    ) -> Iterator[Pairs]:
        """Similar pictures, of which those may be left out whose labels cannot agree.

        A list of pairs is quickly asked. Vectors are not: there the labels choose what is compared.
        """
        similar = self.similar
        if not isinstance(similar, FeatureGraph):
            yield from similar.between(rows, columns, threshold)
            return
        for strip in parts(rows, BLOCK):
            for here, there, chosen in self.same_event.candidates(strip, columns):
                if chosen is None:
                    yield from similar.between(here, there, threshold)
                else:
                    for i, j in chosen:
                        match = self.same_event.matching_turns(i, j) > 0
                        yield from similar.among(i[match], j[match], threshold)

    def similarity(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Of the pictures."""
        return self.similar.similarity(i, j)


def duplicates_among(
    samples: Samples,
    similar: SimilarityGraph,
    rule: Rule,
    backgrounds: frozenset[str] = frozenset(),
    look: Look | None = None,
    threshold: float | None = None,
) -> SimilarityGraph:
    """Return the graph of duplicates by `rule` out of that of similar pictures.

    Args:
        samples: the images, by position.
        similar: which pictures are similar; one that knows how its pictures lie on each other
            (`CopyGraph.turns`) is asked for that.
        rule: see `Rule`.
        backgrounds: names of the sources whose images hold no object.
        look: shows the pictures; see `SameEvent.lying`.
        threshold: the only one that will be asked for. Then events are searched once where they
            are few, as `similarity_graph` does.
    """
    if rule == "picture":
        return similar
    lying: Lying | None = getattr(similar, "turns", None)
    if lying is None and look is not None:
        lying = PicturesLying(look, len(samples.images))
    graph = EventGraph(similar, SameEvent(samples, backgrounds, lying))
    if threshold is None or not isinstance(similar, FeatureGraph | PairList):
        return graph
    found = listed(graph, threshold, PER_IMAGE * graph.size)
    return graph if found is None else PairList(graph.size, found, threshold, similar.features)
