"""Photographs to measure with: real ones where the project has them, else drawn scenes.

The real ones lie outside the checkout (``HOBAN_REAL_RAW``, or ``../shared/real_raw`` beside it).
More are made than there are: each further one is a crop, mirrored and of other brightness, so
that no two files are equal, and some are near-duplicates, as in a real collection.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import CHECKOUT
from benchmarks.worker import Work

if TYPE_CHECKING:
    import numpy as np

QUALITY = 90
GRAIN = 4.0
"""Standard deviation of the noise, grey levels."""
SCENES = 200
"""Scenes drawn where there is no real photograph; the rest are made from them."""


def real_photographs() -> list[Path]:
    """List the real photographs, in a fixed order; empty where the project has none."""
    named = os.environ.get("HOBAN_REAL_RAW")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "real_raw"
    return sorted(folder.rglob("*.jpg"), key=str) if folder.is_dir() else []


def origin() -> str:
    """Say what the photographs are made of, for the table."""
    real = len(real_photographs())
    return f"made from {real:,} real photographs" if real else "made from drawn scenes"


def write(folder: str, count: int, width: int, height: int) -> Work:
    """Worker function: write `count` JPEG files of this size."""

    def work() -> None:
        target = Path(folder)
        target.mkdir(parents=True)
        for index, data in enumerate(_encode(count, (width, height))):
            (target / f"photo_{index:05d}.jpg").write_bytes(data)

    return work


def encoded(count: int, size: tuple[int, int]) -> list[bytes]:
    """Return `count` different JPEG files of `size` (width, height)."""
    return list(_encode(count, size))


def _encode(count: int, size: tuple[int, int]) -> Iterator[bytes]:
    import cv2
    import numpy as np

    rng = np.random.default_rng(count)
    originals = _real(count) if real_photographs() else _drawn(count, size)
    for original in originals:
        picture = cv2.resize(_vary(rng, original), size, interpolation=cv2.INTER_CUBIC)
        picture = _grain(rng, picture)
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            raise RuntimeError("cv2 could not encode a photograph")
        yield data.tobytes()


def _real(count: int) -> Iterator[np.ndarray]:
    """Yield `count` photographs, spread evenly over all of them, then round again."""
    import cv2

    paths = real_photographs()
    step = max(1, len(paths) // count)
    for index in range(count):
        picture = cv2.imread(str(paths[index * step % len(paths)]))
        if picture is None:
            raise RuntimeError("a real photograph cannot be decoded")
        yield picture


def _drawn(count: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """Yield `count` pictures made from the drawn scenes of the sample."""
    from hoban_assets.sample_data.scenes import people

    scenes = [
        people(f"photograph {index}", 0, size, 1 + index % 4, (0.3, 0.8)).frame().picture
        for index in range(min(count, SCENES))
    ]
    for index in range(count):
        yield scenes[index % len(scenes)][:, :, ::-1]  # RGB to OpenCV's order


def _vary(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    import cv2

    height, width = picture.shape[:2]
    share = rng.uniform(0.6, 1.0)
    rows, columns = int(height * share), int(width * share)
    top = int(rng.integers(0, height - rows + 1))
    left = int(rng.integers(0, width - columns + 1))
    crop = picture[top : top + rows, left : left + columns]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    return cv2.convertScaleAbs(crop, alpha=rng.uniform(0.8, 1.2), beta=rng.uniform(-15, 15))


def _grain(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Add a sensor's noise: an enlarged photograph alone is too smooth, and decodes too fast."""
    import cv2
    import numpy as np

    noise = rng.standard_normal((64, 64, 3), dtype=np.float32) * GRAIN
    tiles = [-(-side // 64) for side in picture.shape[:2]]
    field = np.tile(noise, (*tiles, 1))[: picture.shape[0], : picture.shape[1]]
    return cv2.add(picture, field, dtype=cv2.CV_8U)
