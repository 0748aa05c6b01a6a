"""Pairs that a search found, and the best few of them of each image."""

from __future__ import annotations

import numpy as np

HIT = np.dtype([("i", "i4"), ("j", "i4"), ("score", "f4"), ("turn", "i1")])
"""A pair i < j, how good it is, and the turn of i onto j (-1: not known)."""


def best_of_each(hits: np.ndarray, most: int) -> np.ndarray:
    """Hits among the `most` best ones of `i` as the first image, or of `j` as the second."""
    keep = np.zeros(len(hits), bool)
    for side in ("i", "j"):
        order = np.lexsort((hits["j"], hits["i"], -hits["score"], hits[side]))
        image = hits[side][order]
        start = np.flatnonzero(np.r_[True, image[1:] != image[:-1]])
        place = np.arange(len(image)) - np.repeat(start, np.diff(np.r_[start, len(image)]))
        keep[order[place < most]] = True
    return hits[keep]
