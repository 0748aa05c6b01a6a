"""Fingerprint of a raw folder: what a source's data version is.

Labels count by content, so that a touch or a fresh copy of them changes nothing and one moved box
does; every other file counts by name, size and modification time, and is never opened. What was
found is remembered, so that of 100,000 files only labels that changed since are read again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash

from hoban_assets.observing.labels import Hashed, hash_labels
from hoban_assets.observing.memory import Memory, file_of, joined, load, save
from hoban_assets.observing.walk import MTIME, SIZE, walk

Progress = Callable[[int, int], None]
"""Gets (labels read, labels to read)."""


@dataclass(frozen=True)
class Changes:
    """Files that differ from what was remembered; labels that were only touched do not."""

    added: int
    changed: int
    removed: int
    since: float
    """Time of the look that is compared with, in seconds since 1970."""


@dataclass(frozen=True)
class Fingerprint:
    """A raw folder at one moment."""

    version: str
    """32 hex digits: names of folders and files, content of labels, size and mtime of the rest."""
    labels_version: str
    """The same of names and content of the labels alone."""
    files: int
    labels: int
    bytes: int
    newest: str
    """File with the latest modification time; '' where there is no file."""
    newest_at: float
    """That time, in seconds since 1970."""
    opened: int
    """Labels that were read to make this."""
    unreadable: int
    """Labels that cannot be read (rights, disk): they count by size and mtime."""
    seconds: float
    """Of the look that this is (part of)."""
    changes: Changes | None
    """None where nothing was remembered."""


def fingerprint(
    folder: Path, remembered: Path | None = None, progress: Progress | None = None
) -> Fingerprint:
    """Look at a raw folder.

    Links to folders are not entered and no link is opened; see `walk.walk` for what
    is left out. With and without memory, and after any damage to it, the version is the same.

    Args:
        folder: what to look at; its own path is no part of the version.
        remembered: folder where looks are remembered, one file a raw folder; None: nowhere.
        progress: called now and then while labels are read.

    Raises:
        HobanError: a folder cannot be listed; the message names it.
    """
    return fingerprints({"": folder}, remembered, progress)[""]


def fingerprints(
    folders: Mapping[str, Path], remembered: Path | None = None, progress: Progress | None = None
) -> dict[str, Fingerprint]:
    """Look at several folders, as `fingerprint`; one that lies in another is not walked again."""
    looks: list[_Look] = []
    found: dict[str, Fingerprint] = {}
    for name, folder in sorted(folders.items(), key=lambda item: len(item[1].parts)):
        inside = (_part(look, folder) for look in looks)
        look = next(filter(None, inside), None)
        if look is None:
            look = _look(folder, remembered, progress)
            looks.append(look)
        found[name] = _fingerprint(look)
    return {name: found[name] for name in folders}


@dataclass(frozen=True)
class _Look:
    hashed: Hashed
    before: Memory | None
    seconds: float


def _look(folder: Path, remembered: Path | None, progress: Progress | None) -> _Look:
    start, now = time.perf_counter(), time.time_ns()
    listing = walk(folder.absolute())
    blob = joined(listing.names)
    before = None
    if remembered is not None:
        before = load(file_of(remembered, listing.root), listing.root)
    hashed = hash_labels(listing, blob, before, remembered, progress)
    if remembered is not None and not _is_as(hashed, before):
        memory = Memory(
            listing.root,
            now,
            hashed.blob,
            hashed.listing.stats,
            hashed.hashes,
            hashed.listing.is_label,
            hashed.is_settled,
        )
        save(file_of(remembered, listing.root), memory)
    return _Look(hashed, before, time.perf_counter() - start)


def _is_as(hashed: Hashed, before: Memory | None) -> bool:
    return (
        before is not None
        and hashed.blob == before.blob
        and np.array_equal(hashed.listing.stats, before.stats)
        and np.array_equal(hashed.hashes, before.hashes)
        and np.array_equal(hashed.is_settled, before.is_settled)
    )


def _part(look: _Look, folder: Path) -> _Look | None:
    """The part of a look that is `folder`; None where it is not in it (or behind a link)."""
    root, below = look.hashed.listing.root, str(folder.absolute())
    if below == root:
        return look
    if not below.startswith(f"{root}/"):
        return None
    hashed = look.hashed.below(below[len(root) + 1 :])
    before = look.before and look.before.at(below)
    return None if hashed is None else _Look(hashed, before, look.seconds)


def _fingerprint(look: _Look) -> Fingerprint:
    hashed = look.hashed
    listing = hashed.listing
    labels = listing.is_label
    newest = int(listing.stats[:, MTIME].argmax()) if listing.names else None
    return Fingerprint(
        version=_version(hashed),
        labels_version=_labels_version(hashed),
        files=len(listing.names),
        labels=int(labels.sum()),
        bytes=int(listing.stats[:, SIZE].sum()),
        newest="" if newest is None else listing.names[newest],
        newest_at=0.0 if newest is None else float(listing.stats[newest, MTIME] / 1e9),
        opened=int(hashed.is_opened.sum()),
        unreadable=int(hashed.is_unreadable.sum()),
        seconds=look.seconds,
        changes=None if look.before is None else _changes(hashed, look.before),
    )


def _version(hashed: Hashed) -> str:
    listing, labels = hashed.listing, hashed.listing.is_label
    digest = xxhash.xxh3_128(b"hoban fingerprint 2")
    digest.update(joined(sorted(listing.folders)))  # an empty labels/ beside images means something
    digest.update(b"\0\0" + hashed.blob + b"\0\0")
    digest.update(labels.tobytes())
    digest.update(listing.stats[~labels][:, [SIZE, MTIME]].astype("<i8").tobytes())
    digest.update(hashed.hashes[labels].tobytes())
    return digest.hexdigest()


def _labels_version(hashed: Hashed) -> str:
    labels = hashed.listing.is_label
    names = [hashed.listing.names[place] for place in np.flatnonzero(labels).tolist()]
    digest = xxhash.xxh3_128(b"hoban labels 2")
    digest.update(joined(names) + b"\0\0")
    digest.update(hashed.hashes[labels].tobytes())
    return digest.hexdigest()


def _changes(hashed: Hashed, before: Memory) -> Changes:
    listing = hashed.listing
    at = before.find(listing, hashed.blob)
    there = at >= 0
    mine, theirs = np.flatnonzero(there), at[there]
    # What an earlier release took for no label has no hash to compare with.
    labels = listing.is_label[mine] & before.is_label[theirs]
    differs = (hashed.hashes[mine] != before.hashes[theirs]).any(axis=1)
    other = (listing.stats[mine] != before.stats[theirs])[:, [SIZE, MTIME]].any(axis=1)
    return Changes(
        added=len(at) - len(mine),
        changed=int(np.where(labels, differs, other).sum()),
        removed=len(before.stats) - len(mine),
        since=before.looked_at / 1e9,
    )


__all__ = ["Changes", "Fingerprint", "Progress", "fingerprint", "fingerprints"]
