"""What lies in a published tree, and whether it is what was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hoban_assets.publish.yolo_files import MANIFEST, data_yaml
from hoban_assets.workers.published_files import COLUMNS, altered

MOST = 1000
"""Files that are not as published and that are counted before the rest is not looked at."""


@dataclass(frozen=True)
class PublishReport:
    """What lies in a published tree: `linked` + `symbolic` + `copied` + `scaled` = images."""

    path: Path
    images: int
    boxes: int
    linked: int
    copied: int
    copy_reasons: tuple[str, ...]
    """Why files were copied, or linked symbolically."""
    symbolic: int = 0
    """Symbolic links to raw files."""
    prescale: int | None = None
    """Pixels of the long side that larger photographs were scaled to; None: none was."""
    scaled: int = 0
    raw_bytes: int = 0
    """Of a prescaled tree: size of its images as raw files."""
    image_bytes: int = 0
    """Of a prescaled tree: size of its images as they are published."""


def read_report(destination: Path) -> PublishReport | None:
    """Report of a published tree, or None where there is none or its files are not as published."""
    if what_is_wrong(destination) is not None:
        return None
    return report_of(destination)


def what_is_wrong(destination: Path, *, content: bool = False) -> str | None:
    """Why a published tree cannot be used, naming the first file; None: it can.

    Every file is compared with the manifest by name, size and time (photographs whose time is
    another one and labels that are younger than the manifest by content), in a second or two for
    100,000 images. With `content` every label is read, and a sample of the photographs.
    """
    for name in (MANIFEST, "data.yaml"):
        if not (destination / name).is_file():
            return f"{destination / name} is gone"
    if (destination / "data.yaml").read_bytes() != data_yaml().encode():
        return f"{destination / 'data.yaml'} is not as it was published"
    try:
        report_of(destination)
        manifest = pq.ParquetFile(destination / MANIFEST)
        known = [name for name in COLUMNS if name in manifest.schema_arrow.names]
        rows = manifest.read(known).to_pylist()
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        return f"{destination / MANIFEST} is damaged ({type(error).__name__})"
    found = list(islice(altered(destination, rows, content=content), MOST + 1))
    if not found:
        return None
    more = len(found) - 1
    return found[0] + (f" (and {'more than ' if more >= MOST else ''}{more} more)" if more else "")


def report_of(destination: Path) -> PublishReport:
    """Report of a tree that is whole."""
    manifest = pq.ParquetFile(destination / MANIFEST)
    facts = manifest.schema_arrow.metadata
    images = manifest.metadata.num_rows
    copied, scaled = _number(facts, "copied"), _number(facts, "scaled")
    symbolic = _number(facts, "symbolic")
    return PublishReport(
        path=destination,
        images=images,
        boxes=_number(facts, "boxes"),
        linked=images - symbolic - copied - scaled,
        symbolic=symbolic,
        copied=copied,
        copy_reasons=tuple(filter(None, facts[b"copy_reasons"].decode().split("\n"))),
        prescale=_number(facts, "prescale") or None,
        scaled=scaled,
        raw_bytes=_number(facts, "raw_bytes"),
        image_bytes=_number(facts, "image_bytes"),
    )


def _number(facts: Mapping[bytes, bytes], key: str) -> int:
    return int(facts.get(key.encode(), 0))
