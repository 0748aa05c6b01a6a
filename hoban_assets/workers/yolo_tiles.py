"""Which classes a photograph does not label, at every point of what Ultralytics makes of it.

Augmentation cuts photographs of several sources together, so 'unlabelled' belongs to a place and
not to an image. Each sample carries a `Canvas`: an expression of where its pixels come from
(a photograph, pasted tiles, a warp, a mirror image, a blend), built by every augmentation from the
same numbers with which it moves the pixels. At the end it is asked at the anchor points only.

Two other ways were weighed. Boxes over whole frames, moved like labels: `RandomPerspective` drops
those that became small or thin, and a rotated frame becomes a box that is larger than the tile.
A semantic mask, which Ultralytics moves already: mixup takes one of two masks where both must
count, cutmix pastes more often as soon as there is a mask (another training), and a second raster
is warped at full size. An expression is exact for all of them, rotation and perspective too, draws
no random number, and costs what a few comparisons at 8,400 points cost.

Coordinates are continuous pixels of the canvas, (0, 0) its upper left corner, as for boxes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from yolo_support import Failure  # type: ignore[import-not-found]

MOST_CLASSES = 63
"""Bits of an int64 without its sign."""


class Canvas(ABC):
    """An area of pixels. Outside of it, and on grey padding, no class is unlabelled."""

    @abstractmethod
    def unlabelled(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Points whose x and y broadcast -> bits: bit c is set where class c is not labelled.

        A grid may be given as a row of x and a column of y: as long as nothing is rotated, all
        but the last step is then done on rows and columns, in a tenth of the time.
        """

    def unlabelled_inside(self, x: np.ndarray, y: np.ndarray) -> Any:
        """As `unlabelled`, of points that are known to lie on this canvas."""
        return self.unlabelled(x, y)


class Photograph(Canvas):
    """A whole photograph of `height` x `width` pixels.

    `bits`: classes that its source does not label, as a number of numpy. `regions`: bit and
    x1 y1 x2 y2 in pixels, where one more class is unlabelled.
    """

    def __init__(
        self, bits: Any, regions: Sequence[tuple[Any, Any]], height: int, width: int
    ) -> None:
        """Take what is known of the photograph."""
        self.bits, self.regions, self.height, self.width = bits, regions, height, width

    def unlabelled(self, x: np.ndarray, y: np.ndarray) -> Any:
        """See `Canvas`."""
        return self.unlabelled_inside(x, y) * _within(x, y, 0, 0, self.width, self.height)

    def unlabelled_inside(self, x: np.ndarray, y: np.ndarray) -> Any:
        """See `Canvas`: one number for all points, unless there are regions."""
        found = self.bits
        for bit, (x1, y1, x2, y2) in self.regions:
            there = _within(
                x, y, x1 * self.width, y1 * self.height, x2 * self.width, y2 * self.height
            )
            found = found | there * bit
        return found


class Pasted(Canvas):
    """Tiles, each over those before it.

    A tile is what shows of it (x1, y1, x2, y2; a part of its canvas), its origin (dx, dy), and
    its canvas.
    """

    def __init__(self, tiles: Sequence[tuple[Sequence[float], Sequence[float], Canvas]]) -> None:
        """Take the tiles in the order in which they were pasted."""
        self.tiles = tiles

    def unlabelled(self, x: np.ndarray, y: np.ndarray) -> Any:
        """See `Canvas`."""
        found: Any = None
        for shown, (dx, dy), canvas in self.tiles:
            bits = canvas.unlabelled_inside(x - dx, y - dy)
            if found is None:
                found = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.result_type(bits))
            np.copyto(found, bits, where=_within(x, y, *shown))  # in half the time of np.where
        return 0 if found is None else found


class Warped(Canvas):
    """`inside` moved by a 3x3 matrix onto a canvas of `size` (width, height)."""

    def __init__(self, inside: Canvas, matrix: np.ndarray, size: Sequence[float]) -> None:
        """Take the matrix that maps a point of `inside` to one of this canvas."""
        self.inside, self.size = inside, size
        self.back = _inverse(matrix)

    def unlabelled(self, x: np.ndarray, y: np.ndarray) -> Any:
        """See `Canvas`."""
        width, height = self.size
        back_x, back_y, depth = (_sum(row[0], x, row[1], y, row[2]) for row in self.back)
        if np.ndim(depth) or depth != 1:
            with np.errstate(divide="ignore", invalid="ignore"):  # the horizon is in no tile
                back_x, back_y = back_x / depth, back_y / depth
        found = self.inside.unlabelled(back_x, back_y)
        inside = x.min() >= 0 and y.min() >= 0 and x.max() < width and y.max() < height
        return found if inside else _within(x, y, 0, 0, width, height) * found


class Mirrored(Canvas):
    """`inside`, mirrored about the middle of its `width`, its `height`, or neither (None)."""

    def __init__(self, inside: Canvas, width: float | None, height: float | None) -> None:
        """Take the size of the canvas along the mirrored axis."""
        self.inside, self.width, self.height = inside, width, height

    def unlabelled(self, x: np.ndarray, y: np.ndarray) -> Any:
        """See `Canvas`."""
        x = x if self.width is None else self.width - x
        return self.inside.unlabelled(x, y if self.height is None else self.height - y)


class Blended(Canvas):
    """Two canvases that shine through each other: a class counts only if both label it."""

    def __init__(self, first: Canvas, second: Canvas) -> None:
        """Take two canvases of one size."""
        self.first, self.second = first, second

    def unlabelled(self, x: np.ndarray, y: np.ndarray) -> Any:
        """See `Canvas`."""
        return self.first.unlabelled(x, y) | self.second.unlabelled(x, y)


class Photographs:
    """Makes the canvas of each photograph of a dataset, from what the manifest says."""

    def __init__(self, facts: Mapping[str, Any], classes: int) -> None:
        """`facts`: file name -> `yolo_image_facts.ImageFacts`.

        Raises:
            Failure: there are more classes than an int64 has bits.
        """
        if classes > MOST_CLASSES:
            raise Failure(
                f"{classes} classes are too many for partial_labels: mask ({MOST_CLASSES} at most)",
                "set partial_labels: naive in the recipe",
            )
        self.dtype = np.uint8 if classes <= 8 else np.int64
        self.bits: dict[str, Any] = {}
        self.regions: dict[str, list[tuple[Any, Any]]] = {}
        for name, fact in facts.items():
            self.bits[name] = self.dtype(sum(1 << int(c) for c in np.flatnonzero(~fact.labelled)))
            if len(fact.regions):
                bits = [self.dtype(1 << int(c)) for c in fact.regions[:, 0]]
                corners = _corners(fact.regions).tolist()
                self.regions[name] = list(zip(bits, corners, strict=True))

    def canvas(self, name: str, height: int, width: int) -> Photograph:
        """Return the photograph of this file name at the size that it is loaded with."""
        return Photograph(self.bits[name], self.regions.get(name, ()), height, width)


def at_anchors(
    canvas: Canvas, height: int, width: int, strides: tuple[int, ...], scale: Any = (1, 1)
) -> np.ndarray:
    """Ask at all anchor points of a network's input: bits, in the order of its predictions.

    Level by level, row by row, in the middle of each cell (Ultralytics' `make_anchors`). `scale`:
    height and width of the canvas over those of the input.
    """
    x, y, levels = _grid(height, width, strides)
    found = canvas.unlabelled(x * scale[1], y * scale[0])
    found = np.broadcast_to(found, (y.shape[0], x.shape[1]))
    return np.concatenate([found[rows, columns].ravel() for rows, columns in levels])


@lru_cache(maxsize=64)
def _grid(
    height: int, width: int, strides: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, list[tuple[slice, slice]]]:
    """Row of x and column of y of all levels together, and the part of each level.

    One grid asks for points that no level has, and still takes half the time of one a level.
    """
    x = [(np.arange(width // stride) + 0.5) * stride for stride in strides]
    y = [(np.arange(height // stride) + 0.5) * stride for stride in strides]
    parts = zip(_parts(y), _parts(x), strict=True)
    return np.concatenate(x)[None, :], np.concatenate(y)[:, None], list(parts)


def _parts(axes: Sequence[np.ndarray]) -> list[slice]:
    ends = np.cumsum([len(axis) for axis in axes]).tolist()
    return [slice(end - len(axis), end) for axis, end in zip(axes, ends, strict=True)]


def _inverse(matrix: np.ndarray) -> Sequence[Sequence[float]]:
    """Inverse of a 3x3 matrix: of one without perspective by hand, in a tenth of the time."""
    (a, b, c), (d, e, f), last = np.asarray(matrix, np.float64).tolist()
    det = a * e - b * d
    if last != [0.0, 0.0, 1.0] or not det:
        back: Sequence[Sequence[float]] = np.linalg.inv(np.asarray(matrix, np.float64)).tolist()
        return back
    a, b, d, e = e / det, -b / det, -d / det, a / det
    return (a, b, -(a * c + b * f)), (d, e, -(d * c + e * f)), (0.0, 0.0, 1.0)


def _sum(a: float, x: np.ndarray, b: float, y: np.ndarray, c: float) -> Any:
    """A x + b y + c, which stays a row, a column or a number where it does not depend on all."""
    return (a * x if a else 0) + (b * y if b else 0) + c


def _within(x: Any, y: Any, x1: float, y1: float, x2: float, y2: float) -> Any:
    """Whether points are in the half-open rectangle."""
    return ((x >= x1) & (x < x2)) & ((y >= y1) & (y < y2))


def _corners(regions: np.ndarray) -> np.ndarray:
    """Class id and x y w h around the centre -> x1 y1 x2 y2."""
    half = regions[:, 3:5] / 2
    return np.hstack([regions[:, 1:3] - half, regions[:, 1:3] + half])
