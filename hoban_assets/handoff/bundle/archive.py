"""Write the files of a bundle into one tar, each read once for archive and hash.

Python's tarfile: with it no second program is needed on Windows or a server, names, times (ns,
PAX) and owners are ours to set, and it costs a tenth of what reading the images does. The same
files give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from hoban_assets.errors import FULL, HobanError
from hoban_assets.file_systems import kind_of
from hoban_assets.handoff.bundle.contents import Entry
from hoban_assets.processes.lifeline import own_folder
from hoban_assets.units import size_text

Facts = dict[str, str | int]
"""``{"bytes", "sha256", "mtime_ns"}`` of one file."""
Progress = Callable[[int, int], None]
AHEAD_BYTES = 256 << 20
"""Read ahead of the archive, at most; one file more may be in memory."""
AHEAD_FILES = 512
_HEADERS = 1536
"""Bytes of tar for a file: a header, and two blocks for its time."""
LARGEST = {"vfat": (1 << 32) - 1, "msdos": (1 << 32) - 1}
"""File system -> largest file."""


def write_archive(
    target: Path,
    top: str,
    entries: Iterable[Entry],
    closing: Callable[[Mapping[str, Facts]], Entry],
    *,
    threads: int,
    progress: Progress = lambda done, of: None,
) -> dict[str, Facts]:
    """Write `entries` below folder `top` of a tar at `target`; return the facts of each by name.

    `closing` makes the last file from them. The archive is written beside `target`, synced and
    renamed: it is there as a whole or not at all.

    Raises:
        HobanError: the disk is full, or a file is gone or changes meanwhile.
    """
    entries = list(entries)
    facts: dict[str, Facts] = {}
    done, of = 0, sum(entry.size for entry in entries)
    try:
        with own_folder(target.parent, "packing") as work, (work / "archive").open("wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for entry, data, sha256 in read_ahead(entries, threads):
                    _add(archive, top, entry, data)
                    facts[entry.name] = facts_of(entry, sha256)
                    progress(done := done + entry.size, of)
                last = closing(facts)
                _add(archive, top, last, _read(last)[0])
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(target)
    except OSError as error:
        raise _explained(error, target) from error
    return facts


def read_ahead(entries: Iterable[Entry], threads: int) -> Iterator[tuple[Entry, bytes, str]]:
    """Yield entries in their order with content and SHA-256, read in threads before it is asked.

    Raises:
        HobanError: a file is gone or changes meanwhile.
    """
    waiting: deque[tuple[Entry, Future[tuple[bytes, str]]]] = deque()
    ahead = 0
    pool = ThreadPoolExecutor(threads)
    try:
        for entry in entries:
            waiting.append((entry, pool.submit(_read, entry)))
            ahead += entry.size
            while ahead > AHEAD_BYTES or len(waiting) > AHEAD_FILES:
                first, read = waiting.popleft()
                ahead -= first.size
                yield first, *read.result()
        while waiting:
            first, read = waiting.popleft()
            yield first, *read.result()
    finally:
        pool.shutdown(cancel_futures=True)


def facts_of(entry: Entry, sha256: str) -> Facts:
    """What bundle.json says of a file."""
    return {"bytes": entry.size, "sha256": sha256, "mtime_ns": entry.mtime_ns}


def archive_bytes(entries: Iterable[Entry]) -> int:
    """Size that the archive will have, nearly: headers and whole blocks counted."""
    return sum(_HEADERS + -(-entry.size // 512) * 512 + 200 for entry in entries)


def check_room(target: Path, needed: int, mounts: str | None = None) -> None:
    """See to it that an archive of `needed` bytes can be written to `target`.

    `mounts` is the text of /proc/self/mounts. Leftovers of killed runs are removed first.

    Raises:
        HobanError: too little is free, the file system takes no such file, or no writing there.
    """
    try:
        with own_folder(target.parent, "packing"):  # whether it may be written to
            free = shutil.disk_usage(target.parent).free
    except OSError as error:
        raise HobanError(
            f"cannot write to {target.parent}: {error.strerror}", "choose another place: --output"
        ) from error
    if free < needed:
        raise HobanError(
            f"{target.parent} has {size_text(free)} free, the archive takes {size_text(needed)}",
            "free space there, or write it to another disk: --output /mnt/d/bundle.tar",
        )
    kind = kind_of(target.parent, mounts)
    if needed > LARGEST.get(kind, needed):
        raise HobanError(
            f"{target.parent} is on a {kind} (FAT32) disk, where no file is larger than 4 GiB; the "
            f"archive takes {size_text(needed)}",
            "write it to another disk (--output), or format that one as exFAT or NTFS",
        )


def _read(entry: Entry) -> tuple[bytes, str]:
    if isinstance(entry.source, bytes):
        return entry.source, hashlib.sha256(entry.source).hexdigest()
    try:
        with entry.source.open("rb", buffering=0) as file:
            data = file.readall()
            status = os.fstat(file.fileno())
    except OSError as error:
        raise HobanError(
            f"{entry.source} cannot be read: {error.strerror}",
            "materialise the dataset again, then make the bundle",
        ) from error
    if (len(data), status.st_mtime_ns) != (entry.size, entry.mtime_ns):
        raise HobanError(
            f"{entry.source} changes while it is packed", "when that has ended, make it again"
        )
    return data, hashlib.sha256(data).hexdigest()


def _add(archive: tarfile.TarFile, top: str, entry: Entry, data: bytes) -> None:
    info = tarfile.TarInfo(f"{top}/{entry.name}")
    info.size = len(data)
    info.mode = 0o755 if entry.name.endswith(".sh") else 0o644
    seconds, rest = divmod(entry.mtime_ns, 10**9)
    info.mtime = seconds
    if rest:  # tarfile would write a float, which has no room for nanoseconds
        info.pax_headers = {"mtime": f"{seconds}.{rest:09d}"}
    archive.addfile(info, io.BytesIO(data))


def _explained(error: OSError, target: Path) -> HobanError:
    if error.errno in FULL:
        return HobanError(
            f"no space left while writing {target}; nothing of it stays",
            "free space there, or write it to another disk: --output /mnt/d/bundle.tar",
        )
    return HobanError(f"cannot write {target}: {error}", "choose another place: --output")
