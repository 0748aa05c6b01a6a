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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from hoban_assets.files import save
from hoban_assets.yolo import SPLITS

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


def disk_use(place: Path, leave_out: frozenset[Path] = frozenset()) -> Use:
    """Measure a file or folder; one that is not there takes nothing. Links are not followed.

    About 100,000 files a second on a local disk; folders of `leave_out` are not entered.
    """
    if place.is_file() and not place.is_symlink():
        return _sum(iter([place.stat()]))
    return _sum(_files(str(place), frozenset(map(str, leave_out))))


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


def _sum(files: Iterator[os.stat_result]) -> Use:
    shared: dict[tuple[int, int], list[int]] = {}
    count = adds = links = 0
    for stat in files:
        count += 1
        size = -(-stat.st_size // BLOCK) * BLOCK
        if stat.st_nlink == 1:
            adds += size
        else:  # its names that are still to be found, its size
            left = shared.setdefault((stat.st_dev, stat.st_ino), [stat.st_nlink, size])
            left[0] -= 1
    for elsewhere, size in shared.values():
        if elsewhere:
            links += size
        else:  # all its names are here, as those of a model's last.pt
            adds += size
    return Use(count, adds, links)


def _files(folder: str, leave_out: frozenset[str]) -> Iterator[os.stat_result]:
    """Status of every file below a folder; what vanishes meanwhile, or may not be read, is none."""
    if folder in leave_out:
        return
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        with suppress(FileNotFoundError):
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, leave_out)
            elif not entry.is_symlink():
                yield os.stat(entry.path, follow_symlinks=False)  # noqa: PTH116 - a Path costs more


def _stamp(tree: Path) -> list[int]:
    """Modification times of the folders that hold its files: they change with every file."""
    folders = [tree, *(tree / kind / split for kind in ("images", "labels") for split in SPLITS)]
    return [folder.stat().st_mtime_ns if folder.is_dir() else 0 for folder in folders]
