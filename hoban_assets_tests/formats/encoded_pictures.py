"""Pictures in the bytes of a file."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """Noise over a ramp: every coded block of it counts."""
    rng = np.random.default_rng(width * height)
    ramp = np.linspace(0, 200, width)[None, :, None]
    noise = rng.integers(0, 56, (height, width, 3))
    return Image.fromarray((ramp + noise).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def with_orientation(orientation: int, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    return encoded(picture(), kind, exif=exif)


JPEG = encoded(picture(200, 150))
PROGRESSIVE = encoded(picture(200, 150), progressive=True)
