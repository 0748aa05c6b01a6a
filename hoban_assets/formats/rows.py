"""The rules for one row of a label file, over all rows of a source at once.

In this order:

``box_malformed``   drop    no four finite numbers
``other_unit``      drop    shares of the image where pixels are due, or the reverse
``corners_swapped`` repair  left of a corner box is right of its right, or top below bottom
``box_empty``       drop    width or height is not above zero
``outside_image``   drop    less than half of the box's area lies inside the image
``clipped``         repair  it reaches over the image's edge, but at least half of it is inside
``duplicate_row``   merge   same image, class and box as an earlier row
``half_labelled``   drop    sound itself, but a row of its image is of another kind or unit

Half is the limit because up to there the middle of the box, where the object is, still lies in
the image (true for a box that leaves over one edge): clipping corrects an edge. Below half what
is left is not the object that was marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.formats.numbers import as_numbers, bounds, number
from hoban_assets.tables import Columns

__all__ = ["Encoding", "Judged", "RowLists", "as_numbers", "bounds", "judge", "number"]

Encoding: TypeAlias = Literal["corners", "top_left", "centre"]
"""x1 y1 x2 y2; x y width height from the upper left corner; x y width height from the centre."""

LEAST_INSIDE = 0.5
"""Share of a box's area that must lie inside the image for the rest to be clipped off."""
ROUNDING = 1e-6
"""Overrun, as share of the image, that is no overrun: centre and size, each printed with six
decimals as YOLO writers do, put an edge wrong by up to 0.75e-6."""

LEAST_PIXELS = 20.0
"""Sides, in pixels, from which a box of four numbers of at most 1 is no box in pixels."""
MOST_SHARE = 2.0
"""No box that is a share of its image has a larger number; what overruns stays below."""

LARGEST_ID = 127
"""Of the column class_id (int8). A source's own taxonomy may be longer (LVIS has 1,203 classes):
its further classes all have `NO_ID`, and are told apart by their names."""
NO_ID = -1


@dataclass
class RowLists:
    """Rows of the wanted classes as they stand in the files, in parallel lists.

    `box` holds what the file held (a list of numbers, or anything else). `reshaped` and
    `ignored` name the few rows that were something else than a box, or are ignore regions.
    """

    image: list[int] = field(default_factory=list)
    """Position in the table of images."""
    row: list[int] = field(default_factory=list)
    class_id: list[int] = field(default_factory=list)
    box: list[Any] = field(default_factory=list)
    seen: dict[int, object] = field(default_factory=dict)
    """Position to what stands in the file, where `box` is not just that."""
    reshaped: dict[int, str] = field(default_factory=dict)
    """Position to the rule by which the row was made a box ('polygon_to_box', 'obb_to_box')."""
    ignored: dict[int, str] = field(default_factory=dict)
    """Position to the rule by which the row is an ignore region ('crowd', 'ignore_region')."""
    refused: dict[int, str] = field(default_factory=dict)
    """Position to the rule by which the row is none, and its image not trained half labelled."""
    files: dict[int, str] = field(default_factory=dict)
    """Position to the label file of the row, where it is not the one of its image."""

    def add(self, image: int, row: int, class_id: int, box: object) -> int:
        """Append a row and return its position."""
        self.image.append(image)
        self.row.append(row)
        self.class_id.append(class_id)
        self.box.append(box)
        return len(self.box) - 1


class Verdict(NamedTuple):
    """One decision about the row at `position` of the `RowLists`."""

    position: int
    rule: str
    action: str
    threshold: float | None


@dataclass(frozen=True)
class Judged:
    """Kept boxes as columns of BOXES_SCHEMA, without image_id, and what was decided."""

    position: NDArray[np.int64]
    """Of each kept box in the `RowLists`."""
    columns: Columns
    verdicts: list[Verdict]


def judge(
    rows: RowLists,
    sizes: NDArray[np.float64],
    encoding: Encoding,
    names: Sequence[str] = CLASS_NAMES,
    numbers: NDArray[np.float64] | None = None,
) -> Judged:
    """Apply the rules of this module.

    Args:
        rows: n rows.
        sizes: (images, 2), width and height of each image in the unit of the boxes: pixels, or
            1 where boxes are shares of the image already.
        encoding: what the four numbers of a row are.
        names: of the classes, in the order of their ids.
        numbers: ``as_numbers(rows.box)`` where the caller has it already.

    Returns:
        Boxes inside 0-1, in the order of the rows.
    """
    image = np.array(rows.image, np.int64)
    class_id = np.array(rows.class_id, np.int64)
    numbers = as_numbers(rows.box) if numbers is None else numbers
    refused = _flags(rows.refused, len(image))
    unit = _other_unit(numbers, sizes[image]) & ~refused
    # Column by column in memory: NumPy asks four numbers a row in a third of the time.
    corners = np.asfortranarray(corners_of(numbers, encoding) / np.tile(sizes, 2)[image])
    malformed = ~np.isfinite(corners).all(axis=1) & ~refused & ~unit
    unread = malformed | refused | unit
    corners[unread] = 0
    swapped = (corners[:, :2] > corners[:, 2:]).any(axis=1)
    swapped &= encoding == "corners"  # a negative width is no corner: its meaning is not certain
    corners[swapped] = np.hstack(
        [
            np.minimum(corners[swapped, :2], corners[swapped, 2:]),
            np.maximum(corners[swapped, :2], corners[swapped, 2:]),
        ]
    )
    size = corners[:, 2:] - corners[:, :2]
    empty = (size <= 0).any(axis=1) & ~unread
    sound = ~unread & ~empty
    inside = corners.clip(0, 1)
    with np.errstate(over="ignore"):  # an area past all numbers is outside, as it should be
        outside = sound & (_area(inside) < (LEAST_INSIDE - ROUNDING) * _area(corners))
    clipped = sound & ~outside & (np.abs(inside - corners) > ROUNDING).any(axis=1)
    half = np.isin(image, image[refused | unit]) & sound & ~outside
    kept = sound & ~outside & ~half
    clipped &= ~half
    ignore = _flags(rows.ignored, len(image))
    duplicate = np.zeros(len(image), bool)
    duplicate[kept] = _repeated(image[kept], class_id[kept], ignore[kept], inside[kept])
    repaired = swapped | clipped | _flags(rows.reshaped, len(image))
    verdicts = [
        *(Verdict(p, rule, "repair", None) for p, rule in rows.reshaped.items()),
        *(Verdict(p, rule, "ignore", None) for p, rule in rows.ignored.items() if kept[p]),
        *(Verdict(p, rule, "drop", None) for p, rule in rows.refused.items()),
        *_verdicts(unit, "other_unit", "drop"),
        *_verdicts(malformed, "box_malformed", "drop"),
        *_verdicts(swapped & ~unread & ~half, "corners_swapped", "repair"),
        *_verdicts(empty, "box_empty", "drop", 0.0),
        *_verdicts(outside, "outside_image", "drop", LEAST_INSIDE),
        *_verdicts(clipped, "clipped", "repair", LEAST_INSIDE),
        *_verdicts(half, "half_labelled", "drop"),
        *_verdicts(duplicate, "duplicate_row", "merge"),
    ]
    position = np.flatnonzero(kept & ~duplicate)
    columns = _box_columns(inside[position], class_id[position], names)
    columns |= {
        "origin": np.where(repaired[position], "repaired", "human"),
        "ignore": ignore[position],
        "row": np.array(rows.row, np.int64)[position],
    }
    return Judged(position, columns, verdicts)


def _other_unit(numbers: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where four numbers are shares of an image in pixels, or pixels of one in shares."""
    numbers = np.asfortranarray(numbers)
    with np.errstate(invalid="ignore"):
        shares = ((numbers >= 0) & (numbers <= 1)).all(axis=1) & (numbers[:, 2:] > 0).all(axis=1)
        shares &= (numbers % 1 != 0).any(axis=1)  # 0 0 1 1 is a slip of the mouse, one pixel large
        pixels = (numbers > MOST_SHARE).any(axis=1) & np.isfinite(numbers).all(axis=1)
    in_pixels = (sizes >= LEAST_PIXELS).all(axis=1)
    result: NDArray[np.bool_] = np.where((sizes == 1).all(axis=1), pixels, shares & in_pixels)
    return result


def corners_of(numbers: NDArray[np.float64], encoding: Encoding) -> NDArray[np.float64]:
    """Corners (n, 4) in the unit of `numbers`."""
    if encoding == "corners":
        return numbers
    start, extent = numbers[:, :2], numbers[:, 2:]
    if encoding == "centre":
        start = start - extent / 2
    with np.errstate(over="ignore"):  # infinite corners are malformed
        return np.hstack([start, start + extent])


def _area(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    area: NDArray[np.float64] = (corners[:, 2:] - corners[:, :2]).prod(axis=1)
    return area


def _flags(positions: dict[int, str], length: int) -> NDArray[np.bool_]:
    flags = np.zeros(length, bool)
    flags[list(positions)] = True
    return flags


def _repeated(
    image: NDArray[np.int64],
    class_id: NDArray[np.int64],
    ignore: NDArray[np.bool_],
    corners: NDArray[np.float64],
) -> NDArray[np.bool_]:
    # Equal rows have equal sums: two columns tell the few that all columns must be asked about.
    alike = pd.DataFrame({"image": image, "sum": sum(corners.T)}).duplicated(keep=False)
    at = np.flatnonzero(alike)
    frame = pd.DataFrame(corners[at]).assign(
        image=image[at], class_id=class_id[at], ignore=ignore[at]
    )
    repeated = np.zeros(len(image), bool)
    repeated[at] = frame.duplicated()
    return repeated


def _verdicts(
    mask: Any, rule: str, action: str, threshold: float | None = None
) -> Iterator[Verdict]:
    for position in np.flatnonzero(mask):
        yield Verdict(int(position), rule, action, threshold)


def _box_columns(
    corners: NDArray[np.float64], class_id: NDArray[np.int64], names: Sequence[str]
) -> dict[str, Sequence[object] | NDArray[Any]]:
    size = corners[:, 2:] - corners[:, :2]
    centre = corners[:, :2] + size / 2
    return {
        "class_id": np.where(class_id <= LARGEST_ID, class_id, NO_ID),
        "class_name": np.array(names, object)[class_id],
        "x_center": centre[:, 0],
        "y_center": centre[:, 1],
        "width": size[:, 0],
        "height": size[:, 1],
        "area": size.prod(axis=1),
    }
