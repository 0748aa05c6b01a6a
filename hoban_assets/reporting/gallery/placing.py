"""Where the name of a box stands so that it covers no object and no other name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

Rectangle: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

GAP = 5
"""Pixels between a box and its name: the line lies there."""
TOLERABLE = 0.25
"""Share of an object (or of another name) that a name may cover where nothing is better."""


def place(
    box: Rectangle,
    extent: tuple[int, int],
    size: tuple[int, int],
    objects: Sequence[Rectangle],
    taken: Sequence[Rectangle],
) -> Rectangle | None:
    """Return the best place for the name of `box`; None where each would cover too much.

    Args:
        box: what is named.
        extent: width and height of the name.
        size: width and height of the picture; a name never leaves it.
        objects: boxes that should stay to be seen; of a large one a corner may be covered.
        taken: places of other names.
    """
    best, least = None, TOLERABLE
    for spot in _spots(box, extent, size):
        cost = sum(_covered(spot, other) for other in objects)
        cost += sum(_covered(spot, other) for other in taken)
        if cost < least:
            best, least = spot, cost
        if cost == 0:
            break
    return best


def _spots(box: Rectangle, extent: tuple[int, int], size: tuple[int, int]) -> Iterator[Rectangle]:
    """Places around a box, the usual ones first, at last in its corner."""
    left, top, right, bottom = box
    width, height = extent
    above, below = top - GAP - height, bottom + GAP
    corners = [
        (left - GAP, above),
        (right + GAP - width, above),
        (left - GAP, below),
        (right + GAP - width, below),
        (right + GAP, top),
        (left - GAP - width, top),
        (right + GAP, bottom - height),
        (left - GAP - width, bottom - height),
        (left, top),
        (left, bottom - height),
    ]
    for x, y in corners:
        x = min(max(x, 0), max(0, size[0] - width))
        if 0 <= y <= size[1] - height:
            yield x, y, x + width, y + height


def _covered(spot: Rectangle, other: Rectangle) -> float:
    """Share of `other` that lies below `spot`, 0-1."""
    width = min(spot[2], other[2]) - max(spot[0], other[0])
    height = min(spot[3], other[3]) - max(spot[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / max(1, (other[2] - other[0]) * (other[3] - other[1]))
