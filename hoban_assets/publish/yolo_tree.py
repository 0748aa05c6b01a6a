"""Publish Samples as a YOLO tree of hard links.

::

    <destination>/
      data.yaml              relative paths: the folder can be moved
      manifest.parquet       one row an image: name, split, where it came from, what it may teach
      images/{train,val}/    hard links to the raw files (copies or symbolic links where that is
                             not possible), or the photographs scaled (see `prescaled`)
      labels/{train,val}/    class x_center y_center width height; empty for a background

The tree is built beside its destination and renamed into place, so a killed run leaves either
no new tree or a whole one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hoban_assets.errors import FULL, HobanError
from hoban_assets.file_systems import WINDOWS_DRIVES, existing, kind_of, link
from hoban_assets.naming import image_tag
from hoban_assets.processes.lifeline import own_folder
from hoban_assets.publish.prescaled import (
    METHOD,
    Photograph,
    Scaling,
    place_scaled,
    to_be_scaled,
    with_jpg,
)
from hoban_assets.publish.raw_files import (
    END_OF_JPEG,
    Read,
    copy_with_end,
    must_be_unchanged,
)
from hoban_assets.publish.reports import PublishReport as PublishReport
from hoban_assets.publish.reports import read_report as read_report
from hoban_assets.publish.reports import report_of
from hoban_assets.publish.reports import what_is_wrong as what_is_wrong
from hoban_assets.publish.yolo_files import (
    SPLITS,
    Placed,
    ScaledImages,
    data_yaml,
    write_labels,
    write_manifest,
)
from hoban_assets.samples import Samples
from hoban_assets.whole_folders import put_in_place, sole_maker
from hoban_assets.windows import Unfit, unfit


def publish(
    samples: Samples,
    raw_root: Path,
    destination: Path,
    progress: Callable[[int, int], None] | None = None,
    scaling: Scaling | None = None,
    waiting: Callable[[str], None] = lambda line: None,
    links: str = "hard",
) -> PublishReport:
    """Write the tree for `samples`, whose images all have a split, to `destination`.

    A whole tree that is there already is used as it is: destinations are named after the data
    version (`prescaled.published_version`). `progress` is called with (images done, images). With
    `scaling` the photographs that are larger are scaled (see `prescaled`). Of several processes
    that publish one destination the first builds it and the others take its result; `waiting` gets
    a line where this one waits, and before photographs are copied. With `links` 'symbolic' a
    photograph that cannot be linked hard is a symbolic link to the raw file, not a copy.

    Raises:
        HobanError: the disk is full, a raw file is gone, has changed since it was read or does
            not decode, or the destination cannot be written. Nothing half-built stays, and nothing
            older is touched.
    """
    if not samples.images.split.isin(SPLITS).all():
        raise ValueError("every image needs a split of 'train' or 'val'")
    with sole_maker(destination, waiting):
        ready = read_report(destination)
        return ready or _build(samples, raw_root, destination, progress, scaling, links)


def _build(
    samples: Samples,
    raw_root: Path,
    destination: Path,
    progress: Callable[[int, int], None] | None,
    scaling: Scaling | None,
    links: str,
) -> PublishReport:
    """Build the tree beside its destination and put it there; a damaged one is replaced."""
    large = to_be_scaled(samples, scaling.size) if scaling else np.zeros(len(samples.images), bool)
    names = with_jpg(published_names(samples), large)
    try:
        with own_folder(destination.parent, "building") as building:
            _make_folders(building)
            placed = Placed.none_yet(len(names))
            photographs = _place_images(
                samples, names, large, raw_root, building, placed, progress, links
            )
            scaled = None
            if scaling:
                sizes = np.zeros(len(names), np.int64)
                sizes[large] = place_scaled(photographs, scaling, progress)
                scaled = ScaledImages(scaling.size, METHOD, sizes)
                for index in np.flatnonzero(large).tolist():
                    placed.note(index, _look(building, samples, names, index), None)
            labels = write_labels(samples, names, building)
            (building / "data.yaml").write_text(data_yaml(), encoding="utf-8")
            write_manifest(samples, names, building, placed, labels, scaled)
            put_in_place(building, destination)
    except OSError as error:
        raise _explained(error, destination) from error
    return report_of(destination)


PUBLISHED_AS = {"jpe": "jpg", "jfif": "jpg", "jif": "jpg", "jfi": "jpg", "dib": "bmp"}
"""Suffixes that Ultralytics passes over in silence, and what the same format is called there."""


def unfit_names(samples: Samples, destination: Path) -> Unfit:
    """Which published names Windows cannot hold, where they would lie on a drive of its own."""
    if kind_of(existing(destination)) not in WINDOWS_DRIVES:
        return Unfit()
    names = zip(samples.images.split, published_names(samples), strict=True)
    return unfit((f"images/{split}/{name}" for split, name in names), f"{destination}/")


_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def published_names(samples: Samples) -> list[str]:
    """File name of each image, unique over sources: ``<source>-<stem>-<hash of the id><suffix>``.

    Ultralytics keys its per-image results by base name and tells formats by suffix. Only ASCII
    letters, digits, '_' and '-' are kept: the tree travels to other systems.
    """
    names = []
    ids, sources = samples.images.image_id.tolist(), samples.images.source.tolist()
    plain = {source: _NOT_PLAIN.sub("_", source) for source in set(sources)}
    for image_id, source in zip(ids, sources, strict=True):
        stem, _, suffix = image_id.rsplit("/", 1)[-1].rpartition(".")
        suffix = PUBLISHED_AS.get(suffix.lower(), suffix.lower())
        short = _NOT_PLAIN.sub("_", stem)[:60]
        names.append(f"{plain[source]}-{short}-{image_tag(image_id)}.{suffix}")
    return names


def _make_folders(building: Path) -> None:
    for folder in ("images", "labels"):
        for split in SPLITS:
            (building / folder / split).mkdir(parents=True)


def _place_images(
    samples: Samples,
    names: list[str],
    large: np.ndarray,
    raw_root: Path,
    building: Path,
    placed: Placed,
    progress: Callable[[int, int], None] | None,
    links: str,
) -> list[Photograph]:
    """Link or copy every image that is not `large`; return the others, to be scaled.

    `placed` is told of each file that it put there. What lies there is looked at, not the raw
    file: nothing can be exchanged between the look and the link.
    """
    photographs = list[Photograph]()
    folders = {split: f"{building}/images/{split}/" for split in SPLITS}
    wanted = ("file", "split", "bytes", "mtime_ns", "needs_copy", "content_hash")
    columns = [samples.images[c].tolist() for c in wanted]
    rows = zip(*columns, names, large.tolist(), strict=True)
    for done, (file, split, size, time, needs_copy, content, name, is_large) in enumerate(rows):
        source, target = f"{raw_root}/{file}", folders[split] + name
        read = Read(size, time, content if isinstance(content, str) else None)  # nan for none
        if is_large:
            photographs.append(Photograph(source, target, read, needs_copy))
            continue
        added = 0
        if needs_copy:
            copy_with_end(source, target)
            added = len(END_OF_JPEG)
            placed.reasons["the JPEG lacked its end marker, which was added"] += 1
        elif reason := link(source, target):
            if links == "symbolic":
                os.symlink(source, target)  # noqa: PTH211 - as above, a Path costs as much
                placed.symbolic[reason] += 1
            else:
                shutil.copy2(source, target)
                placed.reasons[reason] += 1
        look = must_be_unchanged(source, read, added=added, at=target)
        placed.note(done, look, None if added else read.content_hash)
        if progress and done % 1000 == 999:
            progress(done + 1 - len(photographs), len(names))
    return photographs


def _look(building: Path, samples: Samples, names: list[str], index: int) -> os.stat_result:
    split = str(samples.images.split.iat[index])
    return (building / "images" / split / names[index]).stat()


def _explained(error: OSError, destination: Path) -> HobanError:
    if error.errno in FULL:
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
        f"cannot publish {destination}: {error}", "fix that path and run this step again"
    )
