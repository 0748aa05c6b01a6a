"""What an earlier look at a raw folder found, so that no label is opened twice.

One file a raw folder. It is only ever a short cut: absent, damaged, of another release, of
another folder or not writable, the next look takes longer and finds the same.
"""

from __future__ import annotations

import logging
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import xxhash
from numpy.typing import NDArray

from hoban_assets.files import written
from hoban_assets.observing.walk import Listing

FORMAT = 1
"""Raise it whenever the file or what it holds is made differently: older ones are then ignored."""
HASH_BYTES = 16
_DAMAGE = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile)
"""What NumPy and zipfile raise of a damaged file; of every single turned bit, tried one by one."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Memory:
    """Files of a folder as they were, n of them."""

    root: str
    looked_at: int
    """When, in ns since 1970."""
    blob: bytes
    """Paths below the root, joined by NUL."""
    stats: NDArray[np.int64]
    """[n, 4] as in `Listing`."""
    hashes: NDArray[np.uint8]
    """[n, 16]: XXH3 of the content of labels, else zeros."""
    is_label: NDArray[np.bool_]
    is_settled: NDArray[np.bool_]
    """[n]: labels whose content cannot have changed since without another ctime."""

    @cached_property
    def names(self) -> list[str]:
        """Paths below the root."""
        return os.fsdecode(self.blob).split("\0") if self.blob else []

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def find(self, listing: Listing, blob: bytes) -> NDArray[np.int64]:
        """Where each file of `listing` (of the same root; `blob` is its names) stands, or -1."""
        if blob == self.blob:
            return np.arange(len(listing.names))
        at = map(self._places.get, listing.names)
        return np.fromiter((-1 if place is None else place for place in at), np.int64)

    def at(self, root: str) -> Memory | None:
        """Return what is remembered of `root`, a folder above or below; None where nothing is."""
        if root == self.root:
            return self
        if root.startswith(f"{self.root}/"):
            prefix = root[len(self.root) + 1 :] + "/"
            kept = np.array([name.startswith(prefix) for name in self.names], np.bool_)
            names = [name[len(prefix) :] for name in self.names if name.startswith(prefix)]
        elif self.root.startswith(f"{root}/"):
            prefix = self.root[len(root) + 1 :] + "/"
            kept = np.ones(len(self.names), np.bool_)
            names = [prefix + name for name in self.names]
        else:
            return None
        if not names:
            return None
        return Memory(
            root,
            self.looked_at,
            joined(names),
            self.stats[kept],
            self.hashes[kept],
            self.is_label[kept],
            self.is_settled[kept],
        )


def joined(names: list[str]) -> bytes:
    """Names as one piece of bytes, NUL between them (no file name holds one)."""
    return os.fsencode("\0".join(names))


def file_of(folder: Path, root: str) -> Path:
    """File below `folder` that remembers `root`: its name for people, a hash to tell it apart."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", Path(root).name).strip("_") or "root"
    return folder / f"{name[:40]}-{xxhash.xxh3_64_hexdigest(os.fsencode(root))}.npz"


def load(file: Path, root: str | None = None) -> Memory | None:
    """Return what `file` holds, where it is sound and (if given) of `root`; else None.

    The format is NumPy's zip of arrays: every array has a checksum, so a flipped bit is found.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            if int(arrays["format"]) != FORMAT:
                return None
            own_root = os.fsdecode(arrays["root"].tobytes())
            if root is not None and own_root != root:
                return None
            memory = Memory(
                own_root,
                int(arrays["looked_at"]),
                arrays["names"].tobytes(),
                arrays["stats"],
                arrays["hashes"],
                arrays["is_label"],
                arrays["is_settled"],
            )
    except FileNotFoundError:
        return None
    except _DAMAGE:
        _log.warning("%s is damaged: the labels of its folder are read again", file)
        return None
    return memory if _is_sound(memory) else None


def _is_sound(memory: Memory) -> bool:
    count = memory.blob.count(b"\0") + 1 if memory.blob else 0
    return (
        memory.stats.shape == (count, 4)
        and memory.hashes.shape == (count, HASH_BYTES)
        and memory.is_label.shape == memory.is_settled.shape == (count,)
    )


def relatives(folder: Path, root: str) -> Iterator[Memory]:
    """What is remembered of folders above and below `root`, as seen from `root`."""
    try:
        files = sorted(folder.glob("*.npz"))
    except OSError:
        return
    own = file_of(folder, root)
    for file in files:
        if file != own and _is_related(file, root) and (found := load(file)):
            here = found.at(root)
            if here is not None:
                yield here


def _is_related(file: Path, root: str) -> bool:
    """Whether the file is of a folder above or below; what cannot be read is of none."""
    try:
        with np.load(file, allow_pickle=False) as arrays:  # reads this one small array alone
            other = os.fsdecode(arrays["root"].tobytes())
    except _DAMAGE:
        return False
    return root.startswith(f"{other}/") or other.startswith(f"{root}/")


def save(file: Path, memory: Memory) -> None:
    """Write it whole: who reads meanwhile gets the old one or the new one.

    Of two that write at once the last one wins; the other's labels are then read once more.
    Where it cannot be written (disk read-only or full) a warning says so, and that is all.
    """
    try:
        with written(file) as new, new.open("wb") as stream:
            np.savez(
                stream,
                format=np.int64(FORMAT),
                root=_as_array(os.fsencode(memory.root)),
                looked_at=np.int64(memory.looked_at),
                names=_as_array(memory.blob),
                stats=memory.stats,
                hashes=memory.hashes,
                is_label=memory.is_label,
                is_settled=memory.is_settled,
            )
    except OSError as error:
        _log.warning(
            "%s cannot be written (%s): the next look reads the labels again", file, error.strerror
        )


def _as_array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)
