"""Cosine similarity of feature vectors: what rounding may do to it, and how it is settled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DECIMALS = 9
"""Similarities are compared with the threshold rounded so far: copies then have exactly 1."""

_LENGTH_TOLERANCE = 1e-4
_CHUNK = 8192


class Pairs(NamedTuple):
    """Similar images: positions (int32 [m], each) and their similarity (float32 [m])."""

    i: np.ndarray
    j: np.ndarray
    similarity: np.ndarray

    def only(self, mask: np.ndarray) -> Pairs:
        """Return the pairs where `mask` (bool [m]) is true."""
        return Pairs(self.i[mask], self.j[mask], self.similarity[mask])


def checked(features: np.ndarray) -> np.ndarray:
    """Return `features` as contiguous float32 [n, d].

    Raises:
        ValueError: a row is not finite or not of length 1.
    """
    features = np.ascontiguousarray(features, np.float32)
    if features.ndim != 2:
        raise ValueError(f"features of shape {features.shape}, expected [n, d]")
    lengths = np.sqrt(np.einsum("ij,ij->i", features, features))
    bad = np.flatnonzero(~(np.abs(lengths - 1) <= _LENGTH_TOLERANCE))  # catches NaN too
    if len(bad):
        raise ValueError(
            f"{len(bad)} images have no feature of length 1, the first is row {bad[0]}"
        )
    return features


def cosine(features: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Cosine similarity of rows `i` and `j` (int [m]) in float64, rounded to `DECIMALS`."""
    result = np.empty(len(i))
    for start in range(0, len(i), _CHUNK):
        part = slice(start, start + _CHUNK)
        a, b = features[i[part]].astype(np.float64), features[j[part]].astype(np.float64)
        lengths = np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b)
        result[part] = np.einsum("ij,ij->i", a, b) / np.sqrt(lengths)
    return np.round(result, DECIMALS)


def at_least(features: np.ndarray, pairs: Pairs, threshold: float) -> Pairs:
    """Return those of `pairs` that are similar at `threshold` as well.

    The same pairs as a search at `threshold` would find, for the price of looking: where rounding
    leaves doubt, the similarity is computed again in float64.

    Args:
        features: float32 [n, d], rows of length 1, that `pairs` was found in.
        pairs: pairs at a threshold that is not above `threshold`, of a `FeatureGraph`.
        threshold: at most 1.
    """
    similarity, unsure = pairs.similarity, np.float32(2 * doubt(features.shape[1]))
    hit = similarity >= np.float32(threshold)
    open_ = np.flatnonzero(np.abs(similarity - np.float32(threshold)) <= unsure)
    if len(open_):
        exact = cosine(features, pairs.i[open_], pairs.j[open_])
        hit[open_] = exact >= threshold
        similarity = similarity.copy()
        similarity[open_] = exact
    similarity = np.minimum(similarity, np.float32(1))
    if hit.all():  # as in a dense group: spares three copies
        return Pairs(pairs.i, pairs.j, similarity)
    return Pairs(pairs.i[hit], pairs.j[hit], similarity[hit])


def doubt(dimensions: int) -> float:
    """How far a float32 dot product of rows scaled to length 1 may be from their cosine.

    ``|fl(x.y) - x.y| <= d * 2**-24 * |x||y|`` (Higham 2002, section 3.1); scaling rounds each
    number by at most three units of 2**-24 more, on both sides.
    """
    return (dimensions + 8) * 2.0**-24
