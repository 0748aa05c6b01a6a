"""What a build needs from outside: which images are similar, and how they look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

import numpy as np

from hoban_assets.curation.block_pairs import Progress, in_turn
from hoban_assets.curation.cosine import Pairs
from hoban_assets.curation.engines import refuse_below
from hoban_assets.curation.lying_pictures import Look
from hoban_assets.curation.similarity import SimilarityGraph, similarity_graph
from hoban_assets.curation.small_pictures import small_pictures
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings


class FeatureExtractor(Protocol):
    """Similarity of images, computed elsewhere (fastdup's environment) and kept by content."""

    @property
    def engine(self) -> str:
        """Name, version and model of what computes it."""
        ...

    def __call__(self, samples: Samples) -> np.ndarray | SimilarityGraph:
        """Return the similarity of ``samples.images``, by position.

        Either features, float32 [images, dimensions], rows of unit length, whose cosine it is; or
        a graph of one's own, such as a `PairList` of pairs that were proved one by one.
        """
        ...


@runtime_checkable
class PairSearcher(Protocol):
    """An extractor that can also run the tasks of a pair search, on other machines maybe."""

    def pairs(
        self, features: np.ndarray, threshold: float, most: int, progress: Progress | None = None
    ) -> Iterable[Pairs]:
        """See `block_pairs.Executor`."""
        ...


def similarity_of(
    extract: FeatureExtractor, samples: Samples, floor: float, log: Callable[[str], None]
) -> SimilarityGraph:
    """Return the graph of the images of `samples`, to be asked at `floor` and above.

    Raises:
        HobanError: the engine knows no pairs that low.
    """
    found = extract(samples)
    if isinstance(found, np.ndarray):
        executor = extract.pairs if isinstance(extract, PairSearcher) else in_turn
        told = progress_line("comparing images", log)
        return similarity_graph(found, floor, told, executor=executor)
    refuse_below(extract.engine, floor, found.floor)
    return found


def look_at(samples: Samples, settings: Settings) -> Look:
    """Return what shows small pictures of the images of `samples`, read below the raw root."""
    files = samples.images.file.to_numpy()

    def look(positions: np.ndarray) -> np.ndarray:
        paths = [settings.raw_root / file for file in files[positions]]
        return small_pictures(paths, settings.workers)

    return look
