"""Near-duplicates: which images leave, who vouches for them, and the proof.

'Remove everything at t and above' means: no two kept images are at >= t (separation), and every
removed one is at >= t to a kept one, its witness (coverage). See `similarity.keep_best`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.disagreements import disagreements
from hoban_assets.curation.similarity import (
    Pairs,
    checked,
    components,
    cosine,
    keep_best,
    similar_pairs,
)
from hoban_assets.samples import Samples

__all__ = [
    "Certificate",
    "Pairs",
    "certificate",
    "components",
    "deduplicate",
    "keep_best",
    "keep_order",
    "similar_pairs",
]


def keep_order(
    samples: Samples,
    source_priority: Sequence[str] = (),
    rare_first: Sequence[str] | None = None,
) -> np.ndarray:
    """Return the positions of the images, best first: a permutation of ``range(n)``.

    Compared in this order; a later criterion decides only where all earlier ones tie:

    1. valid labels: images all of whose labels are ``human`` before those with a repaired or a
       teacher's one;
    2. labelled objects: more labels of the rarest class, then of the next rarest, and so on;
    3. source: its place in `source_priority`; sources not named there come last, alike;
    4. resolution: more pixels;
    5. sharpness: higher; unknown is lowest;
    6. file size: more bytes;
    7. ``image_id``, ascending, which ends every tie.

    Args:
        samples: the images and their boxes; ignore regions count for nothing.
        source_priority: names of sources, best first.
        rare_first: classes from rare to frequent. By default they are counted in `samples`, ties
            by class id. Give it where the order must not change as data is added.
    """
    images = samples.images
    counted = samples.box_counts()
    classes = sorted(CLASS_NAMES, key=lambda c: counted[c]) if rare_first is None else rare_first
    labels = samples.labels
    doubtful = images.image_id.isin(labels.image_id[labels.origin != "human"])
    priority = {name: place for place, name in enumerate(source_priority)}
    per_class = pd.crosstab(labels.image_id, labels.class_name).reindex(
        index=images.image_id, columns=list(classes), fill_value=0
    )
    keys = [
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
    features: np.ndarray,
    threshold: float,
    source_priority: Sequence[str] = (),
    stage: str = "dedupe",
    *,
    pairs: Pairs | None = None,
    rare_first: Sequence[str] | None = None,
) -> Samples:
    """Remove near-duplicates at `threshold`. Pure.

    Each removed image leaves a decision ``near_duplicate``: value = similarity to its witness,
    witness = id of the kept image. Where its labels contradict those of a kept image at >=
    `threshold`, a decision ``labels_disagree`` (action ``review``) follows.

    Args:
        samples: images, and boxes.
        features: float32 [n, d], rows of length 1, aligned with the images by position.
        threshold: cosine similarity from which two images are duplicates.
        source_priority: see `keep_order`.
        stage: name of the stage in the decisions.
        pairs: ``similar_pairs(features, threshold)`` where the caller has it already.
        rare_first: see `keep_order`.

    Raises:
        ValueError: an image has no feature.
    """
    features = _aligned(samples, features)
    pairs = similar_pairs(features, threshold) if pairs is None else pairs
    order = keep_order(samples, source_priority, rare_first)
    kept, witness, _ = keep_best(len(features), pairs, order)
    gone = np.flatnonzero(~kept)
    ids = samples.images.image_id.to_numpy()
    result = samples.drop_images(
        ~kept,
        stage=stage,
        rule="near_duplicate",
        value=cosine(features, gone, witness[gone]).tolist(),
        threshold=threshold,
        witness=ids[witness[gone]].tolist(),
    )
    # A pair of two removed images is not listed: neither of them is in the result.
    mixed = kept[pairs.i] != kept[pairs.j]
    first, second = pairs.i[mixed], pairs.j[mixed]
    removed, keeper = np.where(kept[first], second, first), np.where(kept[first], first, second)
    return result.with_decisions(disagreements(samples, removed, keeper, stage))


@dataclass(frozen=True)
class Certificate:
    """What can be proved of a pool. `holds` where separation and coverage do."""

    threshold: float
    images: int
    kept: int
    removed: int
    pairs: int
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
    features: np.ndarray,
    threshold: float,
    *,
    pairs: Pairs | None = None,
    engine: str = "",
) -> Certificate:
    """Recount from scratch what a removal did; it shares nothing with the greedy pass.

    Args:
        samples_before: the pool.
        kept: what is left of it, by ``image_id``.
        features: float32 [n, d], rows of length 1, aligned with ``samples_before.images``.
        threshold: the threshold that was promised.
        pairs: ``similar_pairs(features, threshold)`` where the caller has it already.
        engine: engine, version and model hash of the features.

    Raises:
        ValueError: an image has no feature, or `kept` holds an image that was not there.
    """
    features = _aligned(samples_before, features)
    pairs = similar_pairs(features, threshold) if pairs is None else pairs
    ids = samples_before.images.image_id
    is_kept = ids.isin(kept.images.image_id).to_numpy(dtype=bool)
    if is_kept.sum() != len(kept.images):
        raise ValueError(f"{len(kept.images) - is_kept.sum()} kept images were not in the pool")
    left, right = is_kept[pairs.i], is_kept[pairs.j]
    has_witness = np.zeros(len(ids), bool)
    has_witness[pairs.j[left & ~right]] = True
    has_witness[pairs.i[right & ~left]] = True
    sizes = np.bincount(components(len(ids), pairs))
    return Certificate(
        threshold=threshold,
        images=len(ids),
        kept=int(is_kept.sum()),
        removed=int((~is_kept).sum()),
        pairs=len(pairs.i),
        residual_pairs=int((left & right).sum()),
        removals_without_witness=int((~is_kept & ~has_witness).sum()),
        largest_component=int(sizes.max(initial=0)),
        engine=engine,
    )


def _aligned(samples: Samples, features: np.ndarray) -> np.ndarray:
    if len(features) != len(samples.images):
        raise ValueError(f"{len(features)} features for {len(samples.images)} images")
    return checked(features)
