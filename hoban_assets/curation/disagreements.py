"""Labels that contradict each other on two pictures of the same thing: a list for review.

Similar features are no proof that two pictures show the same: a room is alike with and without a
person, and a mirrored picture has its labels mirrored. So the pictures themselves are laid on each
other, and a label without partner counts only where both look alike at its very place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.lying_pictures import AS_WELL, Look
from hoban_assets.curation.packed_boxes import (
    PackedBoxes,
    area,
    overlap,
    pairwise_iou,
    turned,
    turned_picture,
)
from hoban_assets.curation.same_event import MATCH_IOU
from hoban_assets.curation.small_pictures import ALIGNED, correlations, standardised
from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

LIKE = 0.25
"""Mean difference of two standardised pictures up to which a place looks alike in both."""

_AT_ONCE = 4096


@dataclass(frozen=True)
class Lonely:
    """What is without partner in a pair of images."""

    text: str
    boxes: np.ndarray
    """Corners [k, 4] in the second image's frame."""
    share: float
    """Of all labels that were compared."""


def disagreements(
    samples: Samples, first: np.ndarray, second: np.ndarray, stage: str, look: Look | None = None
) -> pd.DataFrame:
    """List the pairs of similar images whose labels contradict each other, worst first.

    They do where one image has labels and the other no box at all, or where, in a class that
    both sources label completely, a label of one has no partner in the other (one to one, best
    IoU first, at least `MATCH_IOU`). A label without partner that lies in an ignore region of the
    other image does not count: there an object was seen, and not labelled on purpose.

    With `look` the pictures decide what is compared. The flip or turn under which they lie on
    each other best is applied to the labels (correlation of at least `ALIGNED`; where there is
    none these are different pictures); no flip that does nearly as well may settle it; and at the
    place of a label without partner both must look alike, else something moved. Such a row begins
    with its doubt, 0-1: the share of the labels that are without partner times the correlation.

    Args:
        samples: the images before removal.
        first: positions in ``images``, int [m].
        second: positions of the kept images that they are similar to, int [m].
        stage: name of the stage.
        look: shows the pictures. Without it they are taken to lie as they are.

    Returns:
        Decisions (action ``review``, rule ``labels_disagree``, nothing removed): image_id and
        file are the first image's, witness is the second, value says what differs.
    """
    compare = _Comparison(samples)
    labelled = samples.boxes_per_image(labels_only=True).to_numpy() > 0
    some = labelled[first] | labelled[second]
    first, second = first[some], second[some]
    found: list[tuple[float, int, int, str]] = []
    for start in range(0, len(first), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        pairs = list(zip(first[part].tolist(), second[part].tolist(), strict=True))
        if look is None:
            found += [(0.0, *p, d.text) for p in pairs if (d := compare.under(*p, turn=0))]
        else:
            found += _seen(compare, pairs, look)
    found.sort(key=lambda row: -row[0])
    images = samples.images
    here, there = [row[1] for row in found], [row[2] for row in found]
    return frame_of(
        {
            "image_id": images.image_id.iloc[here],
            "stage": [stage] * len(found),
            "rule": ["labels_disagree"] * len(found),
            "action": ["review"] * len(found),
            "file": images.file.iloc[here],
            "value": [row[3] for row in found],
            "witness": images.image_id.iloc[there],
        },
        DECISIONS_SCHEMA,
    )


def _seen(
    compare: _Comparison, pairs: list[tuple[int, int]], look: Look
) -> Iterator[tuple[float, int, int, str]]:
    """Yield doubt, positions and text of the pairs that a person should look at."""
    at, places = np.unique(np.array(pairs).ravel(), return_inverse=True)
    pictures = standardised(look(at))
    one, other = places.reshape(-1, 2).T
    alike = correlations(pictures[one], pictures[other])
    for k in np.flatnonzero(alike.max(axis=0) >= ALIGNED).tolist():
        best = float(alike[:, k].max())
        turns = np.flatnonzero(alike[:, k] >= best - AS_WELL)
        turns = turns[np.argsort(-alike[turns, k], kind="stable")]
        under = [compare.under(*pairs[k], turn=int(turn)) for turn in turns]
        if not all(under) or (lonely := under[0]) is None:
            continue
        laid = turned_picture(pictures[one[k]], int(turns[0]))
        apart = np.abs(laid - pictures[other[k]])
        same_place = [_mean_in(apart, box) <= LIKE for box in lonely.boxes]
        doubt = best * lonely.share * float(np.mean(same_place))
        if any(same_place):
            yield doubt, *pairs[k], f"{doubt:.2f} {lonely.text}"


def _mean_in(picture: np.ndarray, box: np.ndarray) -> float:
    """Mean of the pixels that a box (corners, 0-1) touches."""
    rows, columns = picture.shape
    left, right = int(box[0] * columns), int(np.ceil(box[2] * columns))
    top, bottom = int(box[1] * rows), int(np.ceil(box[3] * rows))
    left, top = min(max(left, 0), columns - 1), min(max(top, 0), rows - 1)
    return float(picture[top : max(bottom, top + 1), left : max(right, left + 1)].mean())


class _Comparison:
    """Compares the labels of two images."""

    def __init__(self, samples: Samples) -> None:
        self._labels = PackedBoxes.of(samples, ignore=False)
        self._regions = PackedBoxes.of(samples, ignore=True)
        self._classes = samples.images.labelled_classes.to_numpy()

    def under(self, one: int, other: int, turn: int) -> Lonely | None:
        """Say what has no partner once the first image is flipped or turned; None: nothing."""
        mine, my_class, my_regions = self._boxes(one)
        theirs, their_class, their_regions = self._boxes(other)
        mine, my_regions = turned(mine, turn), turned(my_regions, turn)
        if len(mine) and not len(theirs) and not len(their_regions):
            return Lonely(f"{len(mine)} labels here, no box in the kept image", mine, 1.0)
        if len(theirs) and not len(mine) and not len(my_regions):
            return Lonely(f"no box here, {len(theirs)} labels in the kept image", theirs, 1.0)
        text, lonely, compared = "", [], 0
        for name in sorted(set(self._classes[one]) & set(self._classes[other])):
            number = CLASS_NAMES.index(name)
            here, there = mine[my_class == number], theirs[their_class == number]
            if not len(here) and not len(there):
                continue
            compared += len(here) + len(there)
            shared = pairwise_iou(here, there)
            my_rest, their_rest = _unmatched(shared)
            rest = _outside(here[my_rest], their_regions), _outside(there[their_rest], my_regions)
            if count := len(rest[0]) + len(rest[1]):
                best = f", best IoU {shared.max():.2f}" if shared.size else ""
                text = text or (
                    f"{name}: {len(here)} here, {len(there)} in the kept image, {count} apart{best}"
                )
                lonely += [*rest[0], *rest[1]]
        return Lonely(text, np.array(lonely), len(lonely) / compared) if lonely else None

    def _boxes(self, image: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = self._labels.rows(image)
        regions = self._regions.corners[self._regions.rows(image)]
        return self._labels.corners[rows], self._labels.classes[rows], regions


def _unmatched(shared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Match one to one, best IoU first; return which rows and columns [bool] stay alone."""
    rows, columns = np.ones(shared.shape[0], bool), np.ones(shared.shape[1], bool)
    candidates = np.argwhere(shared >= MATCH_IOU)
    for i, j in candidates[np.argsort(-shared[tuple(candidates.T)], kind="stable")].tolist():
        if rows[i] and columns[j]:
            rows[i] = columns[j] = False
    return rows, columns


def _outside(boxes: np.ndarray, ignore: np.ndarray) -> np.ndarray:
    """The boxes that do not lie (at least by half) in an ignore region, as COCO treats crowds."""
    if not len(boxes) or not len(ignore):
        return boxes
    shared = overlap(boxes[:, None], ignore[None])[0]
    share = shared / np.maximum(area(boxes)[:, None], 1e-12)
    return boxes[share.max(axis=1) < MATCH_IOU]
