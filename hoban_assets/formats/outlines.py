"""Boxes that their own outline or area contradicts: one of the two is wrong, nobody knows which.

On columns: an annotation file of 860,000 rows holds 40 million numbers of outlines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoban_assets.formats.numbers import as_numbers, bounds, number
from hoban_assets.formats.rows import RowLists

SAME_IOU = 0.5
"""A box and the box around its outline that overlap less are not of the same object (as VOC)."""
SLACK_PIXELS = 3.0
"""Edges this near are the same, however small the box: outlines are often whole pixels."""
AREA_SLACK = 1.25
"""An object's area is at most that of its box; a stated area past this factor is none of it."""
_CHUNK = 50_000


def contradictions(
    objects: Sequence[Mapping[str, Any]],
    boxes: Sequence[object],
    numbers: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> dict[int, str]:
    """Find the annotations of a COCO JSON whose `bbox` is not that of `segmentation` or `area`.

    An outline decides where there is one; its area may be that of a part. Without one the area
    must not be larger than the box, nor be the one that the box has if its four numbers are
    corners. A box that is said to be turned is not what it shows.

    Args:
        objects: annotations.
        boxes: their `bbox` (x, y, width, height).
        numbers: the same as numbers, (n, 4).
        rows: positions to look at.

    Returns:
        Position to what contradicts the box.
    """
    found: dict[int, str] = {}
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        chosen = [objects[row] for row in part.tolist()]
        outline = _outlines([o.get("segmentation") for o in chosen])
        own = numbers[part]
        corners = np.hstack([own[:, :2], own[:, :2] + own[:, 2:]])
        has_outline = np.isfinite(outline).all(axis=1)
        for at in np.flatnonzero(has_outline & apart(corners, outline)).tolist():
            shown = ", ".join(f"{v:g}" for v in outline[at])
            found[int(part[at])] = f"box {boxes[part[at]]}, outline within {shown}"
        for at in [at for at, o in enumerate(chosen) if "attributes" in o and _turn(o)]:
            found[int(part[at])] = f"box {boxes[part[at]]}, turned by {_turn(chosen[at]):g} degrees"
        area = np.array([_area(o) for o in chosen])
        for at in np.flatnonzero(~has_outline & _area_differs(own, area)).tolist():
            found[int(part[at])] = f"box {boxes[part[at]]}, area {area[at]:g}"
    return found


def apart(corners: NDArray[np.float64], outline: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where boxes and the boxes around outlines, both corners (n, 4), are not the same object."""
    with np.errstate(invalid="ignore", over="ignore"):
        low = np.maximum(corners[:, :2], outline[:, :2])
        high = np.minimum(corners[:, 2:], outline[:, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        areas = [(c[:, 2:] - c[:, :2]).prod(axis=1) for c in (corners, outline)]
        far = (np.abs(corners - outline) > SLACK_PIXELS).any(axis=1)
        result: NDArray[np.bool_] = far & (shared < SAME_IOU * (areas[0] + areas[1] - shared))
    return result


def _turn(annotation: Mapping[str, Any]) -> float:
    """Degrees by which a tool (CVAT) says that the box is turned about its middle; 0: not."""
    attributes = annotation["attributes"]
    turn = number(attributes.get("rotation")) if isinstance(attributes, dict) else 0.0
    return turn % 360 if np.isfinite(turn) else 0.0


def _area(annotation: Mapping[str, Any]) -> float:
    value = annotation.get("area")
    return value if type(value) is float else number(value)


def _area_differs(numbers: NDArray[np.float64], area: NDArray[np.float64]) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore", over="ignore"):
        own = numbers[:, 2:].prod(axis=1)
        span = numbers[:, 2:] - numbers[:, :2]
        other = np.where((span > 0).all(axis=1), span.prod(axis=1), np.nan)
        as_corners = (np.abs(other - area) <= 0.01 * area) & (np.abs(own - area) > 0.1 * area)
        larger = area > AREA_SLACK * own + SLACK_PIXELS**2
        result: NDArray[np.bool_] = (area > 1) & (own > 0) & (as_corners | larger)
    return result


def _outlines(values: list[Any]) -> NDArray[np.float64]:
    """Corners (n, 4) around the polygons of each annotation; NaN where it has none."""
    out = np.full((len(values), 4), np.nan)
    at = np.array([i for i, v in enumerate(values) if type(v) is list and v], np.int64)
    if not len(at):
        return out
    polygons = [values[i] for i in at.tolist()]
    counts = [len(p) for p in polygons]
    rings = list(chain.from_iterable(polygons))
    try:
        lengths = np.array([len(ring) for ring in rings])
        flat = np.fromiter(chain.from_iterable(rings), np.float64, int(lengths.sum()))
    except (TypeError, ValueError):
        lengths, flat = np.zeros(0), np.zeros(0)
    if not len(flat) or (lengths % 2).any() or (lengths < 6).any():
        for i in at.tolist():  # something else than rings of x, y: one by one
            out[i] = _outline(values[i])
        return out
    starts = (
        np.concatenate([[0], np.cumsum(lengths)[:-1]])[
            np.concatenate([[0], np.cumsum(counts)[:-1]])
        ]
        // 2
    )
    xs, ys = flat[::2], flat[1::2]
    low, high = np.minimum, np.maximum
    edges = [low.reduceat(xs, starts), low.reduceat(ys, starts)]
    edges += [high.reduceat(xs, starts), high.reduceat(ys, starts)]
    out[at] = np.stack(edges, axis=1)
    return out


def _outline(value: list[Any]) -> list[float]:
    rings = [value] if not isinstance(value[0], list) else value
    found = [box for box in map(bounds, rings) if box is not None]
    if not found:
        return [np.nan] * 4
    array = np.array(found)
    return [*array[:, :2].min(axis=0).tolist(), *array[:, 2:].max(axis=0).tolist()]


def compare_outlines(rows: RowLists, outlines: dict[int, list[float]]) -> None:
    """Make boxes ignore regions that the polygon beside them contradicts."""
    at = list(outlines)
    corners = as_numbers([rows.box[position] for position in at])
    ordered = np.hstack(
        [np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])]
    )
    differ = apart(ordered, np.array(list(outlines.values()), np.float64).reshape(-1, 4))
    for position in [p for p, differs in zip(at, differ, strict=True) if differs]:
        around = ", ".join(f"{v:g}" for v in outlines[position])
        rows.seen[position] = f"box {rows.box[position]}, outline within {around}"
        rows.ignored[position] = "box_contradicted"
