"""Image files to sketches."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from hoban_assets.curation.copies.sketch import LENGTH, SIDE, sketch

_HALF = cv2.IMREAD_REDUCED_GRAYSCALE_2


def sketches_of(paths: Sequence[Path], workers: int) -> np.ndarray:
    """Read image files: uint8 [n, LENGTH], in the order of `paths`.

    Raises:
        ValueError: a file does not decode; image facts sort such files out before.
    """
    with ThreadPoolExecutor(max(1, workers)) as pool:
        rows = list(pool.map(sketch_of_file, paths))
    return np.stack(rows) if rows else np.empty((0, LENGTH), np.uint8)


def sketch_of_file(path: Path) -> np.ndarray:
    """Read one image file: uint8 [LENGTH]."""
    # A JPEG without its end marker counts as decodable (see formats/image_probe.py).
    data = np.frombuffer(path.read_bytes() + b"\xff\xd9", np.uint8)
    grey = cv2.imdecode(data, _HALF)  # a JPEG is then decoded at half its size: a third of the time
    if grey is not None and min(grey.shape) < SIDE:
        grey = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise ValueError(f"{path} does not decode")
    return sketch(grey)
