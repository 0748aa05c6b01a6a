"""What the bytes of one image file say: does it decode, how large is it, how sharp is it.

The file is read once and everything is taken from memory. JPEGs are decoded as grey pictures at
a reduced scale (the DCT does the scaling), which visits every coded block at a third of the cost
of a full decode. libjpeg fills what it cannot decode with grey and only warns; OpenCV and Pillow
drop that warning, simplejpeg raises it, so a cut or a hole is found in a file that ends well, too.
Damage that still is a sound code stream (a flipped bit, a changed colour) is not found.
"""

from __future__ import annotations

import io
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import simplejpeg
import xxhash
from PIL import Image

from hoban_assets.yolo import LEAST_SIDE

WORK_SIDE = 320
"""Long side in pixels at which sharpness and brightness are measured (smaller images: as is)."""

FORMATS = frozenset({"JPEG", "MPO", "PNG", "BMP", "WEBP", "TIFF"})
"""Formats (Pillow's names) that Ultralytics and fastdup both read."""

EXIF_ORIENTATION = 274
MISSING = "missing"
UNREADABLE = "unreadable"

_JPEGS = ("JPEG", "MPO")  # MPO: a JPEG with more pictures behind the first
_END_OF_IMAGE = b"\xff\xd9"
_PADDING = b"\x5a\xa5\x33\xcc" * 1024
_REDUCED = (8, 4, 2)
_IS_CUT = re.compile("premature end", re.IGNORECASE)
_IS_BROKEN = re.compile(r"bad Huffman|before marker 0xd9|restart|resync|instead of RST|DCT coef")
"""libjpeg's warnings (jerror.h) that mean lost picture data. Its others, such as odd segments
before the picture or an unknown JFIF version, cost nothing."""


class ImageFact(NamedTuple):
    """Facts of one file. Where `ok` is False, `error` says why and the sizes may be 0."""

    ok: bool = False
    error: str | None = None
    width: int = 0
    height: int = 0
    stored_width: int = 0
    stored_height: int = 0
    orientation: int = 1
    format: str | None = None
    mode: str | None = None
    content_hash: str | None = None
    sharpness: float = float("nan")
    brightness: float = float("nan")
    complete: bool = False


class _Unusable(Exception):
    """The image cannot be used; the message is the reason that ends up in `ImageFact.error`."""


def probe_file(path: Path) -> ImageFact:
    """Read `path` once and return its facts. Never raises for a bad file."""
    try:
        # Without waiting: a pipe in the place of a picture would never end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return ImageFact(error=f"{UNREADABLE}: no regular file")
            data = file.read()
    except FileNotFoundError:
        return ImageFact(error=MISSING)
    except OSError as error:
        return ImageFact(error=f"{UNREADABLE}: {error.strerror}")
    return probe_bytes(data)


def probe_bytes(data: bytes) -> ImageFact:
    """Return the facts of the image file whose bytes are `data`.

    `width` and `height` are as displayed (EXIF orientation applied), as Ultralytics takes them.
    `sharpness` is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000; 3x3 kernel, grey
    levels 0-255) and `brightness` the mean grey level, both with the long side reduced to
    `WORK_SIDE` pixels, so that pictures of different resolution can be compared.
    `complete` is False where a JPEG does not end in FFD9: Ultralytics rewrites such a file.

    A JPEG that was cut is not ok; one that lacks nothing but its end marker, or has something
    after it, is ok and not complete.
    """
    if not data:
        return ImageFact(error="zero bytes", content_hash=xxhash.xxh3_128_hexdigest(data))
    fact = ImageFact(content_hash=xxhash.xxh3_128_hexdigest(data))
    try:
        fact = _header(data, fact)
        ended = fact.format not in _JPEGS or data.endswith(_END_OF_IMAGE)
        grey = _grey(data if ended else _mended(data), fact)
    except _Unusable as error:
        return fact._replace(error=str(error))
    if fact.format not in _JPEGS:  # OpenCV's own rule decides what counts as rotated
        fact = fact._replace(height=grey.shape[0], width=grey.shape[1])
    sharpness, brightness = _measure(grey)
    complete = ended or fact.format != "JPEG"
    return fact._replace(ok=True, sharpness=sharpness, brightness=brightness, complete=complete)


def _header(data: bytes, fact: ImageFact) -> ImageFact:
    """Sizes, orientation, format from the header, through Pillow as Ultralytics does it."""
    try:
        image = Image.open(io.BytesIO(data))
    except Image.UnidentifiedImageError:
        raise _Unusable("not an image") from None
    except Exception as error:
        # Plugins raise whatever broken headers lead to (struct.error, KeyError, bombs, ...).
        raise _Unusable(f"header: {_reason(error)}") from error
    width, height = image.size
    if image.format == "TIFF":  # for this format alone Pillow states the displayed size
        width, height = image.getexif().get(256, width), image.getexif().get(257, height)
    orientation = _orientation(data, image)
    turned = orientation >= 5
    fact = fact._replace(
        width=height if turned else width,
        height=width if turned else height,
        stored_width=width,
        stored_height=height,
        orientation=orientation,
        format=image.format,
        mode=image.mode,
    )
    if image.format not in FORMATS:
        raise _Unusable(f"format {image.format} is not used")
    if min(width, height) < LEAST_SIDE:
        raise _Unusable(f"{width}x{height} pixels, at least {LEAST_SIDE} a side are needed")
    if image.format not in _JPEGS:
        _check_whole(data)
    return fact


def _orientation(data: bytes, image: Image.Image) -> int:
    if image.format == "PNG" and b"eXIf" not in data:
        return 1  # to look for a chunk behind the picture, Pillow would decode the picture
    try:
        value = image.getexif().get(EXIF_ORIENTATION, 1)
    except Exception:  # broken EXIF means no EXIF: viewers and Ultralytics ignore it, too
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _check_whole(data: bytes) -> None:
    """Raise where a file that is no JPEG was cut: PNG by its checksums, others by decoding."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format == "PNG":
                image.verify()
            else:
                image.load()
    except Exception as error:  # see _header
        raise _Unusable(f"damaged: {_reason(error)}") from error


def _mended(data: bytes) -> bytes:
    """Return a JPEG that lacks its end marker with one, or raise where image data is missing.

    Whether anything is missing shows when other data is put in its place: if a decoder still
    consumes data at the end of the file, the picture changes. Trailing zeros are what a download
    into a preallocated file leaves behind, so they do not count as data.
    """
    rest = data.rstrip(b"\0").removesuffix(b"\xff")
    ended = rest + _END_OF_IMAGE
    plain = _decode(ended, cv2.IMREAD_COLOR)
    padded = _decode(rest + _PADDING + _END_OF_IMAGE, cv2.IMREAD_COLOR)
    if plain is None or padded is None or not np.array_equal(plain, padded):
        raise _Unusable("truncated")
    return ended


def _grey(data: bytes, fact: ImageFact) -> np.ndarray:
    if fact.format in _JPEGS:
        return _grey_jpeg(data, fact)
    grey = _decode(data, cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise _Unusable("does not decode")
    return grey


def _grey_jpeg(data: bytes, fact: ImageFact) -> np.ndarray:
    """Return the stored picture at about `WORK_SIDE`; raise where libjpeg lost data on the way."""
    width, height = fact.stored_width, fact.stored_height
    side = max(width, height)
    scale = next((scale for scale in _REDUCED if side >= scale * WORK_SIDE), 1)
    least = {"min_height": -(-height // scale), "min_width": -(-width // scale)}
    try:
        return simplejpeg.decode_jpeg(data, "GRAY", **least, min_factor=1)[:, :, 0]
    except ValueError as error:
        reason = _reason(error)
    if _IS_CUT.search(reason):
        raise _Unusable("truncated")
    filled = data[: -len(_END_OF_IMAGE)].rstrip(b"\0") + _END_OF_IMAGE
    if _IS_BROKEN.search(reason) and len(filled) == len(data):
        raise _Unusable(f"damaged: {reason}")
    if len(filled) != len(data):  # zeros before the end marker: some writers fill up a block
        return _grey_jpeg(filled, fact)
    grey = _decode(data, cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise _Unusable("does not decode")
    return grey


def _decode(data: bytes, flags: int) -> np.ndarray | None:
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # too many pixels, unsupported coding
        return None


def _measure(grey: np.ndarray) -> tuple[float, float]:
    """Sharpness and brightness of `grey` (uint8 [h, w]) at the working size."""
    scale = WORK_SIDE / max(grey.shape)
    if scale < 1:
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1]
    return float(deviation[0][0]) ** 2, float(cv2.mean(grey)[0])


def _reason(error: Exception) -> str:
    """One short line of `error`."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
