"""Content hashes of labels: those that are not remembered are read, each once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash
from numpy.typing import NDArray

from hoban_assets.observing.memory import HASH_BYTES, Memory, joined, relatives
from hoban_assets.observing.walk import CTIME, MTIME, SIZE, Listing

TICK_NS = 100_000_000
"""A file that was changed so shortly before its hash was made can be changed again under the same
time stamp: Linux stamps by the timer tick, at most 10 ms. So it is read once more the next time
('racily clean' in Git's words)."""
COARSE_TICK_NS = 2_000_000_000
"""The same where stamps are whole seconds; FAT has two."""
_SMALL, _PART = 1 << 16, 1 << 20
_BATCH = 64
_THREADS = 8
"""Readers at once: a disk or a share answers several requests in the time of one."""


@dataclass(frozen=True)
class Hashed:
    """Labels of a listing with their content; n files, as in the listing."""

    listing: Listing
    """Without labels that were deleted before they could be read."""
    blob: bytes
    """Its names joined."""
    hashes: NDArray[np.uint8]
    """[n, 16], zeros for other files."""
    is_settled: NDArray[np.bool_]
    is_opened: NDArray[np.bool_]
    is_unreadable: NDArray[np.bool_]

    def below(self, folder: str) -> Hashed | None:
        """Return the part below `folder`; None where it was not entered."""
        listing = self.listing.below(folder)
        if listing is None:
            return None
        span = slice(*self.listing.folders[folder])
        return Hashed(
            listing,
            joined(listing.names),
            self.hashes[span],
            self.is_settled[span],
            self.is_opened[span],
            self.is_unreadable[span],
        )


def known_hashes(
    listing: Listing, blob: bytes, memory: Memory | None, hashes: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Fill `hashes` [n, 16] with what is remembered of unchanged labels; return where [n].

    A label is unchanged where size, mtime, ctime and inode are: mtime can be set back by hand,
    ctime cannot.
    """
    if memory is None or not len(memory.stats):
        return np.zeros(len(listing.names), np.bool_)
    at = memory.find(listing, blob)
    known = listing.is_label & (at >= 0) & memory.is_settled[at]
    known &= (memory.stats[at] == listing.stats).all(axis=1)
    hashes[known] = memory.hashes[at[known]]
    return known


def hash_labels(
    listing: Listing,
    blob: bytes,
    memory: Memory | None,
    remembered: Path | None,
    progress: Callable[[int, int], None] | None,
) -> Hashed:
    """Hash every label of `listing`; only what neither `memory` nor another one knows is opened.

    `remembered` is the folder of memories, or None; `progress` gets (labels read, labels to read).
    """
    now = time.time_ns()
    hashes = np.zeros((len(listing.names), HASH_BYTES), np.uint8)
    known = known_hashes(listing, blob, memory, hashes)
    others = iter(()) if remembered is None else relatives(remembered, listing.root)
    while (listing.is_label & ~known).any() and (other := next(others, None)) is not None:
        found = np.zeros_like(hashes)
        new = known_hashes(listing, blob, other, found) & ~known
        hashes[new] = found[new]
        known |= new
    todo = np.flatnonzero(listing.is_label & ~known)
    settled, opened = known.copy(), np.zeros_like(known)
    unreadable, gone = np.zeros_like(known), np.zeros_like(known)
    settled[todo] = listing.stats[todo, CTIME] < now - _ticks(listing.stats[todo, CTIME])
    paths = [f"{listing.root}/{listing.names[place]}" for place in todo.tolist()]
    for place, digest in zip(todo.tolist(), _read_all(paths, progress), strict=True):
        opened[place] = True
        if isinstance(digest, bytes):
            hashes[place] = np.frombuffer(digest, np.uint8)
        elif isinstance(digest, FileNotFoundError):
            gone[place] = True
        else:
            hashes[place] = np.frombuffer(_in_place_of(listing.stats[place]), np.uint8)
            unreadable[place], settled[place] = True, False
    if gone.any():
        kept = ~gone
        listing = listing.only(kept)
        blob = joined(listing.names)
        hashes, settled, opened = hashes[kept], settled[kept], opened[kept]
        unreadable = unreadable[kept]
    return Hashed(listing, blob, hashes, settled, opened, unreadable)


def _ticks(ctimes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(ctimes % 1_000_000_000 == 0, COARSE_TICK_NS, TICK_NS)


def _in_place_of(stats: NDArray[np.int64]) -> bytes:
    """What stands for the content of a label that cannot be read: its size and time."""
    return xxhash.xxh3_128_digest(f"unreadable {stats[SIZE]} {stats[MTIME]}".encode())


def _read_all(
    paths: Sequence[str], progress: Callable[[int, int], None] | None
) -> Iterator[bytes | OSError]:
    """Hash of each file in order, or why there is none."""
    if len(paths) <= _BATCH:
        yield from map(_digest, paths)
        return
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="labels") as pool:
        done = 0
        for digests in pool.map(_digests, batches):
            yield from digests
            done += len(digests)
            if progress:
                progress(done, len(paths))


def _digests(paths: Iterable[str]) -> list[bytes | OSError]:
    return [_digest(path) for path in paths]


def _digest(path: str) -> bytes | OSError:
    """XXH3 of 128 bits of a file's content; large ones are never in memory as a whole."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            data = os.read(descriptor, _SMALL)
            if len(data) < _SMALL:
                return xxhash.xxh3_128_digest(data)
            digest = xxhash.xxh3_128(data)
            while part := os.read(descriptor, _PART):
                digest.update(part)
            return digest.digest()
        finally:
            os.close(descriptor)
    except OSError as error:
        return error
