"""Train and validation: by group, never by image.

A published audit of a sister of the AI Hub set found 94 % of its validation frames next to a
training frame of the same clip. So what belongs together (clip, augmentation family, component
of near-duplicates) goes to one side, whatever split a source came with. Which groups are val, and
what is guaranteed of their shares: `curation.val_share`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.connected import connected
from hoban_assets.curation.selection import count_per_image
from hoban_assets.curation.val_share import (
    LARGEST,
    LOOSE,
    TOLERANCE,
    Sizes,
    choose_val,
    is_within,
)
from hoban_assets.samples import Samples, stable_shares

NO_OBJECT = "background"
"""Images without a label, as a class of their own in `shares_of_val`."""


def join_groups(samples: Samples, pairs: tuple[np.ndarray, np.ndarray]) -> Samples:
    """Join groups that near-duplicate images connect.

    Equal bytes connect as well, and one photograph of Roboflow under its name (up to ``.rf.``): it
    may lie in several sources, and be a frame of a clip in one of them only.

    `pairs` holds positions of similar images in ``samples.images``, two arrays of one length. A
    joined group takes the id of one of its members, chosen by a hash that has nothing to do with
    the side of the split (else large groups would come to val more often than small ones), so
    that adding an image renames few groups.
    """
    images = samples.images
    by_group = pd.factorize(images.group_id)[0]
    by_content = pd.factorize(images.content_hash.fillna(images.image_id))[0]
    names = images.file.str.rpartition("/")[2].str.partition(".rf.")
    by_name = pd.factorize(names[0].where(names[1] != "", images.image_id))[0]
    nodes = len(images)
    rows = np.concatenate([np.tile(np.arange(nodes), 3), pairs[0]])
    firsts = [_first_of(codes) for codes in (by_group, by_content, by_name)]
    columns = np.concatenate([*firsts, pairs[1]])
    component = connected(nodes, rows, columns)
    order = np.argsort(stable_shares("name of " + images.group_id), kind="stable")
    representative = pd.Series(images.group_id.to_numpy()[order]).groupby(component[order]).first()
    return replace(samples, images=images.assign(group_id=representative[component].to_numpy()))


def _first_of(codes: np.ndarray) -> np.ndarray:
    """Position of the first element that has the same code, for each element."""
    return np.unique(codes, return_index=True)[1][np.unique(codes, return_inverse=True)[1]]


def split_by_group(samples: Samples, val_share: float = 0.1) -> Samples:
    """Assign ``split`` to every image: a group is 'val' where the hash of its id is low.

    Guarantees: no group on both sides; the same groups give the same split in any order; the
    shares of `curation.val_share`; no class is moved out of train altogether.
    """
    groups, of_image = np.unique(samples.images.group_id.to_numpy(str), return_inverse=True)
    in_val = choose_val(_sizes(samples, of_image, len(groups)), stable_shares(groups), val_share)
    split = np.where(in_val[of_image], "val", "train")
    return replace(samples, images=samples.images.assign(split=pd.Series(split, dtype="str")))


def _sizes(samples: Samples, of_image: np.ndarray, groups: int) -> Sizes:
    """Images, labels of each class and images of each class, summed over groups."""
    own = int(samples.labels.class_id.max()) + 1 if len(samples.labels) else 0
    labels = count_per_image(samples, "boxes", max(len(CLASS_NAMES), own))
    kinds = np.column_stack([labels > 0, labels.sum(axis=1) == 0])
    labels = np.column_stack([labels, kinds[:, -1]])
    all_images = np.bincount(of_image, minlength=groups)
    by_label, by_image = (_summed(of_image, v, groups) for v in (labels, kinds))
    return Sizes(by_label, by_image, all_images)


def _summed(of_image: np.ndarray, values: np.ndarray, groups: int) -> np.ndarray:
    sums = np.zeros((groups, values.shape[1]), np.int64)
    np.add.at(sums, of_image, values.astype(np.int64))
    return sums


@dataclass(frozen=True)
class ValShare:
    """What of one class (or of the images without an object) lies in val."""

    name: str
    images: int
    images_val: int
    labels: int
    labels_val: int
    groups: int
    groups_val: int
    groups_too_large: int
    """Groups with more than a fifth of what val should have of this class."""
    is_within: bool
    """Images and labels lie within a tenth of the share asked for, as far as whole images can."""

    @property
    def share(self) -> float:
        """Share of the labels in val (of the images, where there are no labels to count)."""
        return self.labels_val / max(1, self.labels)


def shares_of_val(samples: Samples, val_share: float = 0.1) -> list[ValShare]:
    """What of each class that occurs lies in val, by `split` as it stands."""
    groups, of_image = np.unique(samples.images.group_id.to_numpy(str), return_inverse=True)
    sizes = _sizes(samples, of_image, len(groups))
    in_val = np.zeros(len(groups), bool)
    np.logical_or.at(in_val, of_image, (samples.images.split == "val").to_numpy(bool))
    rows = []
    for index, name in enumerate((*CLASS_NAMES, NO_OBJECT)):
        labels, images = sizes.labels[:, index], sizes.images[:, index]
        if not images.sum():
            continue
        near = LOOSE if name == NO_OBJECT else TOLERANCE
        inside = [is_within(c[in_val].sum(), c.sum(), val_share, near) for c in (labels, images)]
        most = np.maximum(labels / labels.sum(), images / images.sum())
        rows.append(
            ValShare(
                name,
                images=int(images.sum()),
                images_val=int(images[in_val].sum()),
                labels=int(labels.sum()),
                labels_val=int(labels[in_val].sum()),
                groups=int((images > 0).sum()),
                groups_val=int((images[in_val] > 0).sum()),
                groups_too_large=int((most > LARGEST * val_share).sum()),
                is_within=all(inside),
            )
        )
    return rows


def largest_in_val(samples: Samples) -> float:
    """Share of the images of val that its largest group has; 0 where val is empty."""
    val = samples.images[samples.images.split == "val"]
    return float(val.group_id.value_counts(normalize=True).max()) if len(val) else 0.0
