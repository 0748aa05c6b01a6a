"""Image files to sketches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from hoban_assets.curation.copies.processes import spread
from hoban_assets.curation.copies.sketch import LENGTH, SIDE, sketch

FEW = 400
"""Files up to which other processes would take longer to start than to read them."""
_PART = 64  # files that a process reads at a time
_HALF = cv2.IMREAD_REDUCED_GRAYSCALE_2


def sketches_of(
    paths: Sequence[Path], workers: int, progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """Read image files: uint8 [n, LENGTH], in the order of `paths`.

    `progress` is called with (files read, files).

    Raises:
        ValueError: a file does not decode; image facts sort such files out before.
        HobanError: a process that reads them was ended from outside.
    """
    rows = np.empty((len(paths), LENGTH), np.uint8)
    starts = range(0, len(paths), _PART)
    tasks = (paths[start : start + _PART] for start in starts)
    answers = spread(_sketches, tasks, workers if len(paths) >= FEW else 1)
    for start, part in zip(starts, answers, strict=True):
        rows[start : start + len(part)] = part
        if progress:
            progress(start + len(part), len(paths))
    return rows


def _sketches(paths: Sequence[Path]) -> np.ndarray:
    return np.stack([sketch_of_file(path) for path in paths])


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
