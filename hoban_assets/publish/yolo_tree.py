"""Publish Samples as a YOLO tree of hard links.

::

    <destination>/
      data.yaml              relative paths: the folder can be moved
      manifest.parquet       one row an image: name, split, where it came from, what it may teach
      images/{train,val}/    hard links to the raw files (copies where that is not possible)
      labels/{train,val}/    class x_center y_center width height; empty for a background

The tree is built beside its destination and renamed into place, so a killed run leaves either
no new tree or a whole one.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import xxhash

from hoban_assets.errors import HobanError
from hoban_assets.lifeline import own_folder
from hoban_assets.publish.yolo_files import (
    MANIFEST,
    SPLITS,
    write_data_yaml,
    write_labels,
    write_manifest,
)
from hoban_assets.samples import Samples

_NO_LINK = {
    errno.EXDEV: "raw files lie on another file system",
    errno.EPERM: "the file system allows no hard links",
    errno.ENOTSUP: "the file system allows no hard links",
    errno.ENOSYS: "the file system allows no hard links",
    errno.EACCES: "hard links to these files are not allowed",
    errno.EMLINK: "a raw file has too many links",
}


@dataclass(frozen=True)
class PublishReport:
    """What lies in a published tree: `linked` + `copied` = images; why files were copied."""

    path: Path
    images: int
    boxes: int
    linked: int
    copied: int
    copy_reasons: tuple[str, ...]


def publish(
    samples: Samples,
    raw_root: Path,
    destination: Path,
    progress: Callable[[int, int], None] | None = None,
) -> PublishReport:
    """Write the tree for `samples`, whose images all have a split, to `destination`.

    A whole tree that is there already is used as it is: destinations are named after the data
    version. `progress` is called with (images done, images).

    Raises:
        HobanError: the disk is full, a raw file is gone or has changed since it was read, or the
            destination cannot be written. Nothing half-built stays, and nothing older is touched.
    """
    if not samples.images.split.isin(SPLITS).all():
        raise ValueError("every image needs a split of 'train' or 'val'")
    if (ready := read_report(destination)) is not None:
        return ready
    building = own_folder(destination.parent, "building")
    names = published_names(samples)
    try:
        _make_folders(building)
        reasons = _place_images(samples, names, raw_root, building, progress)
        write_labels(samples, names, building)
        write_data_yaml(building)
        write_manifest(samples, names, building, reasons)
        if destination.exists():  # incomplete, else it would have been used above
            destination.rename(building / "incomplete")
        shutil.rmtree(building / "incomplete", ignore_errors=True)
        building.rename(destination)
    except OSError as error:
        raise _explained(error, destination) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return _report(destination)


def published_names(samples: Samples) -> list[str]:
    """File name of each image, unique over sources: ``<source>-<stem>-<hash of the id><suffix>``.

    Ultralytics keys its per-image results by base name and tells formats by suffix. Only ASCII
    letters, digits, '_' and '-' are kept: the tree travels to other systems.
    """
    names = []
    ids, sources = samples.images.image_id.tolist(), samples.images.source.tolist()
    for image_id, source in zip(ids, sources, strict=True):
        stem, _, suffix = image_id.rsplit("/", 1)[-1].rpartition(".")
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", stem)[:60]
        tag = xxhash.xxh3_64_hexdigest(image_id.encode())[:12]
        names.append(f"{source}-{plain}-{tag}.{suffix.lower()}")
    return names


def read_report(destination: Path) -> PublishReport | None:
    """Report of a published tree, or None where there is none or files of it are missing."""
    manifest = destination / MANIFEST
    if not manifest.is_file() or not (destination / "data.yaml").is_file():
        return None
    report = _report(destination)
    whole = all(
        sum(_count(destination / folder / split) for split in SPLITS) == report.images
        for folder in ("images", "labels")
    )
    return report if whole else None


def _report(destination: Path) -> PublishReport:
    manifest = pq.ParquetFile(destination / MANIFEST)
    facts = manifest.schema_arrow.metadata
    reasons = tuple(filter(None, facts[b"copy_reasons"].decode().split("\n")))
    copied, images = int(facts[b"copied"]), manifest.metadata.num_rows
    return PublishReport(
        destination, images, int(facts[b"boxes"]), images - copied, copied, reasons
    )


def _count(folder: Path) -> int:
    suffixes = (".cache", ".npy")  # Ultralytics may leave these
    with os.scandir(folder) as entries:
        return sum(not entry.name.endswith(suffixes) for entry in entries)


def _make_folders(building: Path) -> None:
    for folder in ("images", "labels"):
        for split in SPLITS:
            (building / folder / split).mkdir(parents=True)


def _place_images(
    samples: Samples,
    names: list[str],
    raw_root: Path,
    building: Path,
    progress: Callable[[int, int], None] | None,
) -> Counter[str]:
    """Link or copy every image; return how many were copied for which reason."""
    reasons = Counter[str]()
    folders = {split: f"{building}/images/{split}/" for split in SPLITS}
    columns = [samples.images[c].tolist() for c in ("file", "split", "bytes", "needs_copy")]
    rows = zip(*columns, names, strict=True)
    for done, (file, split, size, needs_copy, name) in enumerate(rows):
        source, target = f"{raw_root}/{file}", folders[split] + name
        _must_be_unchanged(source, size)
        if needs_copy:
            _copy_with_end(source, target)
            reasons["the JPEG lacked its end marker, which was added"] += 1
        elif reason := _link(source, target):
            shutil.copy2(source, target)
            reasons[reason] += 1
        if progress and done % 1000 == 999:
            progress(done + 1, len(names))
    return reasons


def _copy_with_end(source: str, target: str) -> None:
    """Copy a JPEG that does not end in FFD9, and end it so.

    Ultralytics rewrites such a file, or drops it where Pillow finds it cut; decoders take the
    same picture from it with the marker as without (the image facts have seen to that).
    """
    shutil.copy2(source, target)
    with open(target, "ab") as file:  # noqa: PTH123
        file.write(b"\xff\xd9")


def _must_be_unchanged(source: str, size: int) -> None:
    if not size:  # not known: the file was never read
        return
    found = os.stat(source).st_size  # noqa: PTH116 - a Path an image costs as much as its link
    if found != size:
        raise HobanError(
            f"{source} has {found:,} bytes, but had {size:,} when it was read",
            "materialise the stages of this dataset again, then the dataset",
        )


def _link(source: str, target: str) -> str:
    """Hard-link; return '' or why that is not possible."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return _NO_LINK[error.errno]
    return ""


def _explained(error: OSError, destination: Path) -> HobanError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return HobanError(
            f"no space left while publishing {destination}",
            "free space under HOBAN_DATA_ROOT (or point it at a larger disk) and run this step "
            "again; the earlier dataset is untouched",
        )
    if isinstance(error, FileNotFoundError) and error.filename:
        return HobanError(
            f"{error.filename} is gone",
            "restore it under HOBAN_RAW_ROOT, or materialise the stages of this dataset again",
        )
    return HobanError(
        f"cannot publish {destination}: {error}", "mend that path and run this step again"
    )
