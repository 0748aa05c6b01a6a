"""Boxes brought into the frame of the picture as it is displayed, source by source.

What a label says of one image is not always enough to know what its numbers refer to. Then the
other images of its source decide, as one tool wrote them all; where those say nothing, or
contradict each other, the boxes are not taken, or listed for review.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hoban_assets.formats.stated_frames import (
    reach,
    same_aspect,
    scaled_frames,
    silent_frames,
    sized_by_file,
    transposed_frames,
    without_frame,
)
from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

STAGE = "facts"


def bring_into_frame(samples: Samples, facts: pd.DataFrame) -> Samples:
    """Turn, mirror or keep the boxes of images whose sizes and orientations are known.

    Args:
        samples: images with the size that their label states (0 = none), boxes in that frame.
        facts: aligned with the images: width, height (displayed), stored_width, stored_height,
            orientation.

    Returns:
        Samples with the sizes of the files; see `image_facts.apply_facts` for the rules.
    """
    images = samples.images
    stated = images[["width", "height"]].to_numpy()
    size = facts[["width", "height"]].to_numpy()
    stored = facts[["stored_width", "stored_height"]].to_numpy()
    orientation = facts.orientation.to_numpy()
    known = np.asarray((stated > 0).all(axis=1))
    differs = known & (stated != size).any(axis=1)
    is_turned = differs & (orientation >= 5) & (stated == stored).all(axis=1)
    rest = differs & ~is_turned
    far = reach(samples, stated)
    resized = rest & same_aspect(stated, size)
    scaled, unclear = scaled_frames(samples, stated, size, far, resized)
    lost, others = without_frame(samples, known, resized)
    other = rest & ~same_aspect(stated, size)
    transposed = transposed_frames(samples, stated, size, far, other & (orientation == 1))
    unclear |= other & ~transposed
    silent = (orientation >= 2) & ~differs & (far > 0).any(axis=1)
    follows = known & (orientation >= 5) & (stated == size).all(axis=1)
    follows &= (stored != size).any(axis=1) & ~sized_by_file(samples)
    turned_too, undecided, contradictory = silent_frames(
        images, silent & ~follows, is_turned, follows
    )

    seen = _seen(images, stated, size, differs)
    result = replace(samples, images=images.assign(width=size[:, 0], height=size[:, 1]))
    turns = pd.Series(orientation, index=images.image_id)
    result = _turn_boxes(result, turns[is_turned | turned_too])
    result = _transpose_frames(result, stated / np.maximum(size, 1), transposed)
    said = pd.Series([f"orientation {o}" for o in orientation], index=images.image_id)
    for decisions in (
        _of_images("size_scaled", "repair", images[scaled], seen),
        _of_images("size_transposed", "repair", images[transposed], seen),
        _of_images("exif_undecided", "review", images[undecided], said),
    ):
        result = result.with_decisions(decisions)
    result = _drop_rows(result, "size_mismatch", images[unclear], seen)
    result = _drop_rows(result, "size_mismatch", images[lost], pd.Series(others, images.image_id))
    return _drop_rows(result, "exif_undecided", images[contradictory], said)


def _drop_rows(samples: Samples, rule: str, images: pd.DataFrame, value: pd.Series) -> Samples:
    gone = samples.boxes.image_id.isin(images.image_id)
    values = value.reindex(samples.boxes.image_id[gone])
    return samples.drop_boxes(gone, stage=STAGE, rule=rule, value=values)


def _seen(
    images: pd.DataFrame, stated: NDArray[Any], size: NDArray[Any], differs: NDArray[np.bool_]
) -> pd.Series:
    texts = [
        f"{lw}x{lh} in label, {w}x{h} in file" if d else None
        for d, (lw, lh), (w, h) in zip(differs, stated, size, strict=True)
    ]
    return pd.Series(texts, index=images.image_id, dtype=object)


def _turn_boxes(samples: Samples, turns: pd.Series) -> Samples:
    """Bring boxes from the stored into the displayed frame.

    `turns` maps image ids to EXIF orientations 2-8 (Exif 2.32, tag 0x0112): 2 mirrors left and
    right, 3 turns by half, 4 mirrors top and bottom; 5 transposes, 6 turns clockwise, 7 mirrors at
    the other diagonal, 8 turns counter-clockwise. From 5 on the axes are swapped first; then x is
    mirrored for 2, 3, 6 and 7, y for 3, 4, 7 and 8.
    """
    boxes = samples.boxes
    hit = boxes.image_id.isin(turns.index).to_numpy(dtype=bool)
    if not hit.any():
        return samples
    old = boxes[hit]
    orientation = turns.reindex(old.image_id).to_numpy()
    swaps = orientation >= 5
    x = np.where(swaps, old.y_center, old.x_center)
    y = np.where(swaps, old.x_center, old.y_center)
    new = boxes.copy()
    new.loc[hit, "x_center"] = np.where(np.isin(orientation, (2, 3, 6, 7)), 1 - x, x)
    new.loc[hit, "y_center"] = np.where(np.isin(orientation, (3, 4, 7, 8)), 1 - y, y)
    new.loc[hit, "width"] = np.where(swaps, old.height, old.width)
    new.loc[hit, "height"] = np.where(swaps, old.width, old.height)
    new.loc[hit, "origin"] = "repaired"
    label_files = samples.images.set_index("image_id").label_file.reindex(old.image_id)
    decisions = _repairs(
        "exif_rotated",
        "repair",
        image_id=old.image_id,
        file=label_files.to_numpy(),
        row=old.row.where(old.row >= 0).astype("Int32"),
        value=[f"orientation {o}" for o in orientation],
    )
    return replace(samples, boxes=new).with_decisions(decisions)


def _transpose_frames(
    samples: Samples, scale: NDArray[np.float64], mask: NDArray[np.bool_]
) -> Samples:
    """Scale boxes of images whose stated width and height were swapped; pixels stay."""
    if not mask.any():
        return samples
    boxes = samples.boxes.copy()
    at = samples.positions_of(boxes.image_id)
    hit = mask[at]
    for axis, columns in enumerate((("x_center", "width"), ("y_center", "height"))):
        for column in columns:
            boxes.loc[hit, column] = boxes.loc[hit, column] * scale[at[hit], axis]
    boxes.loc[hit, "area"] = boxes.loc[hit, "width"] * boxes.loc[hit, "height"]
    boxes.loc[hit, "origin"] = "repaired"
    return replace(samples, boxes=boxes)


def _of_images(rule: str, action: str, images: pd.DataFrame, seen: pd.Series) -> pd.DataFrame:
    return _repairs(
        rule,
        action,
        image_id=images.image_id,
        file=images.label_file.fillna(images.file),
        value=seen.reindex(images.image_id),
    )


def _repairs(rule: str, action: str, **columns: Any) -> pd.DataFrame:
    rows = len(columns["image_id"])
    constant = {"stage": [STAGE] * rows, "rule": [rule] * rows, "action": [action] * rows}
    return frame_of({**constant, **columns}, DECISIONS_SCHEMA)
