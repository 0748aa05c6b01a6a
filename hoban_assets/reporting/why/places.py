"""Where a box is: in pixels for people, and back from what a label file had.

Boxes here are (left, top, right, bottom) as shares of the image, 0-1 where they lie inside.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from hoban_assets.catalog.asked import Row

Place: TypeAlias = tuple[float, float, float, float]
_PAIRS = {
    "aihub": "corners",
    "widerperson": "corners",
    "voc": "corners",
    "coco": "top_left",
    "yolo": "centre",
}
"""Format of a source to what the four numbers of its rows are."""


def place_of(box: Row) -> Place:
    """The place of a row of the catalog's boxes."""
    half_width, half_height = box["width"] / 2, box["height"] / 2
    x, y = box["x_center"], box["y_center"]
    return x - half_width, y - half_height, x + half_width, y + half_height


def in_pixels(place: Place, width: int, height: int) -> str:
    """``812,403 → 901,455``: the upper left and the lower right corner, whole pixels."""
    left, top, right, bottom = place
    across, down = width or 1, height or 1
    if not width or not height:
        return f"{left:.4f},{top:.4f} → {right:.4f},{bottom:.4f}"
    return (
        f"{round(left * across)},{round(top * down)} → "
        f"{round(right * across)},{round(bottom * down)}"
    )


def written(value: str | None, format_name: str, width: int, height: int) -> Place | None:
    """The place that a row of a label file names, from the text that a decision kept of it.

    Args:
        value: numbers as JSON or, of a YOLO row, as they stand in it with the class before them.
        format_name: format of the source.
        width: of the frame that the label is about, in pixels; not looked at for YOLO.
        height: the same.

    Returns:
        None where it names none: too few numbers, no numbers, a text that was cut.
    """
    encoding = _PAIRS.get(format_name)
    numbers = _numbers(value, format_name)
    if encoding is None or len(numbers) < 4:
        return None
    if len(numbers) > 4:
        xs, ys = numbers[::2], numbers[1::2]
        numbers, encoding = [min(xs), min(ys), max(xs), max(ys)], "corners"
    first, second, third, fourth = numbers
    if encoding == "top_left":
        third, fourth = first + third, second + fourth
    elif encoding == "centre":
        first, second, third, fourth = (
            first - third / 2,
            second - fourth / 2,
            first + third / 2,
            second + fourth / 2,
        )
    across, down = (1, 1) if format_name == "yolo" else (width, height)
    if not across or not down:
        return None
    return first / across, second / down, third / across, fourth / down


def _numbers(value: str | None, format_name: str) -> list[float]:
    if not value:
        return []
    if format_name == "yolo":
        flat: Sequence[Any] = value.split()[1:]
    else:
        try:
            read = json.loads(value)
        except ValueError:
            return []
        if isinstance(read, dict):
            read = read.get("box") or read.get("polygon")
        flat = list(_flat(read)) if isinstance(read, list) else []
    try:
        numbers = [float(item) for item in flat if not isinstance(item, bool)]
    except (TypeError, ValueError):
        return []
    is_whole = len(numbers) == len(flat) and len(numbers) % 2 == 0
    return numbers if is_whole and all(map(math.isfinite, numbers)) else []


def _flat(values: Sequence[Any]) -> list[Any]:
    return [v for item in values for v in (_flat(item) if isinstance(item, list) else [item])]


def before_turning(place: Place, orientation: int) -> Place:
    """Where a box lay in the picture as stored, from where it lies in the picture as shown.

    `orientation` as in EXIF (tag 0x0112, 2.32): 2 mirrors, 3 turns by 180 degrees, 4 mirrors top
    to bottom, 5 to 8 swap the axes first.
    """
    points = [(place[0], place[1]), (place[2], place[3])]
    stored = [_stored(x, y, orientation) for x, y in points]
    xs, ys = [x for x, _ in stored], [y for _, y in stored]
    return min(xs), min(ys), max(xs), max(ys)


def _stored(x: float, y: float, orientation: int) -> tuple[float, float]:
    if orientation in (2, 3, 6, 7):
        x = 1 - x
    if orientation in (3, 4, 7, 8):
        y = 1 - y
    return (y, x) if orientation >= 5 else (x, y)
