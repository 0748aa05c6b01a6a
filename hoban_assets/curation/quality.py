"""Which labels are good enough to learn from.

The limits come from recipes. Those of version 9: heads below 1-2 % of the image and whole persons
below 2 % are too small to learn from at 640 pixels, and a head of 20 % and more is nearly always a
wrong box.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.samples import LABEL_DECIMALS, Samples


@dataclass(frozen=True)
class AreaLimits:
    """Limits on a box's share of its image, 0-1. A box exactly at `least` or `most` stays.

    Below `least` an object is there but too small to learn: it becomes an ignore region. Above
    `most`, or from `outlier` on (inclusive), the box itself is doubtful: it is dropped.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    least: float = 0.0
    most: float = 1.0
    outlier: float | None = None


def limit_areas(samples: Samples, limits: Mapping[Any, AreaLimits]) -> Samples:
    """Apply the limits of each class to its labels; ignore regions are left alone."""
    for name, limit in limits.items():
        samples = _ignore_small(samples, name, limit.least)
        areas, mine = _labels_of(samples, name)
        samples = samples.drop_boxes(
            large := mine & (areas > limit.most),
            stage="area",
            rule="area_too_large",
            value=areas[large].tolist(),
            threshold=limit.most,
        )
        if limit.outlier is not None:
            areas, mine = _labels_of(samples, name)
            samples = samples.drop_boxes(
                outlier := mine & (areas >= limit.outlier),
                stage="area",
                rule="area_outlier",
                value=areas[outlier].tolist(),
                threshold=limit.outlier,
            )
    return samples


def _ignore_small(samples: Samples, name: str, least: float) -> Samples:
    areas, mine = _labels_of(samples, name)
    small = mine & (areas < least)
    return samples.ignore_boxes(
        small,
        stage="area",
        rule="area_too_small",
        value=areas[small].tolist(),
        threshold=least,
    )


def _labels_of(samples: Samples, name: str) -> tuple[np.ndarray, np.ndarray]:
    boxes = samples.boxes
    mine = (boxes.class_name == name).to_numpy() & ~boxes.ignore.to_numpy()
    return boxes.area.to_numpy(), mine


def limit_crowding(samples: Samples, class_name: str, most: int) -> Samples:
    """Drop images that hold more than `most` objects of a class, ignore regions counted too.

    Small ones count: an image with thirty persons far away is crowded, however many of them
    the area limit has turned into ignore regions before.
    """
    of_class = samples.boxes[samples.boxes.class_name == class_name]
    by_image = of_class.image_id.value_counts()
    counts = by_image.reindex(samples.images.image_id, fill_value=0).to_numpy()
    crowded = counts > most
    return samples.drop_images(
        crowded,
        stage="crowding",
        rule="crowded",
        value=counts[crowded].tolist(),
        threshold=float(most),
    )


def verified_empty(samples: Samples) -> frozenset[str]:
    """Ids of the images that hold no box although every class is labelled completely on them.

    So says a person who has accepted an image without a box, of a source that labels less.
    """
    every = frozenset(CLASS_NAMES)
    is_complete = [every <= frozenset(names) for names in samples.images.labelled_classes]
    is_empty = (samples.boxes_per_image() == 0).to_numpy(bool)
    return frozenset(samples.images.image_id[is_empty & np.array(is_complete, bool)])


def drop_without_labels(
    samples: Samples,
    backgrounds: frozenset[str] = frozenset(),
    stage: str = "labels",
    verified: Collection[str] = (),
) -> Samples:
    """Drop images that no label is left on, but keep backgrounds.

    An image whose objects were all ignored, dropped or of other classes is not empty: trained as
    a background it would teach that its objects are none (the trap of helmet_21k).

    Args:
        samples: images with their boxes.
        backgrounds: names of the sources whose images hold no object.
        stage: name of this step.
        verified: ids of other images on which a person has seen that there is none.
    """
    bare = (samples.boxes_per_image(labels_only=True) == 0).to_numpy()
    bare = bare & ~samples.images.source.isin(backgrounds).to_numpy()
    bare = bare & ~samples.images.image_id.isin(verified).to_numpy()
    unseen = bare & (samples.images.labelled_classes.map(len) == 0).to_numpy(bool)
    unseen = unseen & (samples.boxes_per_image() == 0).to_numpy()
    if unseen.any():
        rest = samples.drop_images(unseen, stage=stage, rule="not_labelled_yet")
        return drop_without_labels(rest, backgrounds, stage, verified)
    regions = samples.boxes_per_image()[bare]
    return samples.drop_images(
        bare,
        stage=stage,
        rule="no_label_left",
        value=[f"{count} ignore regions" if count else None for count in regions],
    )


def verify_backgrounds(
    samples: Samples,
    backgrounds: frozenset[str],
    labelled_hashes: frozenset[str],
    verified: Collection[str] = (),
) -> Samples:
    """Drop backgrounds that hold a box, or whose very bytes are labelled elsewhere.

    `verified`: ids of backgrounds in other sources (see `verified_empty`).
    """
    mine = samples.images.source.isin(backgrounds).to_numpy()
    boxed = mine & (samples.boxes_per_image() > 0).to_numpy()
    samples = samples.drop_images(boxed, stage="backgrounds", rule="background_has_label")
    mine = samples.images.source.isin(backgrounds).to_numpy()
    mine = mine | samples.images.image_id.isin(verified).to_numpy()
    known = mine & samples.images.content_hash.isin(labelled_hashes).to_numpy()
    return samples.drop_images(known, stage="backgrounds", rule="background_labelled_elsewhere")


def merge_equal_labels(samples: Samples) -> Samples:
    """Merge labels of one image that are equal once written with `LABEL_DECIMALS` decimals.

    Ultralytics drops such rows while it scans; dropped here instead, its count and the
    manifest's stay equal.
    """
    labels = samples.labels
    key = labels[["x_center", "y_center", "width", "height"]].round(LABEL_DECIMALS)
    again = key.assign(image_id=labels.image_id, class_id=labels.class_id).duplicated()
    mask = np.zeros(len(samples.boxes), bool)
    mask[labels.index[again]] = True
    return samples.drop_boxes(mask, stage="equal_labels", rule="duplicate_label")
