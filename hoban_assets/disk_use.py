"""How much of the disk the platform takes, and what of it lies there for others as well.

A published image is a hard link to the raw file: it adds nothing to the disk. So a folder has
two figures: what it *adds* (files that lie nowhere else), and what it *links* (files that lie
elsewhere too: in the raw source, or in another version). Sizes are rounded up to whole blocks of
4 KiB, as ext4 and NTFS store files, whatever the file system: 100,000 label files of 100 bytes
take 400 MB.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from hoban_assets.files import save
from hoban_assets.yolo import SPLITS

Inode = tuple[int, int]
BLOCK = 4096
"""Bytes; the default of ext4 (mke2fs) and of NTFS up to 16 TB."""


@dataclass(frozen=True)
class Use:
    """Disk use of a folder or file, in bytes; each inode counts once."""

    files: int = 0
    adds: int = 0
    links: int = 0

    def __add__(self, other: Use) -> Use:
        """Sum of two places that share no file."""
        return Use(self.files + other.files, self.adds + other.adds, self.links + other.links)


@dataclass(frozen=True)
class Content:
    """Files below a folder; each inode counts once."""

    bytes: int = 0
    files: int = 0
    newest: float = 0.0
    """Newest modification of a folder, or of the only file; seconds since the epoch."""
    alone: int = 0
    """Bytes of files with one name."""
    shared: Mapping[Inode, tuple[int, int, int]] = field(default_factory=dict)
    """Of files with more: size, how many names there are, how many of them are here."""


def freed(contents: Iterable[Content]) -> int:
    """Bytes that the disk gains when all of these go: of files without a name elsewhere."""
    total, here = 0, Counter[Inode]()
    shared: dict[Inode, tuple[int, int, int]] = {}
    for content in contents:
        total += content.alone
        shared |= content.shared
        here.update({inode: names for inode, (_, _, names) in content.shared.items()})
    return total + sum(size for i, (size, names, _) in shared.items() if here[i] >= names)


def measure(
    place: Path, leave_out: frozenset[Path] = frozenset(), *, lenient: bool = False
) -> Content:
    """Measure a file or folder, about 100,000 files a second on a local disk.

    Symbolic links are not followed and take nothing. The newest modification is that of folders:
    hard links keep the time of the raw file.

    Args:
        place: the file or folder.
        leave_out: folders that are not entered.
        lenient: what is not there, or may not be read, takes nothing.

    Raises:
        OSError: unless `lenient`.
    """
    shared: dict[Inode, tuple[int, int, int]] = {}
    count = alone = 0
    newest = 0.0
    for status in _walk(str(place), frozenset(map(str, leave_out)), lenient):
        if S_ISDIR(status.st_mode) or (S_ISREG(status.st_mode) and not newest):
            newest = max(newest, status.st_mtime)
        if S_ISREG(status.st_mode):
            count += 1
            size = -(-status.st_size // BLOCK) * BLOCK
            inode = status.st_dev, status.st_ino
            if status.st_nlink == 1:
                alone += size
            else:
                shared[inode] = size, status.st_nlink, shared.get(inode, (0, 0, 0))[2] + 1
    return Content(alone + sum(s for s, _, _ in shared.values()), count, newest, alone, shared)


def disk_use(place: Path, leave_out: frozenset[Path] = frozenset()) -> Use:
    """Measure as `measure` does, leniently."""
    found = measure(place, leave_out, lenient=True)
    adds = freed([found])
    return Use(found.files, adds, found.bytes - adds)


def tree_use(tree: Path, cache: Path, *, fresh: bool = False) -> Use:
    """Measure a published tree, whose files are never changed, once: `cache` keeps the answer.

    It is measured again where a file came or went, or with `fresh`: then links count anew, which
    matters once raw files or other versions were deleted.
    """
    kept = cache / "disk_use.json"
    known = {}
    with suppress(OSError, ValueError):  # absent or damaged: measured again
        known = json.loads(kept.read_text(encoding="utf-8"))
    stamp = _stamp(tree)
    found = known.get(str(tree))
    if found and found["stamp"] == stamp and not fresh:
        return Use(**found["use"])
    use = disk_use(tree)
    live = {path: line for path, line in known.items() if Path(path).is_dir()}
    with suppress(OSError):  # where nothing can be written, this only takes longer each time
        save(kept, json.dumps({**live, str(tree): {"stamp": stamp, "use": asdict(use)}}))
    return use


def _walk(path: str, leave_out: frozenset[str], lenient: bool) -> Iterator[os.stat_result]:
    """Status of a file or folder, then of all below it."""
    if path in leave_out:
        return
    try:
        # not DirEntry.stat(): it knows no number of links on Windows, and may be cached
        yield (status := os.stat(path, follow_symlinks=False))  # noqa: PTH116 - a Path costs more
        below = os.listdir(path) if S_ISDIR(status.st_mode) else ()  # noqa: PTH208
    except OSError:
        if not lenient:
            raise
        return
    for name in below:
        yield from _walk(f"{path}/{name}", leave_out, lenient)


def _stamp(tree: Path) -> list[int]:
    """Modification times of the folders that hold its files: they change with every file."""
    folders = [tree, *(tree / kind / split for kind in ("images", "labels") for split in SPLITS)]
    return [folder.stat().st_mtime_ns if folder.is_dir() else 0 for folder in folders]
