"""Labels that contradict each other on two pictures of the same thing: a list for review."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

MATCH_IOU = 0.5
"""Boxes of one class that overlap this much are the same object (PASCAL VOC)."""


def disagreements(
    samples: Samples, removed: np.ndarray, kept: np.ndarray, stage: str
) -> pd.DataFrame:
    """List the pairs of similar images whose labels contradict each other.

    They do where one image has labels and the other no box at all, or where, in a class that
    both sources label completely, a label of one has no partner in the other (one to one, best
    IoU first, at least `MATCH_IOU`). A label without partner that lies in an ignore region of the
    other image does not count: there an object was seen, and not labelled on purpose.

    Args:
        samples: the images before removal.
        removed: positions in ``images``, int [m].
        kept: positions of the kept images that they are similar to, int [m].
        stage: name of the stage.

    Returns:
        Decisions (action ``review``, rule ``labels_disagree``, nothing removed): image_id and
        file are the removed image's, witness is the kept one, value says what differs.
    """
    images = samples.images
    labels = samples.boxes_per_image(labels_only=True).to_numpy()
    any_box = samples.boxes_per_image().to_numpy()
    value = np.full(len(removed), None, dtype=object)
    for here, there, text in (
        (removed, kept, "{} labels here, no box in the kept image"),
        (kept, removed, "no box here, {} labels in the kept image"),
    ):
        empty = (labels[here] > 0) & (any_box[there] == 0)
        value[empty] = [text.format(n) for n in labels[here[empty]]]
    both = np.flatnonzero((any_box[removed] > 0) & (any_box[kept] > 0))
    boxes = _boxes_by_image(samples, np.union1d(removed[both], kept[both]))
    classes = images.labelled_classes.to_numpy()
    for row in both.tolist():
        one, other = int(removed[row]), int(kept[row])
        common = set(classes[one]) & set(classes[other])
        value[row] = next(_differences(boxes[one], boxes[other], common), None)
    hit = np.flatnonzero(value != None)  # noqa: E711  element by element
    return frame_of(
        {
            "image_id": images.image_id.iloc[removed[hit]],
            "stage": [stage] * len(hit),
            "rule": ["labels_disagree"] * len(hit),
            "action": ["review"] * len(hit),
            "file": images.file.iloc[removed[hit]],
            "value": value[hit],
            "witness": images.image_id.iloc[kept[hit]],
        },
        DECISIONS_SCHEMA,
    )


class _Boxes:
    """Boxes of one image: corners [n, 4], class names [n], and which are ignore regions [n]."""

    def __init__(self, corners: np.ndarray, names: np.ndarray, ignore: np.ndarray) -> None:
        self.names = names[~ignore]
        self.labels = corners[~ignore]
        self.ignore = corners[ignore]


def _boxes_by_image(samples: Samples, positions: np.ndarray) -> dict[int, _Boxes]:
    """Boxes of the images at `positions`."""
    place = pd.Series(positions, index=samples.images.image_id.iloc[positions])
    boxes = samples.boxes[samples.boxes.image_id.isin(place.index)]
    boxes = boxes.assign(place=place.reindex(boxes.image_id).to_numpy()).sort_values(
        "place", kind="stable"
    )
    center = boxes[["x_center", "y_center"]].to_numpy()
    half = boxes[["width", "height"]].to_numpy() / 2
    corners = np.concatenate([center - half, center + half], axis=1)
    names, ignore = boxes.class_name.to_numpy(dtype=object), boxes.ignore.to_numpy(dtype=bool)
    found, starts = np.unique(boxes.place.to_numpy(), return_index=True)
    ends = np.append(starts, len(boxes))[1:].tolist()
    return {
        int(image): _Boxes(corners[a:b], names[a:b], ignore[a:b])
        for image, a, b in zip(found.tolist(), starts.tolist(), ends, strict=True)
    }


def _differences(here: _Boxes, there: _Boxes, common: set[str]) -> Iterator[str]:
    """Say for each class that both label where a label of one has no partner in the other."""
    for name in sorted(common):
        mine, theirs = here.labels[here.names == name], there.labels[there.names == name]
        if not len(mine) and not len(theirs):
            continue
        overlap = iou(mine, theirs)
        my_rest, their_rest = _unmatched(overlap)
        lonely = _outside(mine[my_rest], there.ignore) + _outside(theirs[their_rest], here.ignore)
        if lonely:
            best = f", best IoU {overlap.max():.2f}" if overlap.size else ""
            yield f"{name}: {len(mine)} here, {len(theirs)} in the kept image, {lonely} apart{best}"


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes given by corners, [n, 4] and [m, 4], as [n, m]."""
    shared, areas, others = _intersection(first, second), _area(first), _area(second)
    return shared / np.maximum(areas[:, None] + others[None, :] - shared, 1e-12)


def _unmatched(overlap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Match one to one, best IoU first; return which rows and columns [bool] stay alone."""
    rows, columns = np.ones(overlap.shape[0], bool), np.ones(overlap.shape[1], bool)
    candidates = np.argwhere(overlap >= MATCH_IOU)
    for i, j in candidates[np.argsort(-overlap[tuple(candidates.T)], kind="stable")].tolist():
        if rows[i] and columns[j]:
            rows[i] = columns[j] = False
    return rows, columns


def _outside(boxes: np.ndarray, ignore: np.ndarray) -> int:
    """How many boxes do not lie (at least by half) in an ignore region, as COCO treats crowds."""
    if not len(boxes) or not len(ignore):
        return len(boxes)
    share = _intersection(boxes, ignore) / np.maximum(_area(boxes)[:, None], 1e-12)
    return int((share.max(axis=1) < MATCH_IOU).sum())


def _intersection(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.clip(high - low, 0, None).prod(axis=2)


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
