"""Whether numbers in names are those of a clip: by how they follow each other."""

from __future__ import annotations

from itertools import pairwise

from hoban_assets.formats.positions import Kind

FEWEST, SHARE = 3, 0.05
DENSE = 0.25
"""Of the numbers from the first to the last, at least so many are there, or they go in steps."""
EVEN = 0.8
"""So many of the distances between times of day are the usual one, within a second."""


def is_series(numbers: list[int], images: int, kind: Kind) -> bool:
    """Whether images that share a name but for these positions are a clip of their source."""
    follow = _is_even if kind is Kind.CLOCK else is_dense
    return FEWEST <= len(numbers) <= SHARE * images and follow(numbers)


def is_dense(numbers: list[int]) -> bool:
    """Whether numbers follow each other closely, or all at the same distance."""
    gaps = _gaps(numbers)
    if len(gaps) + 1 < FEWEST:
        return False
    return len(gaps) >= DENSE * sum(gaps) / max(1, min(_usual(gaps), 100))


def _is_even(seconds: list[int]) -> bool:
    """Whether times of day are as a program takes frames, not a person photographs: evenly."""
    gaps = _gaps(seconds)
    if len(gaps) + 1 < FEWEST:
        return False
    step = _usual(gaps)
    return sum(abs(gap - step) <= 1 for gap in gaps) >= EVEN * len(gaps)


def _gaps(numbers: list[int]) -> list[int]:
    return [b - a for a, b in pairwise(sorted(set(numbers)))]


def _usual(gaps: list[int]) -> int:
    return sorted(gaps)[len(gaps) // 2]
