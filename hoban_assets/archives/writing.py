"""Write a tar, each file read once, ahead of the archive in threads.

Any `tar` unpacks it, and `sha256sum -c SHA256SUMS` then compares every file. The last member lists
the same hashes, so an archive without it is torn. Headers are Python's (`tarfile`): no second
program is needed on Windows or a server, and names, times (ns, PAX) and owners are ours to set.
"""

from __future__ import annotations

import os
import tarfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from hoban_assets.archives.members import Member, State
from hoban_assets.archives.reading import copied
from hoban_assets.archives.room import PACKING, explained
from hoban_assets.errors import HobanError
from hoban_assets.processes.lifeline import own_folder

SUMS = "SHA256SUMS"
Progress = Callable[[int, int], None]
"""Called with bytes done, and bytes of all."""
AHEAD_BYTES = 256 << 20
"""Read ahead, at most; a larger file is read while it is written."""
AHEAD_FILES = 512
_ATTEMPTS = 5
_PAUSE = 0.2
"""Seconds until a file that changed while it was read is read again."""
_HEADERS = 3 * tarfile.BLOCKSIZE
"""Bytes of tar for a file: a header, and two blocks for its time."""
_LINES = 300
"""Bytes that a file takes in the two lists, about."""


Ahead = tuple[bytes, State] | None
"""Content of a file and what it was then; None where it was not read ahead."""


class Writer:
    """Writes an archive member by member to a seekable file; nothing is kept but the lists."""

    def __init__(
        self,
        out: BinaryIO,
        top: str = "",
        *,
        threads: int = 1,
        of: int = 0,
        progress: Progress = lambda done, of: None,
    ) -> None:
        """Begin: all goes below folder `top` of the archive; `of` bytes will be read."""
        self.files: dict[str, dict[str, Any]] = {}
        """Name -> ``{"bytes", "sha256"}``, ``{"link": name}`` or ``{"folder": true}``."""
        self.left_out: dict[str, str] = {}
        """Name -> why it is not in the archive."""
        self._out, self._top, self._threads = out, f"{top}/" if top else "", threads
        self._of, self._progress, self._done = of, progress, 0
        self._names: dict[tuple[int, ...] | None, str] = {}

    def add(self, members: Iterable[Member]) -> None:
        """Add members in their order.

        Raises:
            HobanError: one that must not change is gone, or changes meanwhile.
            OSError: another one cannot be read, or the archive cannot be written.
        """
        for member, ahead in read_ahead(members, self._threads):
            if member.is_folder:
                plain = member.state._replace(size=0, mode=0o755)
                self._header(member.name, plain, tarfile.DIRTYPE)
                self.files[member.name] = {"folder": True}
            else:
                self._add(member, ahead)
                self._done += member.size
                self._progress(self._done, max(self._done, self._of))

    def finish(self, closing: Callable[[Mapping[str, Any]], Member], mtime_ns: int) -> None:
        """Write ``SHA256SUMS``, then the list that makes the archive whole; see it onto the disk.

        `closing` makes that list from what is written by then (`files`).
        """
        self.add([Member.of_text(SUMS, sums_of(self.files), mtime_ns)])
        last = closing(dict(self.files))
        self.add([last])
        del self.files[last.name]
        self._out.write(bytes(2 * tarfile.BLOCKSIZE))
        self._out.flush()
        os.fsync(self._out.fileno())

    def _add(self, member: Member, ahead: Ahead) -> None:
        for attempt in range(_ATTEMPTS):
            start = self._out.tell()
            try:
                if self._is_put(member, ahead):
                    return
            except (FileNotFoundError, PermissionError) as error:
                if not member.may_change:
                    raise HobanError(
                        f"{member.source!s} cannot be read: {error.strerror}",
                        "materialise the dataset again, then make the bundle",
                    ) from error
                if isinstance(error, PermissionError):
                    raise
                self.left_out[member.name] = "it was removed meanwhile"
                return
            if not member.may_change:
                raise HobanError(
                    f"{member.source!s} changes while it is packed",
                    "when that has ended, make it again",
                )
            self._out.seek(start)
            self._out.truncate()
            ahead = None
            if attempt + 1 < _ATTEMPTS:
                time.sleep(_PAUSE)
        self.left_out[member.name] = "it was being written all the time"

    def _is_put(self, member: Member, ahead: Ahead) -> bool:
        """Write a file; False where it changes meanwhile: then what was begun is to be cut off."""
        with BytesIO(ahead[0]) if ahead else member.open() as file:
            before = ahead[1] if ahead else member.now(file)
            state = before if member.may_change else member.state
            if first := self._names.get(state.twin):
                self._header(member.name, state._replace(size=0), tarfile.LNKTYPE, first)
                self.files[member.name] = {"link": first}
                return True
            self._header(member.name, state)
            sha256 = copied(file, self._out, state.size)
            after = before if ahead else member.now(file)
        if not before[:2] == after[:2] == state[:2]:
            return False
        self._out.write(bytes(-state.size % tarfile.BLOCKSIZE))
        self.files[member.name] = {"bytes": state.size, "sha256": sha256}
        if state.twin:
            self._names[state.twin] = member.name
        return True

    def _header(
        self, name: str, state: State, kind: bytes = tarfile.REGTYPE, link: str = ""
    ) -> None:
        info = tarfile.TarInfo(self._top + name)
        info.type, info.linkname, info.size, info.mode = kind, link, state.size, state.mode
        info.mtime, rest = divmod(state.mtime_ns, 10**9)
        if rest:  # tarfile would write a float, which has no room for nanoseconds
            info.pax_headers = {"mtime": f"{info.mtime}.{rest:09d}"}
        # Names as they lie on the disk, whatever their encoding; the owner is who unpacks.
        self._out.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))


@contextmanager
def archive_at(target: Path, elsewhere: str, top: str = "", **options: Any) -> Iterator[Writer]:
    """Yield a `Writer` (with `options`); what it wrote is at `target` afterwards.

    The archive is written beside, synced and renamed: it is there as a whole or not at all.

    Raises:
        HobanError: see `room.explained`, which has `elsewhere`.
    """
    with explained(target, elsewhere), own_folder(target.parent, PACKING) as work:
        with (work / "archive").open("wb") as file:
            yield Writer(file, top, **options)
        (work / "archive").replace(target)


def read_ahead(members: Iterable[Member], threads: int) -> Iterator[tuple[Member, Ahead]]:
    """Yield members in their order with their content, which was read in threads before.

    Not read: folders, further names of a file that was yielded, and what is too large, gone, or
    being written to.
    """
    waiting: deque[tuple[Member, Future[Ahead] | None]] = deque()
    seen = set[tuple[int, ...] | None]()
    ahead = 0
    pool = ThreadPoolExecutor(threads)
    try:
        for member in members:
            again = member.state.twin is not None and member.state.twin in seen
            seen.add(member.state.twin)
            is_read = isinstance(member.source, Path) and not member.is_folder and not again
            is_read &= member.size <= AHEAD_BYTES
            waiting.append((member, pool.submit(_read, member) if is_read else None))
            ahead += member.size
            while waiting and (ahead > AHEAD_BYTES or len(waiting) > AHEAD_FILES):
                first, read = waiting.popleft()
                ahead -= first.size
                yield first, read.result() if read else None
        while waiting:
            first, read = waiting.popleft()
            yield first, read.result() if read else None
    finally:
        pool.shutdown(cancel_futures=True)


def _read(member: Member) -> Ahead:
    try:
        with member.open() as file:
            before = member.now(file)
            data = file.read(before.size) if before.size <= AHEAD_BYTES else b""
            is_steady = before == member.now(file) and len(data) == before.size
    except OSError:
        return None
    return (data, before) if is_steady else None


def archive_bytes(members: Iterable[Member]) -> int:
    """Size that the archive will have, nearly: headers, whole blocks and lists counted."""
    seen, total = set[tuple[int, ...] | None](), 0
    for member in members:
        again = member.state.twin is not None and member.state.twin in seen
        seen.add(member.state.twin)
        total += _HEADERS + _LINES + (0 if again else -(-member.size // 512) * 512)
    return total


def sums_of(files: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Text of ``SHA256SUMS``, of files as `Writer.files` has them."""
    return b"".join(
        _sum(name, files[facts.get("link", name)]["sha256"])
        for name, facts in files.items()
        if "folder" not in facts
    )


def _sum(name: str, sha256: str) -> bytes:
    """A line; a name with a backslash or a new line as coreutils write it."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
    mark = "" if escaped == name else "\\"
    return f"{mark}{sha256}  {escaped}\n".encode(errors="surrogateescape")
