"""Class numbers that count from another number than the list which names them."""

from __future__ import annotations

from collections.abc import Collection

LEAST_STRANGE = 3
"""Rows of no class from which a shifted list is believed."""


def counts_from_elsewhere(used: Collection[object], known: Collection[object]) -> str | None:
    """Say so where classes are counted from another number than the list that names them.

    Where the only number past the list is the one behind its last, and the first is never used
    (or the reverse), every row means the class before the one it seems to name.

    Args:
        used: numbers of the rows, of the whole source.
        known: numbers of the list.

    Returns:
        'higher' or 'lower', as the rows count against the list; else None.
    """
    numbers = {key for key in known if type(key) is int}
    strange = {key for key in used if key not in known}
    if not numbers or not strange:
        return None
    if strange == {max(numbers) + 1} and min(numbers) not in used:
        return "higher"
    return "lower" if strange == {min(numbers) - 1} and max(numbers) not in used else None
