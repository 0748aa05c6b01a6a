"""Near-duplicates: which images leave, who vouches for them, and the proof.

'Remove everything at t and above' means: no two kept images are at >= t (separation), and every
removed one is at >= t to a kept one, its witness (coverage). See `graphs.keep_best`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.disagreements import disagreements
from hoban_assets.curation.graphs import Progress, keep_best, nearest_kept, survey
from hoban_assets.curation.lying_pictures import Look
from hoban_assets.curation.similarity import (
    FeatureGraph,
    PairList,
    Pairs,
    SimilarityGraph,
    similar_pairs,
)
from hoban_assets.samples import Samples

__all__ = [
    "Certificate",
    "Pairs",
    "certificate",
    "deduplicate",
    "keep_order",
    "similar_pairs",
]

STAGE = "dedupe"
"""Name of the removal in decisions."""


def keep_order(
    samples: Samples,
    source_priority: Sequence[str] = (),
    vouched: Collection[str] = (),
) -> np.ndarray:
    """Return the positions of the images, best first: a permutation of ``range(n)``.

    Compared in this order; a later criterion decides only where all earlier ones tie:

    1. valid labels: images in `vouched`, then those all of whose labels are ``human``, then those
       with a repaired or a teacher's one;
    2. labelled objects: more labels of the class that is rarest in `samples` (ties: by class id),
       then of the next rarest, and so on;
    3. source: its place in `source_priority`; sources not named there come last, alike;
    4. resolution: more pixels;
    5. sharpness: higher; unknown is lowest;
    6. file size: more bytes;
    7. ``image_id``, ascending, which ends every tie.

    Args:
        samples: the images and their boxes; ignore regions count for nothing.
        source_priority: names of sources, best first.
        vouched: ids of images of which a person has said here what is on them.
    """
    images = samples.images
    counted = samples.box_counts()
    classes = sorted(CLASS_NAMES, key=lambda c: counted[c])
    labels = samples.labels
    doubtful = images.image_id.isin(labels.image_id[labels.origin != "human"])
    priority = {name: place for place, name in enumerate(source_priority)}
    per_class = pd.crosstab(labels.image_id, labels.class_name).reindex(
        index=images.image_id, columns=classes, fill_value=0
    )
    keys = [
        ~images.image_id.isin(vouched),
        doubtful,
        *(-per_class[c].to_numpy() for c in classes),
        images.source.map(priority).fillna(len(priority)),
        -images.width.astype(np.int64) * images.height.astype(np.int64),
        -images.sharpness.fillna(-np.inf),
        -images.bytes,
        images.image_id.rank(method="first"),
    ]
    return np.lexsort([np.asarray(key) for key in reversed(keys)])


def deduplicate(
    samples: Samples,
    similar: SimilarityGraph | np.ndarray,
    threshold: float,
    source_priority: Sequence[str] = (),
    *,
    progress: Progress | None = None,
    pictures: SimilarityGraph | None = None,
    look: Look | None = None,
    pairs: Pairs | None = None,
    vouched: Collection[str] = (),
) -> Samples:
    """Remove near-duplicates at `threshold`.

    Each removed image leaves a decision ``near_duplicate``: value = similarity to its witness,
    witness = id of the kept image. Each image is also compared with the most similar kept one at
    >= `threshold` that is better in keep order; where their labels contradict each other, a
    decision ``labels_disagree`` (action ``review``) follows: one an image at most.

    Args:
        samples: images, and boxes.
        similar: which images are duplicates, aligned with the images by position: a graph, or
            features (float32 [n, d], rows of length 1) whose cosine is the similarity.
        threshold: similarity from which two images are duplicates.
        source_priority: see `keep_order`.
        progress: called with (images visited, images).
        pictures: which images look alike, where `similar` asks for more; by default `similar`.
        look: shows the pictures; see `disagreements`.
        pairs: all pairs that are similar at `threshold`, where they are listed already, as by
            `similar_pairs`; then nothing is searched.
        vouched: see `keep_order`. Of two that are similar one leaves all the same.

    Raises:
        ValueError: an image has no feature.
    """
    graph = _aligned(samples, similar, threshold, pairs)
    order = keep_order(samples, source_priority, vouched)
    kept, witness = keep_best(graph, order, threshold, progress)
    gone = np.flatnonzero(~kept)
    ids = samples.images.image_id.to_numpy()
    result = samples.drop_images(
        ~kept,
        stage=STAGE,
        rule="near_duplicate",
        value=graph.similarity(gone, witness[gone]).tolist(),
        threshold=threshold,
        witness=ids[witness[gone]].tolist(),
    )
    nearest = nearest_kept(graph if pictures is None else pictures, kept, order, threshold)
    near = order[nearest[order] >= 0]
    review = disagreements(samples, near, nearest[near], STAGE, look)
    return result.with_decisions(review)


@dataclass(frozen=True)
class Certificate:
    """What can be proved of a pool. `holds` where separation and coverage do."""

    threshold: float
    images: int
    kept: int
    removed: int
    residual_pairs: int
    removals_without_witness: int
    largest_component: int
    engine: str = ""

    @property
    def holds(self) -> bool:
        """True where no kept pair is similar and every removed image has a kept witness."""
        return (
            self.residual_pairs == 0
            and self.removals_without_witness == 0
            and self.images == self.kept + self.removed
        )


def certificate(
    samples_before: Samples,
    kept: Samples,
    similar: SimilarityGraph | np.ndarray,
    threshold: float,
    *,
    engine: str = "",
    pairs: Pairs | None = None,
) -> Certificate:
    """Recount from scratch what a removal did; it shares nothing with the greedy pass.

    Args:
        samples_before: the pool.
        kept: what is left of it, by ``image_id``.
        similar: graph or features, aligned with ``samples_before.images``; see `deduplicate`.
        threshold: the threshold that was promised.
        engine: engine, version and model hash of the features.
        pairs: see `deduplicate`.

    Raises:
        ValueError: an image has no feature, or `kept` holds an image that was not there.
    """
    graph = _aligned(samples_before, similar, threshold, pairs)
    ids = samples_before.images.image_id
    is_kept = ids.isin(kept.images.image_id).to_numpy(dtype=bool)
    if is_kept.sum() != len(kept.images):
        raise ValueError(f"{len(kept.images) - is_kept.sum()} kept images were not in the pool")
    seen = survey(graph, is_kept, threshold)
    return Certificate(
        threshold=threshold,
        images=len(ids),
        kept=int(is_kept.sum()),
        removed=int((~is_kept).sum()),
        residual_pairs=seen.residual,
        removals_without_witness=seen.uncovered,
        largest_component=seen.largest_component,
        engine=engine,
    )


def _aligned(
    samples: Samples,
    similar: SimilarityGraph | np.ndarray,
    threshold: float,
    pairs: Pairs | None,
) -> SimilarityGraph:
    features = similar if isinstance(similar, np.ndarray) else None
    many = len(similar) if isinstance(similar, np.ndarray) else similar.size
    if many != len(samples.images):
        raise ValueError(f"{many} features for {len(samples.images)} images")
    if pairs is not None:
        return PairList(many, pairs, threshold, features)
    return FeatureGraph(similar) if isinstance(similar, np.ndarray) else similar
