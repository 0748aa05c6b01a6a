"""Which frame the boxes of an image refer to, as its source shows: whole sources are judged.

Arrays are aligned with the images: sizes (n, 2) as width and height in pixels, masks (n,).
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hoban_assets.formats.frames import exceeds
from hoban_assets.formats.source_patterns import MOST_SHARE
from hoban_assets.samples import Samples

ASPECT_TOLERANCE = 0.01
"""Aspect ratios this near (relative) are the same: rounding of a scaled size stays below it."""
LEAST_IMAGES = 3
"""Images of a source from which what they have in common is its habit."""
_SWAPPED_SIDES = re.compile(r"(\d+)x(\d+) in label, \2x\1 in file")
NEUTRAL_FOR_ONE = 20
"""Images that show nothing and are believed for each one whose rows prove the stated size: at a
scale of 0.95 about one in twenty photographs has a row in the strip that is cut off."""


def scaled_frames(
    samples: Samples,
    stated: NDArray[Any],
    size: NDArray[Any],
    far: NDArray[np.float64],
    candidates: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a stated size of the same shape is the frame, and where nobody knows.

    A row beyond the file proves the stated size for its image. `frame_of_file` was decided by a
    row beyond the stated one: it disproves it for the images of its source that show nothing.
    Pictures that were enlarged show nothing; three of them and no disproof are believed.
    """
    proven = candidates & exceeds(far, size)
    bare = candidates & ~(far > 0).any(axis=1)
    neutral = candidates & ~proven & ~bare
    larger = (size > stated).all(axis=1)
    sources = samples.images.source.to_numpy()
    refuted = set(sources_of(samples, "frame_of_file"))
    believed = np.zeros(len(sources), bool)
    for source in np.unique(sources[neutral].astype(str)):
        mine = sources == source
        for part in (mine & larger, mine & ~larger):
            weight = NEUTRAL_FOR_ONE * int((mine & proven).sum())
            count = int((neutral & part).sum())
            enlarged = (part & larger).any() and count >= LEAST_IMAGES
            if source not in refuted and (weight >= count > 0 or enlarged):
                believed |= neutral & part
    return proven | bare | believed, neutral & ~believed


def transposed_frames(
    samples: Samples,
    stated: NDArray[Any],
    size: NDArray[Any],
    far: NDArray[np.float64],
    candidates: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Where a source states height and width in this order, and its rows fit width and height."""
    swapped = candidates & (stated[:, ::-1] == size).all(axis=1)
    fits = ~exceeds(far, size)
    sources = samples.images.source.to_numpy()
    proven = pd.Series(sources_of(samples, "frame_of_file", transposed=True)).value_counts()
    result = np.zeros(len(sources), bool)
    for source in np.unique(sources[swapped].astype(str)):
        mine = swapped & (sources == source)
        count = int(mine.sum()) + int(proven.get(source, 0))
        if count >= LEAST_IMAGES and fits[mine].all():
            result |= mine
    return result


def silent_frames(
    images: pd.DataFrame,
    silent: NDArray[np.bool_],
    turned: NDArray[np.bool_],
    follows: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Judge images whose size is the same turned or not (orientations 2-4, squares, no size).

    Returns:
        Those drawn on the stored picture as all others of their source are; those of a source that
        shows nothing; those of one that shows both.
    """
    sources = images.source.to_numpy()
    as_stored = silent & np.isin(sources, sources[turned])
    as_shown = silent & np.isin(sources, sources[follows])
    both = as_stored & as_shown
    return as_stored & ~both, silent & ~as_stored & ~as_shown, both


def without_frame(
    samples: Samples, known: NDArray[Any], resized: NDArray[Any]
) -> tuple[NDArray[np.bool_], NDArray[np.object_]]:
    """Images whose label states no size, in a source whose pictures were reduced or enlarged.

    Their numbers may be of the original or of the file.

    Args:
        samples: as read.
        known: images of which a size is known.
        resized: images whose file has another size of the same shape than the label states.

    Returns:
        Which they are, and what a decision says of them.
    """
    found = samples.decisions
    lacks = samples.images.image_id.isin(found.image_id[found.rule == "resolution_missing"])
    without = lacks.to_numpy(bool)
    sources = samples.images.source.to_numpy()
    lost, text = np.zeros(len(sources), bool), np.full(len(sources), None, object)
    for source in np.unique(sources[without].astype(str)):
        mine = sources == source
        sized, others = int((mine & known & ~without).sum()), int((mine & resized).sum())
        if others >= LEAST_IMAGES and others > MOST_SHARE * sized:
            lost |= mine & without
            text[mine] = f"no size in label, and {others} of {sized} others were resized"
    return lost, text


def reach(samples: Samples, stated: NDArray[Any]) -> NDArray[np.float64]:
    """Largest x and y of the boxes of each image, in the unit of `stated`; 0 without a box."""
    boxes = samples.boxes
    at = samples.positions_of(boxes.image_id)
    scale = np.maximum(stated, 1)[at]
    far = np.zeros((len(samples.images), 2))
    ends = np.stack(
        [boxes.x_center + boxes.width / 2, boxes.y_center + boxes.height / 2], axis=1
    ).reshape(-1, 2)
    np.maximum.at(far, at, ends * scale)
    return far


def sources_of(samples: Samples, rule: str, *, transposed: bool = False) -> list[str]:
    """Sources of the images that a rule was applied to while they were read."""
    found = samples.decisions[samples.decisions.rule == rule]
    return [
        str(image_id).partition("/")[0]
        for image_id, value in zip(found.image_id, found.value, strict=True)
        if not transposed or _SWAPPED_SIDES.match(str(value))
    ]


def sized_by_file(samples: Samples) -> NDArray[np.bool_]:
    """Images whose size is not that of the label: they show nothing of its frame."""
    rules = samples.decisions.rule.isin(["resolution_missing", "frame_of_file"])
    of_file = samples.images.image_id.isin(samples.decisions.image_id[rules])
    result: NDArray[np.bool_] = of_file.to_numpy(dtype=bool)
    return result


def same_aspect(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Where sizes [n, 2] have the same aspect ratio; False where one of `first` is 0."""
    crossed = first[:, ::-1].astype(np.float64) * second
    apart = np.abs(crossed[:, 0] - crossed[:, 1])
    result: NDArray[np.bool_] = np.asarray(apart <= ASPECT_TOLERANCE * crossed.min(axis=1))
    return result
