"""The same event, not only the same room: similar pictures whose labels agree as well.

Features of a picture see the room. Two photographs of a fixed camera are alike although other
people stand in it, and one of them is no duplicate of the other. So here two similar images are
duplicates only where their labels tell of one event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from hoban_assets.curation.packed_boxes import TURNS, PackedBoxes, overlap, turned
from hoban_assets.curation.similarity import Pairs, SimilarityGraph
from hoban_assets.samples import Samples

Rule: TypeAlias = Literal["picture", "event"]
"""What makes similar images duplicates: the pictures alone, or the labels as well."""

MATCH_IOU = 0.5
"""Boxes of one class that overlap this much are the same object (PASCAL VOC)."""

_BACKGROUND = -1

_ROUNDING = 1e-9
"""So that a flip, which rounds, never decides an overlap of exactly one half."""

_CELLS = 1_000_000
"""Overlaps computed at once: 100 MB."""


@dataclass(frozen=True)
class SameEvent:
    """Whether the labels of two images tell of one event: symmetric, and true of equal labels.

    *Both hold objects.* Under one of the eight flips and turns every label of either image has a
    partner in the other: one to one, of the same class, IoU >= `MATCH_IOU`; at least one label has.
    An ignore region is a place where objects were seen and not labelled on purpose, so a label
    without partner that lies by half in one of the other image is explained; the regions
    themselves need no partner. Which classes a source labels does not matter: where one image has
    persons and the other only heads, removing either would lose labels.

    *Neither does*, and both are verified backgrounds: an image without labels that is none may
    hold objects that nobody labelled, and is like nothing.

    So a background is never removed in favour of a scene with objects, nor the reverse.
    """

    samples: Samples
    backgrounds: frozenset[str] = frozenset()
    """Names of the sources whose images hold no object."""

    def __call__(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Say for images `i` and `j` (positions, int [m]) whether they agree: bool [m]."""
        agree = self._code[i] == self._code[j]
        open_ = np.flatnonzero(agree)
        open_ = open_[self._code[i[open_]] != _BACKGROUND]
        agree[open_] = False
        open_ = open_[self._could_agree(i[open_], j[open_])]
        if self._has_regions.any():
            free = (self._has_regions[i] | self._has_regions[j]) & (
                self._kind[i] & self._kind[j] > 0
            )
            open_ = np.concatenate([open_, np.flatnonzero(free)])
        for part in self._chunks(i[open_], j[open_]):
            chosen = open_[part]
            agree[chosen] = self._matched(i[chosen], j[chosen])
        return agree

    @cached_property
    def _labels(self) -> PackedBoxes:
        return PackedBoxes.of(self.samples, ignore=False)

    @cached_property
    def _regions(self) -> PackedBoxes:
        return PackedBoxes.of(self.samples, ignore=True)

    @cached_property
    def _is_background(self) -> np.ndarray:
        named = self.samples.images.source.isin(self.backgrounds).to_numpy(dtype=bool)
        return named & (self._labels.counts == 0) & (self._regions.counts == 0)

    @cached_property
    def _kind(self) -> np.ndarray:
        """Bits of the classes that an image has labels of: uint8 [n]."""
        return ((self._labels.by_class() > 0) << np.arange(4)).sum(axis=1).astype(np.uint8)

    @cached_property
    def _has_regions(self) -> np.ndarray:
        return self._regions.counts > 0

    @cached_property
    def _code(self) -> np.ndarray:
        """Which numbers of labels by class an image has, as one number: int32 [n].

        Backgrounds are `_BACKGROUND`. Images with ignore regions, and without labels, have a
        number of their own each.
        """
        alike = np.unique(self._labels.by_class(), axis=0, return_inverse=True)[1].ravel()
        own = self._has_regions | (self._labels.counts == 0)
        alike = np.where(own, -2 - np.arange(len(alike)), alike)
        return np.where(self._is_background, _BACKGROUND, alike).astype(np.int32)

    @cached_property
    def _shape(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of an image that agreeing images share nearly, and by how much they may differ.

        No flip or turn changes how far a box is from the middle of the picture along its farther
        and along its nearer axis. Centres of boxes with IoU >= 0.5 are at most half of the
        smaller box apart along each axis (the shared length is at least half of the longer side).
        So lowest, highest and mean of these distances over the boxes differ by no more than half
        the longest side, or the mean of half the longest sides, of either image's boxes.

        Returns float32 [6, n] and [6, n].
        """
        labels, n = self._labels, len(self.samples.images)
        owner = np.repeat(np.arange(n), labels.counts)
        center = (labels.corners[:, :2] + labels.corners[:, 2:]) / 2
        distance = np.sort(np.abs(center - 0.5), axis=1)
        reach = (labels.corners[:, 2:] - labels.corners[:, :2]).max(axis=1) / 2
        many = np.maximum(labels.counts, 1)
        widest = np.zeros(n)
        np.maximum.at(widest, owner, reach)
        mean = np.bincount(owner, reach, minlength=n) / many
        values, bounds = [], []
        for axis in (0, 1):
            lowest, highest = np.full(n, np.inf), np.zeros(n)
            np.minimum.at(lowest, owner, distance[:, axis])
            np.maximum.at(highest, owner, distance[:, axis])
            values += [np.bincount(owner, distance[:, axis], minlength=n) / many, highest, lowest]
            bounds += [mean, widest, widest]
        return np.array(values, np.float32), np.array(bounds, np.float32)

    def _could_agree(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Positions of the pairs that a look at a few numbers of each image does not rule out.

        For images without ignore regions, of the same number of labels of each class.
        """
        left = np.arange(len(i))
        for values, bounds in zip(*self._shape, strict=True):
            one, other = i[left], j[left]
            apart = np.abs(values[one] - values[other])
            left = left[apart <= np.minimum(bounds[one], bounds[other]) + 1e-5]
        return left

    def _chunks(self, i: np.ndarray, j: np.ndarray) -> Iterator[np.ndarray]:
        """Pairs of about the same number of boxes, so many that their overlaps fit the memory."""
        counts = np.maximum(self._labels.counts, self._regions.counts)
        scale = np.ceil(np.log2(np.maximum(counts[i], counts[j]))).astype(int)
        for power in np.unique(scale):
            alike, size = np.flatnonzero(scale == power), max(1, _CELLS >> 2 * int(power))
            for start in range(0, len(alike), size):
                yield alike[start : start + size]

    def _matched(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Whether some flip or turn matches all labels of the pairs."""
        here, my_class = self._labels.padded(i)
        there, their_class = self._labels.padded(j)
        my_regions, my_region = self._regions.padded(i)
        their_regions, their_region = self._regions.padded(j)
        same = (my_class[:, :, None] == their_class[:, None, :]) & (my_class >= 0)[:, :, None]
        found = np.zeros(len(i), bool)
        for turn in range(TURNS):
            mine = turned(here, turn)
            shared, first, second = overlap(mine[:, :, None], there[:, None, :])
            fits = same & (shared >= MATCH_IOU * (first + second - shared) - _ROUNDING)
            regions = turned(my_regions, turn)
            lone_here = (my_class >= 0) & ~_explained(mine, their_regions, their_region)
            lone_there = (their_class >= 0) & ~_explained(there, regions, my_region)
            hit = _each_has_one(fits, lone_here, lone_there) & fits.any(axis=(1, 2)) & ~found
            # Where each label has one candidate at most, having one is being matched.
            simple = (fits.sum(axis=1) <= 1).all(axis=1) & (fits.sum(axis=2) <= 1).all(axis=1)
            found |= hit & simple
            for pair in np.flatnonzero(hit & ~simple).tolist():
                found[pair] = _can_match(fits[pair], lone_here[pair], lone_there[pair])
        return found


def _explained(boxes: np.ndarray, regions: np.ndarray, is_region: np.ndarray) -> np.ndarray:
    """Which boxes ([m, k, 4]) lie by half in a region of the other image, as COCO treats crowds."""
    if not regions.shape[1]:
        return np.zeros(boxes.shape[:2], bool)
    shared, mine, _ = overlap(boxes[:, :, None], regions[:, None, :])
    inside = (shared >= MATCH_IOU * mine - _ROUNDING) & (is_region >= 0)[:, None, :]
    return np.asarray(inside.any(axis=2))


def _each_has_one(fits: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.asarray(
        (fits.any(axis=2) | ~rows).all(axis=1) & (fits.any(axis=1) | ~columns).all(axis=1)
    )


def _can_match(fits: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> bool:
    """Whether one matching holds all of `rows` and `columns`.

    It does where one holds the rows and another holds the columns (Mendelsohn and Dulmage 1958).
    """
    for part in (fits[rows], fits[:, columns].T):
        partner = csgraph.maximum_bipartite_matching(sparse.csr_array(part), perm_type="column")
        if (partner < 0).any():
            return False
    return True


@dataclass(frozen=True)
class EventGraph:
    """Of a graph of similar pictures those pairs that show one event."""

    similar: SimilarityGraph
    same_event: SameEvent

    @property
    def size(self) -> int:
        """How many images."""
        return self.similar.size

    @property
    def floor(self) -> float:
        """As of the pictures."""
        return self.similar.floor

    def between(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Iterator[Pairs]:
        """See `SimilarityGraph.between`."""
        for pairs in self.similar.between(rows, columns, threshold):
            agreeing = pairs.only(self.same_event(pairs.i, pairs.j))
            if len(agreeing.i):
                yield agreeing

    def similarity(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Of the pictures."""
        return self.similar.similarity(i, j)


def duplicates_among(
    samples: Samples,
    similar: SimilarityGraph,
    rule: Rule,
    backgrounds: frozenset[str] = frozenset(),
) -> SimilarityGraph:
    """Return the graph of duplicates by `rule` out of that of similar pictures.

    `backgrounds`: names of the sources whose images hold no object.
    """
    return similar if rule == "picture" else EventGraph(similar, SameEvent(samples, backgrounds))
