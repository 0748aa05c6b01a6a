"""What lies below a raw folder: one `os.scandir` a folder, one `stat` a file, nothing opened."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hoban_assets.errors import HobanError
from hoban_assets.suffixes import CLASS_SUFFIXES, LABEL_SUFFIXES, suffix_of

OPENED = LABEL_SUFFIXES | CLASS_SUFFIXES
"""What readers open beside pictures: labels, lists of images, class names."""
_LEFT_OUT = (".cache", ":Zone.Identifier")
_DROPPINGS = frozenset({"Thumbs.db", "desktop.ini", ".DS_Store"})
_INT64 = 2**63 - 1
SIZE, MTIME, CTIME, INODE = range(4)


@dataclass(frozen=True)
class Listing:
    """Files of a folder, n of them: folder by folder, each with its own files first, by name.

    So the files of a folder below stand next to each other, in the order in which a listing of
    that folder alone has them.
    """

    root: str
    """The folder, absolute."""
    folders: dict[str, tuple[int, int]]
    """Each folder below ('' is the root itself) and where its files stand in `names`."""
    names: list[str]
    """Paths below the root, '/' separated; bytes that are no UTF-8 as `os.fsdecode` has them."""
    stats: NDArray[np.int64]
    """[n, 4]: bytes, mtime and ctime in ns, inode; of what a link leads to."""
    is_label: NDArray[np.bool_]
    """[n]: regular files that end like a label. A link is none: it is never opened."""

    def below(self, folder: str) -> Listing | None:
        """Return the part below `folder`, as if listed by itself; None where it was not entered."""
        if folder not in self.folders:
            return None
        start, end = self.folders[folder]
        skip = len(folder) + 1
        inner = {
            "" if name == folder else name[skip:]: (first - start, last - start)
            for name, (first, last) in self.folders.items()
            if name == folder or name.startswith(f"{folder}/")
        }
        return Listing(
            f"{self.root}/{folder}",
            inner,
            [name[skip:] for name in self.names[start:end]],
            self.stats[start:end],
            self.is_label[start:end],
        )

    def only(self, kept: NDArray[np.bool_]) -> Listing:
        """Return it with only those files where `kept` [n] holds."""
        if kept.all():
            return self
        before = np.concatenate([[0], np.cumsum(kept)]).tolist()
        return Listing(
            self.root,
            {name: (before[first], before[last]) for name, (first, last) in self.folders.items()},
            [name for name, keep in zip(self.names, kept.tolist(), strict=True) if keep],
            self.stats[kept],
            self.is_label[kept],
        )


def walk(root: Path) -> Listing:
    """List a folder and all below it.

    Links to folders are not entered, as readers do not enter them either (one that leads upwards
    would never end). What other programs leave behind is not listed: ``*.cache`` of Ultralytics,
    ``Thumbs.db``, ``desktop.ini`` and ``*:Zone.Identifier`` of Windows, ``.DS_Store``. What is
    deleted while it is being listed is not there.

    Raises:
        HobanError: a folder cannot be listed; the message names it.
    """
    walker = _Walker()
    try:
        walker.enter(str(root), "")
    except OSError as error:
        raise HobanError(
            f"cannot list {error.filename or root}: {error.strerror}",
            "make it readable for this user (ls -ld shows who may), then run this step again",
        ) from error
    names = walker.names
    ends_so = (suffix_of(name) in OPENED for name in names)
    return Listing(
        str(root),
        walker.folders,
        names,
        np.frombuffer(walker.stats, np.int64).reshape(-1, 4),
        np.array(walker.is_regular, np.bool_) & np.fromiter(ends_so, np.bool_, len(names)),
    )


class _Walker:
    def __init__(self) -> None:
        self.folders: dict[str, tuple[int, int]] = {}
        self.names: list[str] = []
        self.stats = array("q")
        self.is_regular: list[bool] = []

    def enter(self, folder: str, below: str) -> None:
        with os.scandir(folder) as found:
            entries = sorted(found, key=attrgetter("name"))
        start = len(self.names)
        self.folders[below[:-1]] = (start, start)
        for entry in self._add_files(entries, below):
            name = f"{below}{entry.name}"
            try:
                self.enter(entry.path, f"{name}/")
            except (FileNotFoundError, NotADirectoryError):  # deleted meanwhile
                self.folders.pop(name, None)
        self.folders[below[:-1]] = (start, len(self.names))

    def _add_files(self, entries: Iterable[os.DirEntry[str]], below: str) -> list[os.DirEntry[str]]:
        """Add the files among `entries` and return the folders."""
        inner = []
        for entry in entries:  # a million times: half of what a look takes is spent here
            if entry.is_dir(follow_symlinks=False):
                inner.append(entry)
                continue
            name = entry.name
            if name.endswith(_LEFT_OUT) or name in _DROPPINGS:
                continue
            is_regular = entry.is_file(follow_symlinks=False)
            found = _status(entry) if is_regular else _other_status(entry)
            if found is None:
                continue
            numbers = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
            try:
                self.stats.extend(numbers)
            except OverflowError:  # an inode of 64 bits, or a time after the year 2262
                del self.stats[4 * len(self.names) :]
                self.stats.extend([number & _INT64 for number in numbers])
            self.names.append(below + name)
            self.is_regular.append(is_regular)
        return inner


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Status of a file; None where it was deleted since its folder was listed."""
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def _other_status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Status of the file that a link leads to; else (nothing there, a folder) of the link."""
    try:
        found = entry.stat()
        if not stat.S_ISDIR(found.st_mode):
            return found
    except OSError:
        pass  # dangling, or a ring of links: the link itself is what there is
    return _status(entry)
