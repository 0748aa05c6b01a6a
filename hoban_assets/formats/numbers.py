"""What stands in label files, as numbers: whatever is no number is NaN, never an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, compress
from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_numbers(boxes: Sequence[object]) -> NDArray[np.float64]:
    """(n, 4) of what stands in n rows; NaN where a row is no list of four, or no number.

    Numbers written as text ("39.00") are numbers; true and false are not.
    """
    fits = np.array([type(box) is list and len(box) == 4 for box in boxes], bool)
    four: Iterable[Any] = compress(boxes, fits)
    flat = list(chain.from_iterable(four))
    if not set(map(type, flat)) <= {int, float}:
        flat = [number(value) for value in flat]
    found = np.fromiter(flat, np.float64, len(flat)).reshape(-1, 4)
    found[~np.isfinite(found)] = np.nan
    if len(found) == len(boxes):
        return found
    out = np.full((len(boxes), 4), np.nan)
    out[fits] = found
    return out


def number(value: object) -> float:
    """`value` as a number; NaN where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return np.nan
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        return np.nan  # Python reads 1_0 as 10, and digits of every script; nothing else does
    try:
        return float(value)
    except (ValueError, OverflowError):
        return np.nan


def bounds(points: object) -> list[float] | None:
    """Corners of the box around a polygon: [x, y, x, y, ...] or [[x, y], ...], three points up.

    Returns:
        None where it is no such polygon.
    """
    if not isinstance(points, list) or not points:
        return None
    nested = isinstance(points[0], list)
    if nested and not all(isinstance(p, list) and len(p) == 2 for p in points):
        return None
    flat = np.array([number(v) for v in (chain.from_iterable(points) if nested else points)])
    if len(flat) < 6 or len(flat) % 2 or not np.isfinite(flat).all():
        return None
    xs, ys = flat[::2], flat[1::2]
    return [float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())]
