"""How good a feature engine is on given photographs: copies are made of them and looked for.

Nothing is assumed of what the photographs show: every change is made here, so which pairs are
copies is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hoban_assets.curation.copies.turns import TURNS, turned

GRID = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98)
"""Thresholds that are judged."""
NEAR = 0.9
"""Correlation of thumbnails from which two photographs may be frames of one moment."""
CROP = 0.8
"""Share of each side that a crop leaves."""
_QUALITY = 92
_LOW_QUALITY = 35
_BRIGHTER = 35

Picture = np.ndarray


def _crop(picture: Picture, rng: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    rows, columns = int(height * CROP), int(width * CROP)
    top, left = int(rng.integers(0, height - rows + 1)), int(rng.integers(0, width - columns + 1))
    return picture[top : top + rows, left : left + columns]


CHANGES: Mapping[str, Callable[[Picture, np.random.Generator], Picture]] = {
    "mirrored": lambda picture, _: picture[:, ::-1],
    "turned": lambda picture, rng: np.rot90(picture, int(rng.integers(1, 4))),
    "cropped": _crop,
    "recompressed": lambda picture, _: picture,
    "brighter": lambda picture, _: cv2.convertScaleAbs(picture, beta=_BRIGHTER),
    "darker": lambda picture, _: cv2.convertScaleAbs(picture, alpha=0.7),
    "smaller": lambda picture, _: cv2.resize(
        picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    ),
}
"""What is done to a photograph (uint8 [rows, columns, 3]), by name."""


def changed(picture: Picture, change: str, seed: int) -> bytes:
    """Return a JPEG of `picture` after one of `CHANGES`; the same for the same seed."""
    made = CHANGES[change](picture, np.random.default_rng(seed))
    quality = _LOW_QUALITY if change == "recompressed" else _QUALITY
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(made), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise ValueError("a photograph cannot be written as JPEG")
    return data.tobytes()


@dataclass(frozen=True)
class AtThreshold:
    """Of the pairs at and above a threshold: how many are copies; and of the copies, how many."""

    threshold: float
    precision: float
    recall: float
    wrong: int
    """Pairs of different photographs at or above it."""
    by_change: Mapping[str, float]
    """Recall of each change."""
    same_moment: int = 0
    """Pairs at or above it that may show one moment: counted neither as copies nor as mistakes."""
    least_precision: float = 1.0
    """Precision if each of those were a mistake, as a frame in which somebody moved is."""


def same_moment(thumbnails: np.ndarray) -> np.ndarray:
    """Which photographs may show one moment, in any of the eight turns: bool [n, n].

    Collections hold turned and mirrored frames of one film too, as augmentation leaves them; an
    engine that finds those is not wrong.

    Args:
        thumbnails: float32 [n, side * side + 1] as `thumbnail_features` gives them.
    """
    n, side = len(thumbnails), math.isqrt(thumbnails.shape[1])
    pixels, rest = thumbnails[:, : side * side], thumbnails[:, side * side :]
    pictures = pixels.reshape(n, side, side)
    near = np.zeros((n, n), bool)
    for turn in TURNS:
        near |= turned(pictures, turn).reshape(n, -1) @ pixels.T + rest @ rest.T >= NEAR
    return near


def judged(
    similarity: np.ndarray, changes: Sequence[str], near: np.ndarray, grid: Sequence[float] = GRID
) -> list[AtThreshold]:
    """Judge every threshold of `grid`.

    Args:
        similarity: float [n, n * (1 + changes)] of n photographs to themselves (first n columns)
            and to their copies, one block of n columns a change.
        changes: names of the blocks.
        near: bool [n, n]: photographs that may show the same moment; they are counted as
            neither copies nor mistakes.
        grid: thresholds.
    """
    n = len(similarity)
    other = ~np.eye(n, dtype=bool) & ~near
    result = []
    for threshold in grid:
        hit = np.round(similarity, 6) >= threshold
        blocks = hit.reshape(n, 1 + len(changes), n).transpose(1, 0, 2)
        found = [int(np.diagonal(block).sum()) for block in blocks[1:]]
        wrong = int((np.triu(blocks[0], 1) & other).sum())
        wrong += int(sum((block & other).sum() for block in blocks[1:]))
        right = sum(found)
        unclear = near & ~np.eye(n, dtype=bool)
        same = int(np.triu(blocks[0] & unclear, 1).sum())
        same += int(sum((block & unclear).sum() for block in blocks[1:]))
        result.append(
            AtThreshold(
                threshold=threshold,
                precision=_share(right, right + wrong),
                recall=right / (n * len(changes)),
                wrong=wrong,
                by_change={c: f / n for c, f in zip(changes, found, strict=True)},
                same_moment=same,
                least_precision=_share(right, right + wrong + same),
            )
        )
    return result


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
