"""Where a path lies: by what the file system says, not by how the path is spelled.

``data/../data``, a link, or ``D:/Raw`` on a drive that is blind to case are the same folder.
Hence files are compared by device and inode as well as by their resolved name; either is enough.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from hoban_assets.file_systems import mounted

Relation: TypeAlias = Literal["is", "in", "holds"]
Identity: TypeAlias = tuple[int, int]


def real(path: Path) -> Path:
    """Absolute path without links and '..'; of what does not exist, as far as it does."""
    return Path(os.path.realpath(path))


def relation(path: Path, place: Path) -> Relation | None:
    """How `path` lies to `place`: it *is* it, lies *in* it, *holds* it, or neither (None)."""
    path, place = real(path), real(place)
    if path == place or _identity(path) == _identity(place) is not None:
        return "is"
    if place in path.parents or _identity(place) in _above(path):
        return "in"
    if path in place.parents or _identity(path) in _above(place):
        return "holds"
    return None


def is_within(path: Path, place: Path) -> bool:
    """Whether `path` is `place` or lies below it."""
    return relation(path, place) in ("is", "in")


def below_of(path: Path, place: Path) -> Path | None:
    """Path of `path` from `place`, None where it does not lie in it; as `path` spells it."""
    path, wanted = real(path), _identity(place)
    homes = [p for p in (path, *path.parents) if p == real(place) or _identity(p) == wanted]
    return path.relative_to(homes[0]) if homes and wanted is not None else None


def touches(path: Path, places: Iterable[tuple[Path, str]]) -> str | None:
    """Reason of the first of `places` that `path` is, lies in, or holds; None where it is clear."""
    return next((why for place, why in places if relation(path, place)), None)


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _above(path: Path) -> set[Identity]:
    return {found for parent in path.parents if (found := _identity(parent)) is not None}


def link_on_the_way(path: Path, root: Path) -> Path | None:
    """First symbolic link among `path` and the folders between it and `root`, else None.

    `path` must be spelled as lying below `root`.
    """
    way = root
    for part in path.relative_to(root).parts:
        way = way / part
        if way.is_symlink():
            return way
    return None


def mounts_in(folder: Path) -> list[Path]:
    """Mount points at or below `folder`: what lies there belongs to another file system."""
    points = [point for point, _ in mounted()] or ([folder] if folder.is_mount() else [])
    return [point for point in points if point == folder or folder in point.parents]


def links_below(folder: Path, deepest: int | None = None) -> Iterator[tuple[Path, Path]]:
    """Yield every symbolic link at or below `folder` with what it leads to, following folders.

    `deepest` is the number of levels that are looked into; None: all. Reads no file status but of
    links: about 500,000 entries a second on a local disk. A folder that cannot be listed is left
    out.
    """
    waiting, seen = [(folder, 1)], set[Identity | None]()
    if folder.is_symlink():
        yield folder, real(folder)
    while waiting:
        here, depth = waiting.pop()
        if deepest is not None and depth > deepest:
            continue
        if (identity := _identity(here)) in seen:
            continue
        seen.add(identity)
        try:
            entries = os.scandir(here)
        except OSError:
            continue
        with entries:
            for entry in entries:
                if entry.is_symlink():
                    target = real(Path(entry.path))
                    yield Path(entry.path), target
                    if target.is_dir():
                        waiting.append((target, depth + 1))
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), depth + 1))
