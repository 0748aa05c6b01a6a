"""Which images' labels may match, from a few numbers of each: far quicker than from their boxes.

Boxes with IoU >= 0.5 are near each other, so numbers that are read off all boxes of an image are
near as well. Where they are not, nobody needs to look at the boxes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hoban_assets.curation.packed_boxes import TURNS, PackedBoxes
from hoban_assets.curation.similarity import parts

_STRIP = 64
"""Rows that are compared with a band of columns at once: sorted, so that the band is narrow."""

_ROWS = 512
"""Rows of which all candidates are gathered before they are handed on."""

_SLACK = np.float32(1e-5)
"""For rounding to float32."""

_LONGEST = 4
"""Which number sorts the columns."""

_MIRRORED = (0, 4, 3, 2, 1)
"""Mirroring negates the numbers, and the lowest becomes the highest."""


class BoxShapes:
    """Numbers of the labels of images, and which images they allow to match.

    Of each axis: the mean of the boxes' centres, and the first, about a third, two thirds, and the
    last of them in their order. Centres of boxes with IoU >= 0.5 are at most half of the smaller
    box apart along each axis, as the shared length is at least half of the longer side. So where
    all boxes are matched one to one, the means differ by half the mean side at most, and the k-th
    centres by half the longest side. The mean side of one is at most twice that of the other.

    All of it for images of the same number of labels, at least one.
    """

    def __init__(self, labels: PackedBoxes, turns: int = TURNS) -> None:
        """Compute the numbers of every image; `turns`: so many flips and turns count."""
        self._turns = turns
        counts = labels.counts
        self._center = np.zeros((2, 5, len(counts)), np.float32)
        self._reach = np.zeros_like(self._center)
        self._side = np.zeros((2, len(counts)), np.float32)
        some = np.flatnonzero(counts)
        if not len(some):
            return
        start, many = labels.start[some], counts[some]
        owner = np.repeat(np.arange(len(counts)), counts)
        third = many // 3
        picks = (np.zeros_like(third), third, many - 1 - third, many - 1)
        for axis in (0, 1):
            low, high = labels.corners[:, axis], labels.corners[:, axis + 2]
            center, side = (low + high) / 2 - 0.5, high - low
            ordered = center[np.lexsort((center, owner))]
            mean_side = np.add.reduceat(side, start) / many
            self._center[axis, 0, some] = np.add.reduceat(center, start) / many
            self._reach[axis, 0, some] = mean_side / 2
            for number, pick in enumerate(picks, start=1):
                self._center[axis, number, some] = ordered[start + pick]
                self._reach[axis, number, some] = np.maximum.reduceat(side, start) / 2
            self._side[axis, some] = np.log(np.maximum(mean_side, 1e-9))

    def pairs(
        self, rows: np.ndarray, columns: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the pairs (i of `rows`, j of `columns`) that may match under some flip or turn.

        Each once, in parts of at most ``_ROWS * len(columns)``; i is not j.
        """
        columns = columns[np.argsort(self._center[0, _LONGEST, columns], kind="stable")]
        for some in parts(rows, _ROWS):
            found = [np.empty(0, np.int64)]
            for turn in range(self._turns):
                value, _ = self._turned(some, turn, 0, _LONGEST)
                ordered = some[np.argsort(value, kind="stable")]
                for strip in parts(ordered, _STRIP):
                    i, j = self._near(strip, columns, turn)
                    found.append(i.astype(np.int64) << 32 | j)
            keys = np.unique(np.concatenate(found))
            i, j = keys >> 32, keys & 0xFFFFFFFF
            yield i[i != j].astype(np.int32), j[i != j].astype(np.int32)

    def share(self, rows: np.ndarray, columns: np.ndarray) -> float:
        """Share of the pairs that `pairs` would yield, from a few of the rows."""
        some = rows[:: max(1, len(rows) // _STRIP)]
        found = sum(len(i) for i, _ in self.pairs(some, columns))
        return found / max(1, len(some) * len(columns))

    def turns(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Flips and turns of images `i` (int [m]) under which their labels may match those of `j`.

        Bit t of uint8 [m] is turn t of `packed_boxes.turned`.
        """
        found = np.zeros(len(i), np.uint8)
        for turn in range(self._turns):
            found[self._left(i, j, turn)] |= np.uint8(1 << turn)
        return found

    def _near(
        self, strip: np.ndarray, columns: np.ndarray, turn: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pairs that may match under one turn; `columns` are in order of their `_LONGEST`."""
        value, reach = self._turned(strip, turn, 0, _LONGEST)
        low, high = value - reach - _SLACK, value + reach + _SLACK
        longest = self._center[0, _LONGEST, columns]
        columns = columns[
            np.searchsorted(longest, low.min(), "left") : np.searchsorted(
                longest, high.max(), "right"
            )
        ]
        mask = np.ones((len(strip), len(columns)), bool)
        for axis, number in ((0, _LONGEST), (0, 1), (1, 0)):
            value, reach = self._turned(strip, turn, axis, number)
            there = self._center[axis, number, columns]
            mask &= there >= (value - reach - _SLACK)[:, None]
            mask &= there <= (value + reach + _SLACK)[:, None]
        row, column = np.nonzero(mask)
        i, j = strip[row], columns[column]
        left = self._left(i, j, turn)
        return i[left], j[left]

    def _left(self, i: np.ndarray, j: np.ndarray, turn: int) -> np.ndarray:
        """Places of the pairs that no number rules out."""
        left = np.arange(len(i))
        for axis in (0, 1):
            mine = self._side[axis ^ (turn >> 2), i[left]]
            near = np.abs(mine - self._side[axis, j[left]]) <= np.float32(np.log(2)) + _SLACK
            left = left[near]
            for number in range(len(_MIRRORED)):
                value, reach = self._turned(i[left], turn, axis, number)
                other = j[left]
                reach = np.minimum(reach, self._reach[axis, number, other])
                apart = np.abs(value - self._center[axis, number, other])
                left = left[apart <= reach + _SLACK]
        return left

    def _turned(
        self, images: np.ndarray, turn: int, axis: int, number: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """A number of turned images along `axis` of the turned picture, and its reach."""
        mine = axis ^ (turn >> 2)
        if not turn >> mine & 1:
            return self._center[mine, number, images], self._reach[mine, number, images]
        source = _MIRRORED[number]
        return -self._center[mine, source, images], self._reach[mine, source, images]
