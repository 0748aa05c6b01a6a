"""Train and validation: by group, never by image.

A published audit of a sister of the AI Hub set found 94 % of its validation frames next to a
training frame of the same clip. So what belongs together (clip, augmentation family, component
of near-duplicates) goes to one side, whatever split a source came with.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hoban_assets.curation.selection import count_per_image
from hoban_assets.samples import Samples, stable_shares

LOW, HIGH = 0.5, 1.5
"""A class's share in val may lie between these multiples of the share asked for."""


def join_groups(samples: Samples, pairs: tuple[np.ndarray, np.ndarray]) -> Samples:
    """Join groups that near-duplicate images connect; equal bytes connect as well.

    `pairs` holds positions of similar images in ``samples.images``, two arrays of one length. A
    joined group takes the id with the lowest hash among its members, so that adding an image
    renames few groups.
    """
    images = samples.images
    by_group = pd.factorize(images.group_id)[0]
    by_content = pd.factorize(images.content_hash.fillna(images.image_id))[0]
    nodes = len(images)
    rows = np.concatenate([np.arange(nodes), np.arange(nodes), pairs[0]])
    columns = np.concatenate([_first_of(by_group), _first_of(by_content), pairs[1]])
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(nodes, nodes))
    component = connected_components(graph, directed=False)[1]
    order = np.argsort(stable_shares(images.group_id), kind="stable")
    representative = pd.Series(images.group_id.to_numpy()[order]).groupby(component[order]).first()
    return replace(samples, images=images.assign(group_id=representative[component].to_numpy()))


def _first_of(codes: np.ndarray) -> np.ndarray:
    """Position of the first element that has the same code, for each element."""
    return np.unique(codes, return_index=True)[1][np.unique(codes, return_inverse=True)[1]]


def split_by_group(samples: Samples, val_share: float = 0.1) -> Samples:
    """Assign ``split`` to every image: a group is 'val' where the hash of its id is low.

    The hash alone decides for sources of many groups, so adding data moves no image. Only where
    a class would end with less than half or more than one and a half times its share (few or
    large groups) are whole groups moved, lowest (highest) hash first.

    Guarantees: no group on both sides; the same groups give the same split in any order; no
    class is moved out of train altogether.
    """
    groups, of_image = np.unique(samples.images.group_id.to_numpy(str), return_inverse=True)
    per_image = np.column_stack(
        [np.ones(len(of_image), np.int64), count_per_image(samples, "boxes")]
    )
    sizes = np.zeros((len(groups), per_image.shape[1]), np.int64)
    np.add.at(sizes, of_image, per_image)
    shares = stable_shares(groups)
    in_val = _balance(shares < val_share, sizes, shares, val_share)
    split = np.where(in_val[of_image], "val", "train")
    return replace(samples, images=samples.images.assign(split=pd.Series(split, dtype="str")))


def _balance(
    in_val: np.ndarray, sizes: np.ndarray, shares: np.ndarray, val_share: float
) -> np.ndarray:
    """Move groups until each column of `sizes` (images, then classes) is within its bounds."""
    in_val = in_val.copy()
    total = sizes.sum(axis=0)
    scarcest_last = np.argsort(-total, kind="stable")
    for column in scarcest_last:
        mine = sizes[:, column]
        for group in _by_hash(in_val & (mine > 0), shares)[::-1]:
            if mine[in_val].sum() <= HIGH * val_share * total[column]:
                break
            in_val[group] = False
    for column in scarcest_last:
        while sizes[in_val, column].sum() < LOW * val_share * total[column]:
            group = _next_for_val(column, in_val, sizes, shares, HIGH * val_share)
            if group is None:
                break
            in_val[group] = True
    return in_val


def _next_for_val(
    column: int, in_val: np.ndarray, sizes: np.ndarray, shares: np.ndarray, most: float
) -> int | None:
    """Return the group to move to val so that a column grows there.

    The first by hash after which no column has more than `most` of its total in val; else the
    one that leaves the lowest such share, if train keeps more than half of everything.
    """
    candidates = _by_hash(~in_val & (sizes[:, column] > 0), shares)
    total = np.maximum(sizes.sum(axis=0), 1)
    share_after = (sizes[in_val].sum(axis=0) + sizes[candidates]) / total
    worst = np.where(sizes[candidates] > 0, share_after, 0.0).max(axis=1, initial=0.0)
    if (fits := np.flatnonzero(worst <= most)).size:
        return int(candidates[fits[0]])
    if worst.size and worst.min() < 0.5:
        return int(candidates[worst.argmin()])
    return None


def _by_hash(mask: np.ndarray, shares: np.ndarray) -> np.ndarray:
    candidates = np.flatnonzero(mask)
    return candidates[np.argsort(shares[candidates], kind="stable")]
