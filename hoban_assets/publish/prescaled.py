"""Photographs scaled to the training size when they are published.

A training reads every photograph once an epoch, and most of that time goes into decoding pixels
that are thrown away when the picture is reduced to the training size. In a prescaled tree that
is done once. Each picture has exactly the size that Ultralytics would reduce it to, so loading it
at that training size resizes nothing; at any other size the tree is of no use, and
`hoban_assets.training.plan` refuses it. Labels are relative and stay as they are.

A picture larger than the size becomes a JPEG of quality 95, upright (EXIF orientation applied),
three channels of 8 bits, reduced with INTER_LINEAR from what Ultralytics would have read of the
raw file. That goes for PNG, WebP and TIFF too, whose names then end in .jpg. Smaller pictures
stay files of their own format; Ultralytics enlarges them as it always does.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from hoban_assets.errors import HobanError
from hoban_assets.file_systems import link
from hoban_assets.publish.raw_files import (
    END_OF_JPEG,
    Read,
    changed,
    must_be_unchanged,
)
from hoban_assets.publish.yolo_files import MANIFEST
from hoban_assets.samples import Samples
from hoban_assets.yolo import LEAST_SIDE

QUALITY = 95
"""JPEG quality: with INTER_LINEAR about 41 dB from what the network sees of the raw file; 90 is
two dB less for two thirds of the bytes. Full colour resolution (4:4:4) would be one dB more, for
a fifth more bytes and a tenth less speed."""
METHOD = f"INTER_LINEAR, JPEG {QUALITY}"
_BATCH = 8
"""Pictures a task: large enough for the hand-over, small enough that no thread ends long after."""


@dataclass(frozen=True)
class Scaling:
    """That a tree is to be scaled, and with what."""

    size: int
    """Pixels of the long side."""
    workers: int = 1
    """Threads; OpenCV works outside the interpreter lock. Each holds one picture at a time."""
    earlier: Sequence[Path] = ()
    """Published trees that scaled files may be taken over from."""


class Photograph(NamedTuple):
    """One picture to be scaled."""

    source: str
    """Raw file."""
    target: str
    """Published file."""
    read: Read
    """The raw file when it was read."""
    needs_end: bool
    """The raw file is a JPEG that lacks its end marker."""


def published_version(rows: str, size: int | None) -> str:
    """Data version of a dataset from that of its rows: another one for every prescaled size."""
    if size is None:
        return rows
    return xxhash.xxh3_128_hexdigest(f"{rows}\nprescaled to {size}, {METHOD}".encode())


def scaled_size(width: int, height: int, size: int) -> tuple[int, int]:
    """Width and height that Ultralytics reduces a picture to at ``imgsz=size``.

    The rule of ``ultralytics.data.base.BaseDataset.load_image`` (8.4), rounding included.
    """
    ratio = size / max(width, height)
    return min(math.ceil(width * ratio), size), min(math.ceil(height * ratio), size)


def to_be_scaled(samples: Samples, size: int) -> np.ndarray:
    """Which images are larger than `size`: bool [images].

    Raises:
        ValueError: the size of an image is not known.
    """
    sides = samples.images[["width", "height"]].to_numpy(np.int64)
    if (sides < 1).any():
        raise ValueError("images of unknown size cannot be scaled: read their facts first")
    large = sides.max(axis=1, initial=0) > size
    for index in np.flatnonzero(large):
        width, height = sides[index].tolist()
        large[index] = min(scaled_size(width, height, size)) >= LEAST_SIDE
    return large


def with_jpg(names: Sequence[str], scaled: np.ndarray) -> list[str]:
    """File names whose suffix is true: a scaled picture is a JPEG whatever it was."""
    return [
        f"{name.rpartition('.')[0]}.jpg" if is_scaled and not _is_jpeg(name) else name
        for name, is_scaled in zip(names, scaled.tolist(), strict=True)
    ]


def place_scaled(
    photographs: Sequence[Photograph],
    scaling: Scaling,
    progress: Callable[[int, int], None] | None = None,
) -> list[int]:
    """Write every photograph scaled to its target; return the size in bytes of each.

    One that an earlier tree holds, made from the same content at the same size, is linked and
    not made again. Same raw file, same bytes (of one release of OpenCV); the file has the time
    of the raw one. `progress` is called with (photographs made, photographs to make).

    Raises:
        HobanError: a raw file has changed since it was read, or does not decode.
        OSError: a raw file is gone, or the disk is full.
    """
    kept = _kept(scaling) if photographs else {}
    sizes = [_take_over(photograph, kept) for photograph in photographs]
    todo = [index for index, size in enumerate(sizes) if not size]
    done = 0
    batches = [todo[start : start + _BATCH] for start in range(0, len(todo), _BATCH)]

    def scale(batch: list[int]) -> list[int]:
        return [_scale(photographs[index], scaling.size) for index in batch]

    with ThreadPoolExecutor(max(1, scaling.workers), thread_name_prefix="prescale") as pool:
        # map() cancels what has not begun as soon as one fails, or the run is cancelled.
        for batch, written in zip(batches, pool.map(scale, batches), strict=True):
            for index, size in zip(batch, written, strict=True):
                sizes[index] = size
            done += len(batch)
            if progress:
                progress(done, len(todo))
    return sizes


def as_ultralytics_reads(data: bytes, suffix: str) -> np.ndarray | None:
    """Picture of the file content `data`: uint8 [height, width, 3], BGR; None: does not decode.

    What ``ultralytics.utils.patches.imread`` returns for a file of that suffix (without dot):
    EXIF orientation applied, transparency dropped, the high byte of 16 bits, the first page.
    """
    content = np.frombuffer(data, np.uint8)
    try:
        if suffix.lower() in ("tif", "tiff"):
            _, pages = cv2.imdecodemulti(content, cv2.IMREAD_UNCHANGED)
            if pages and pages[0].ndim == 3 and pages[0].shape[2] >= 3:  # else as any other
                first = pages[0][..., :3]
                return (first >> 8).astype(np.uint8) if first.dtype == np.uint16 else first
        return cv2.imdecode(content, cv2.IMREAD_COLOR)
    except cv2.error:  # too many pixels, unsupported coding
        return None


def _scale(photograph: Photograph, size: int) -> int:
    source = photograph.source
    with open(source, "rb") as file:  # noqa: PTH123
        data = file.read()
        modified = os.fstat(file.fileno()).st_mtime_ns
    # The bytes are here anyway, so an edit that keeps the size is seen as well.
    known = photograph.read.content_hash
    if known and xxhash.xxh3_128_hexdigest(data) != known:
        raise changed(f"{source} has other content than when it was read")
    if photograph.needs_end:
        data += END_OF_JPEG
    picture = as_ultralytics_reads(data, source.rpartition(".")[2])
    if picture is None:
        raise HobanError(
            f"{source} cannot be decoded, so it cannot be scaled to {size} pixels",
            "restore that file (or remove it), materialise the stages of this dataset again, then "
            "the dataset",
        )
    target_size = scaled_size(picture.shape[1], picture.shape[0], size)
    reduced = cv2.resize(picture, target_size, interpolation=cv2.INTER_LINEAR)
    _, encoded = cv2.imencode(".jpg", reduced, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    with open(photograph.target, "xb") as file:  # noqa: PTH123
        file.write(encoded.data)
    os.utime(photograph.target, ns=(modified, modified))
    return len(encoded)


def _take_over(photograph: Photograph, kept: dict[str, tuple[str, int]]) -> int:
    """Link the scaled file of an earlier tree; return its size, 0 where there is none."""
    must_be_unchanged(photograph.source, photograph.read)
    path, size = kept.get(photograph.read.content_hash or "", ("", 0))
    # A tree may be pruned while this one is built; a file that is not what was written is made.
    with suppress(FileNotFoundError):
        if path and os.stat(path).st_size == size:  # noqa: PTH116
            if link(path, photograph.target):
                shutil.copy2(path, photograph.target)
            return size
    return 0


def _kept(scaling: Scaling) -> dict[str, tuple[str, int]]:
    """Path and size of scaled files in earlier trees of the same size, by content hash."""
    kept: dict[str, tuple[str, int]] = {}
    for tree in scaling.earlier:
        with suppress(OSError, pa.ArrowInvalid):  # no tree, or a damaged one: nothing to take
            manifest = pq.ParquetFile(tree / MANIFEST)
            facts = manifest.schema_arrow.metadata or {}
            asked = {b"prescale": str(scaling.size).encode(), b"method": METHOD.encode()}
            if any(facts.get(key) != value for key, value in asked.items()):
                continue
            rows = manifest.read(["content_hash", "split", "name", "scaled_bytes"])
            rows = rows.filter(pc.is_valid(rows["scaled_bytes"]))
            columns = [rows[name].to_pylist() for name in rows.column_names]
            for content, split, name, size in zip(*columns, strict=True):
                kept.setdefault(content, (f"{tree}/images/{split}/{name}", size))
    return kept


def _is_jpeg(name: str) -> bool:
    return name.endswith((".jpg", ".jpeg"))
