"""Photographs as small grey pictures: enough to see how two of them lie on each other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from hoban_assets.curation.packed_boxes import TURNS, turned_picture

SIDE = 64
"""Rows and columns: a worker of 2 % of the picture still has 80 of its 4,096 pixels."""

ALIGNED = 0.95
"""Correlation from which one small picture lies on another: copies, encodings, still frames."""

_FLAT = 1.0
"""Grey levels (standard deviation) up to which a picture shows nothing."""


def small_pictures(paths: Sequence[Path], workers: int) -> np.ndarray:
    """Read photographs as uint8 [n, SIDE, SIDE], squeezed to a square.

    A file that does not decode (any more) becomes a flat picture, which lies on no other.
    """
    with ThreadPoolExecutor(max(1, workers)) as pool:
        rows = list(pool.map(_small, paths))
    return np.stack(rows) if rows else np.empty((0, SIDE, SIDE), np.uint8)


def _small(path: Path) -> np.ndarray:
    try:
        # A JPEG without its end marker counts as decodable (see formats/image_probe.py).
        data = np.frombuffer(path.read_bytes() + b"\xff\xd9", np.uint8)
        # A quarter of the size takes a JPEG a fraction of the time, and EXIF turns are applied.
        grey = cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_4)
    except (OSError, cv2.error):
        grey = None
    if grey is None:
        return np.zeros((SIDE, SIDE), np.uint8)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def standardised(pictures: np.ndarray) -> np.ndarray:
    """Mean 0 and deviation 1 for each picture, float32: blind to brightness and contrast.

    Flat ones become all 0.
    """
    grey = pictures.astype(np.float32)
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    deviation = grey.std(axis=(1, 2), keepdims=True)
    return np.asarray(np.where(deviation > _FLAT, grey / np.maximum(deviation, _FLAT), 0))


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How well each flip or turn of `first` lies on `second` (standardised): float [TURNS, n]."""
    return np.array(
        [(turned_picture(first, turn) * second).mean(axis=(1, 2)) for turn in range(TURNS)]
    )
