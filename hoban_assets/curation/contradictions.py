"""Labels that exclude each other, on one photograph or on its copies: none of them is trained.

A photograph that lies in the folders of both classes, or in two sources, is labelled once right
and once wrong, and its bytes do not say which. Deduplication would keep one by its quality.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from hoban_assets.classes import HEADS, exclude_each_other
from hoban_assets.curation.packed_boxes import iou, pairwise_iou
from hoban_assets.curation.same_event import MATCH_IOU
from hoban_assets.samples import Samples

STAGE = "contradictions"
SAME_BOX = 0.9
"""IoU from which two boxes of one label are around one object, not two behind each other."""


def ignore_contradicting_labels(samples: Samples) -> Samples:
    """Make ignore regions of boxes of one image that give one object two excluding classes. Pure.

    A head that is labelled with and without a helmet has one label that is wrong, and nobody knows
    which; the rest of its photograph stays. Boxes are those of one object from `SAME_BOX` on.
    """
    corners, names = _corners(samples.boxes)
    at = np.arange(len(names))
    rows = pd.DataFrame({"image": samples.positions_of(samples.boxes.image_id), "at": at})
    mask = np.zeros(len(names), bool)
    of = {head: rows[(names == head) & ~samples.boxes.ignore.to_numpy()] for head in sorted(HEADS)}
    for one, other in combinations(of, 2):  # any two of them exclude each other
        pairs = of[one].merge(of[other], on="image")[["at_x", "at_y"]].to_numpy()
        same = iou(corners[pairs[:, 0]], corners[pairs[:, 1]]) >= SAME_BOX
        mask[pairs[same]] = True
    return samples.ignore_boxes(mask, stage=STAGE, rule="class_contradicted", threshold=SAME_BOX)


def drop_contradicting_copies(samples: Samples, vouched: Collection[str] = ()) -> Samples:
    """Drop all copies of a photograph that give the same object different classes. Pure.

    Where a person has said of one of them what is on it (`vouched`: ids), that one stays and the
    others leave; two that are vouched for and contradict each other leave as all do.

    Copies have the same content hash. Two of them contradict each other where a label of one and
    a label of the other overlap by `MATCH_IOU`, are of different classes, and neither image has
    the other's label there; and where both sources label both classes, or the classes
    exclude each other. A person whom one source labels `person` and another `fallen` is no
    contradiction, as neither claims to know the other class.
    """
    images = samples.images
    has_copies = images.content_hash.notna() & images.content_hash.duplicated(keep=False)
    copies = images[has_copies.to_numpy()]
    if copies.empty:
        return samples
    labels = samples.labels
    labels = labels[labels.image_id.isin(copies.image_id)]
    boxes = {str(i): _corners(part) for i, part in labels.groupby("image_id", sort=False)}
    found: dict[str, str] = {}
    for _, group in copies.groupby("content_hash", sort=False):
        hit = next(_contradictions(group, boxes), None)
        if hit is not None:
            known = group.image_id.isin(vouched)
            is_settled = next(_contradictions(group[known], boxes), None) is None
            found |= dict.fromkeys(group.image_id[~known] if is_settled else group.image_id, hit)
    mask = images.image_id.isin(found).to_numpy()
    values = [found[i] for i in images.image_id[mask]]
    return samples.drop_images(
        mask, stage=STAGE, rule="copies_contradict", value=values, threshold=MATCH_IOU
    )


def _corners(boxes: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    centre = boxes[["x_center", "y_center"]].to_numpy()
    half = boxes[["width", "height"]].to_numpy() / 2
    return np.hstack([centre - half, centre + half]), boxes.class_name.to_numpy(dtype=object)


def _contradictions(
    group: pd.DataFrame, boxes: dict[str, tuple[np.ndarray, np.ndarray]]
) -> Iterator[str]:
    labelled = [row for row in group.to_dict("records") if row["image_id"] in boxes]
    for one, other in combinations(labelled, 2):
        (first, names), (second, others) = boxes[one["image_id"]], boxes[other["image_id"]]
        overlap = pairwise_iou(first, second) >= MATCH_IOU
        both = set(one["labelled_classes"]) & set(other["labelled_classes"])
        for i, j in np.argwhere(overlap).tolist():
            pair = names[i], others[j]
            if pair[0] == pair[1] or not (both.issuperset(pair) or exclude_each_other(*pair)):
                continue
            agrees = (overlap[i] & (others == names[i])).any() or (
                overlap[:, j] & (names == others[j])
            ).any()
            if not agrees:
                yield f"{names[i]} in {one['file']}, {others[j]} in {other['file']}"
