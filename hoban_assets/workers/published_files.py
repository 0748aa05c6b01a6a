"""Are the files of a published tree those of its manifest? Asked before a tree is used again.

A published photograph is mostly a hard link to the raw file: whoever rewrites that in place
(``exiftran -i``, ``image.save(path)``) rewrites the published one with it, and its labels stay as
they were. Size and time tell it at the cost of listing the folders; content is compared where the
time is another one, and of a sample.

Only the standard library, and xxhash where there is one: this runs on servers too.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

xxhash: Any = None
# Not a plain import: a server has only what a training needs, and its bundle was verified.
with contextlib.suppress(ImportError):
    xxhash = importlib.import_module("xxhash")

COLUMNS = (
    *("name", "split", "file", "bytes", "scaled_bytes"),
    *("published_bytes", "published_mtime_ns", "published_hash", "label_bytes", "label_hash"),
)
"""What is read of the manifest. Trees of earlier releases lack all that begin with ``published``
and ``label``: of those the size of photographs is compared."""
SAME_TIME_NS = 2_000_000_000
"""Times this near are the same: archives keep whole seconds, FAT every second one."""
SAMPLE = 64
"""Photographs whose content is compared although size and time are right."""
END_OF_JPEG = 2
"""Bytes that a JPEG without its end marker is longer when published."""
NOT_PUBLISHED = (".cache", ".npy")
"""What Ultralytics leaves behind."""


def altered(
    tree: Path, rows: Iterable[Mapping[str, Any]], *, content: bool = False
) -> Iterator[str]:
    """Name each file that is not as its manifest says, and what of it differs.

    Args:
        tree: a published dataset.
        rows: of its manifest, with `COLUMNS` as far as it has them.
        content: also compare the content of every label and of `SAMPLE` photographs.
    """
    rows = list(rows)
    if wrong := _wrong_rows(rows):
        yield f"{tree / 'manifest.parquet'} is damaged: {wrong}"
        return
    written = _written(tree / "manifest.parquet")
    every = max(1, len(rows) // SAMPLE) if content else 0
    looks = {split: _listed(tree / "images" / split) for split in ("train", "val")}
    labels = {split: _listed(tree / "labels" / split) for split in ("train", "val")}
    for number, row in enumerate(rows):
        split, name = row["split"], row["name"]
        look, sampled = looks[split].pop(name, None), bool(every) and number % every == 0
        if sampled or not _is_as_published(look, row):
            image = tree / "images" / split / name
            yield from _photograph(image, row, look, sampled=sampled)
        text = f"{name.rpartition('.')[0]}.txt"
        look = labels[split].pop(text, None)
        edited = look is not None and look.st_mtime_ns > written + SAME_TIME_NS
        if content or edited or look is None or look.st_size != row.get("label_bytes"):
            path = tree / "labels" / split / text
            yield from _label(path, row, look, content=content or edited)
    for kind, listed in (("images", looks), ("labels", labels)):
        for split, left in listed.items():
            for name in sorted(left):
                yield f"{tree / kind / split / name} is not in the manifest"


def _wrong_rows(rows: list[Mapping[str, Any]]) -> str | None:
    """What no published manifest holds: a name that leads elsewhere, a name twice, no split."""
    seen = set[tuple[str, str]]()
    for row in rows:
        split, name = row.get("split"), row.get("name")
        if split not in ("train", "val") or not name or "/" in name or (split, name) in seen:
            return f"no row of one photograph is {split!r}, {name!r}"
        seen.add((split, name))
    return None


def _written(manifest: Path) -> int:
    """When the manifest was written, the last file of a tree; ns since the epoch."""
    try:
        return manifest.stat().st_mtime_ns
    except OSError:
        return 0


def _is_as_published(look: os.stat_result | None, row: Mapping[str, Any]) -> bool:
    """Whether size and time are right: nearly always, so nothing else is asked then."""
    return (
        look is not None
        and stat.S_ISREG(look.st_mode)
        and look.st_size == row.get("published_bytes")
        and abs(look.st_mtime_ns - (row.get("published_mtime_ns") or 0)) < SAME_TIME_NS
    )


def _listed(folder: Path) -> dict[str, os.stat_result]:
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.endswith(NOT_PUBLISHED):
                    with contextlib.suppress(OSError):  # a link to nothing: as if it were gone
                        found[entry.name] = entry.stat()
    except OSError:
        return {}
    return found


def _photograph(
    path: Path, row: Mapping[str, Any], look: os.stat_result | None, *, sampled: bool
) -> Iterator[str]:
    told = f"{path} (of the raw file {row['file']})" if row.get("file") else str(path)
    if look is None:
        yield f"{told} is gone"
        return
    if not stat.S_ISREG(look.st_mode):
        yield f"{told} is no regular file"
        return
    sizes = _sizes(row)
    if sizes and look.st_size not in sizes:
        yield f"{told} has {look.st_size:,} bytes, but was published with {sizes[0]:,}"
        return
    time, content = row.get("published_mtime_ns") or 0, row.get("published_hash")
    moved = time != 0 and abs(look.st_mtime_ns - time) >= SAME_TIME_NS
    if xxhash is None or not (moved or sampled):
        return
    if content is None:
        if moved:
            yield f"{told} was written to since it was published"
    elif _differs(path, content, "xxh3_128_hexdigest"):
        yield f"{told} has other content than when it was published"


def _sizes(row: Mapping[str, Any]) -> tuple[int, ...]:
    """Sizes that the photograph may have; none where nothing is known."""
    if row.get("published_bytes"):
        return (row["published_bytes"],)
    if row.get("scaled_bytes"):
        return (row["scaled_bytes"],)
    size = row.get("bytes")
    return (size, size + END_OF_JPEG) if size else ()


def _label(
    path: Path, row: Mapping[str, Any], look: os.stat_result | None, *, content: bool
) -> Iterator[str]:
    if look is None:
        yield f"{path} is gone"
        return
    if not stat.S_ISREG(look.st_mode):
        yield f"{path} is no regular file"
        return
    size, known = row.get("label_bytes"), row.get("label_hash")
    if size is not None and look.st_size != size:
        yield f"{path} has {look.st_size:,} bytes, but was published with {size:,}"
    elif content and known and _differs(path, known, "xxh3_64_hexdigest"):
        yield f"{path} has other content than when it was published"


def _differs(path: Path, known: str, method: str) -> bool:
    if xxhash is None:
        return False
    try:
        return bool(getattr(xxhash, method)(path.read_bytes()) != known)
    except OSError:
        return True
