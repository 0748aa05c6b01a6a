"""Whether the labels of two similar pictures tell of one event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.box_shapes import BoxShapes
from hoban_assets.curation.lying_pictures import Lying
from hoban_assets.curation.packed_boxes import TURNS, PackedBoxes, overlap, turned
from hoban_assets.curation.quality import verified_empty
from hoban_assets.samples import Samples

MATCH_IOU = 0.5
"""Boxes of one class that overlap this much are the same object (PASCAL VOC)."""

AT_ONCE = 65536
"""Pairs whose labels are compared before the next ones are."""

MANY = 1 / 16
"""Share of pairs from which a matrix product of all is quicker than the chosen pairs one by one."""

_BACKGROUND = -1

_ROUNDING = 1e-9
"""So that a flip, which rounds, never decides an overlap of exactly one half."""

_CELLS = 1_000_000
"""Overlaps computed at once: 100 MB."""


@dataclass(frozen=True)
class SameEvent:
    """Whether the labels of two images tell of one event: symmetric, and true of equal labels.

    *Both hold objects.* As the pictures lie on each other, every label of either image has a
    partner in the other: one to one, of the same class, IoU >= `MATCH_IOU`; at least one label has.
    How they lie is seen by the pictures alone (`lying`): under the flips and turns that fit best,
    or as they are where none fits clearly. By labels alone a person in another place would do, as
    some flip of the picture puts one box near another.
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
    lying: Lying | None = None
    """How pictures lie on each other. Without it they are taken to lie as they are."""

    def __call__(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Say for images `i` and `j` (positions, int [m]) whether they agree: bool [m]."""
        i, j = np.minimum(i, j), np.maximum(i, j)  # so that rounding is the same both ways
        agree = (self._code[i] == _BACKGROUND) & (self._code[j] == _BACKGROUND)
        turns = self.matching_turns(i, j)
        open_ = np.flatnonzero(turns)
        agree[open_] = True
        if self.lying is not None:
            agree[open_] = turns[open_] & self.lying(i[open_], j[open_]) > 0
        return agree

    def matching_turns(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Flips and turns of `i` that match all labels, whatever the pictures say: bits, uint8."""
        turns = np.zeros(len(i), np.uint8)
        open_ = np.flatnonzero((self._code[i] == self._code[j]) & (self._code[i] >= 0))
        turns[open_] = self._shapes.turns(i[open_], j[open_])
        if self._has_regions.any():
            free = (self._has_regions[i] | self._has_regions[j]) & (
                self._kind[i] & self._kind[j] > 0
            )
            turns[free] = (1 << self._wanted) - 1
        open_ = np.flatnonzero(turns)
        for part in self._chunks(i[open_], j[open_]):
            chosen = open_[part]
            turns[chosen] = self._matched(i[chosen], j[chosen], turns[chosen])
        return turns

    def candidates(
        self, rows: np.ndarray, columns: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray, Iterator[tuple[np.ndarray, ...]] | None]]:
        """Cut `rows` x `columns` into blocks, as far as labels allow a pair, and name the pairs.

        Yields rows, columns, and the pairs of that block that may agree, in parts; None: all.
        """
        free_row, free_column = self._has_regions[rows], self._has_regions[columns]
        yield rows[free_row], columns, None
        yield rows[~free_row], columns[free_column], None
        rows, columns = rows[~free_row], columns[~free_column]
        for code in np.intersect1d(self._code[rows], self._code[columns]).tolist():
            here, there = rows[self._code[rows] == code], columns[self._code[columns] == code]
            if code == _BACKGROUND or (code >= 0 and self._shapes.share(here, there) > MANY):
                yield here, there, None
            elif code >= 0:
                yield here, there, self._shapes.pairs(here, there)

    @cached_property
    def _wanted(self) -> int:
        """How many of the flips and turns count: where nobody looks, the picture as it is."""
        return 1 if self.lying is None else TURNS

    @cached_property
    def _shapes(self) -> BoxShapes:
        return BoxShapes(self._labels, self._wanted)

    @cached_property
    def _labels(self) -> PackedBoxes:
        return PackedBoxes.of(self.samples, ignore=False)

    @cached_property
    def _regions(self) -> PackedBoxes:
        return PackedBoxes.of(self.samples, ignore=True)

    @cached_property
    def _is_background(self) -> np.ndarray:
        images = self.samples.images
        named = images.source.isin(self.backgrounds).to_numpy(dtype=bool)
        named = named | images.image_id.isin(verified_empty(self.samples)).to_numpy(bool)
        return named & (self._labels.counts == 0) & (self._regions.counts == 0)

    @cached_property
    def _kind(self) -> np.ndarray:
        """Bits of the classes that an image has labels of: int64 [n]."""
        return ((self._labels.by_class() > 0) << np.arange(len(CLASS_NAMES))).sum(axis=1)

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

    def _chunks(self, i: np.ndarray, j: np.ndarray) -> Iterator[np.ndarray]:
        """Pairs of about the same number of boxes, so many that their overlaps fit the memory."""
        counts = np.maximum(self._labels.counts, self._regions.counts)
        scale = np.ceil(np.log2(np.maximum(counts[i], counts[j]))).astype(int)
        for power in np.unique(scale):
            alike, size = np.flatnonzero(scale == power), max(1, _CELLS >> 2 * int(power))
            for start in range(0, len(alike), size):
                yield alike[start : start + size]

    def _matched(self, i: np.ndarray, j: np.ndarray, turns: np.ndarray) -> np.ndarray:
        """Those of `turns` (bits, uint8 [m]) that match all labels of the pairs."""
        found = np.zeros_like(turns)
        for turn in range(TURNS):
            tried = np.flatnonzero(turns >> turn & 1)
            if len(tried):
                hit = self._matched_under(i[tried], j[tried], turn)
                found[tried[hit]] |= np.uint8(1 << turn)
        return found

    def _matched_under(self, i: np.ndarray, j: np.ndarray, turn: int) -> np.ndarray:
        """Whether this flip or turn of the first images matches all labels of the pairs."""
        (here, my_class), (there, their_class) = self._labels.padded(i), self._labels.padded(j)
        my_regions, my_region = self._regions.padded(i)
        their_regions, their_region = self._regions.padded(j)
        here, my_regions = turned(here, turn), turned(my_regions, turn)
        same = (my_class[:, :, None] == their_class[:, None, :]) & (my_class >= 0)[:, :, None]
        shared, first, second = overlap(here[:, :, None], there[:, None, :])
        fits = same & (shared >= MATCH_IOU * (first + second - shared) - _ROUNDING)
        lone_here = (my_class >= 0) & ~_explained(here, their_regions, their_region)
        lone_there = (their_class >= 0) & ~_explained(there, my_regions, my_region)
        hit = _each_has_one(fits, lone_here, lone_there) & fits.any(axis=(1, 2))
        # Where each label has one candidate at most, having one is being matched.
        simple = (fits.sum(axis=1) <= 1).all(axis=1) & (fits.sum(axis=2) <= 1).all(axis=1)
        for pair in np.flatnonzero(hit & ~simple).tolist():
            hit[pair] = _can_match(fits[pair], lone_here[pair], lone_there[pair])
        return np.asarray(hit)


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
    from scipy import sparse  # see `connected`
    from scipy.sparse import csgraph

    for part in (fits[rows], fits[:, columns].T):
        partner = csgraph.maximum_bipartite_matching(sparse.csr_array(part), perm_type="column")
        if (partner < 0).any():
            return False
    return True
