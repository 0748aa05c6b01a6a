"""What is to be packed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR
from typing import IO, NamedTuple


class State(NamedTuple):
    """What a file is at one moment."""

    size: int
    """Bytes."""
    mtime_ns: int
    mode: int = 0o644
    inode: int = 0
    twin: tuple[int, ...] | None = None
    """What all names of the file have in common, where it has several and they are to stay one."""

    @classmethod
    def of(cls, status: os.stat_result) -> State:
        """As the file system says."""
        size, mtime_ns, inode = status.st_size, status.st_mtime_ns, status.st_ino
        # Size and time beside the inode: the number of a removed file is used again at once.
        twin = (status.st_dev, inode, size, mtime_ns) if status.st_nlink > 1 else None
        return cls(size, mtime_ns, status.st_mode & 0o777, inode, twin)


@dataclass(frozen=True)
class Member:
    """A file or folder that is to be packed."""

    name: str
    """Path in the archive, with '/'."""
    source: Path | bytes
    """On this machine, or the content itself."""
    state: State
    """As it was listed."""
    may_change: bool = False
    """It is taken as it is when it is read; what vanishes, or changes all the time, is left out.
    Else a change is an error."""
    is_folder: bool = False

    @classmethod
    def of_file(cls, name: str, path: Path) -> Member:
        """A file that must not change; nothing of this machine is packed but content and time."""
        found = State.of(path.stat())
        return cls(name, path, State(found.size, found.mtime_ns, inode=found.inode))

    @classmethod
    def of_text(cls, name: str, text: str | bytes, mtime_ns: int) -> Member:
        """A file that is written for the archive."""
        data = text.encode() if isinstance(text, str) else text
        mode = 0o755 if name.endswith(".sh") else 0o644
        return cls(name, data, State(len(data), mtime_ns, mode))

    @classmethod
    def in_use(cls, name: str, path: Path, status: os.stat_result | None = None) -> Member:
        """A file or folder to which others may be writing, with its rights and hard links."""
        status = status or path.stat()
        return cls(name, path, State.of(status), True, S_ISDIR(status.st_mode))

    @property
    def size(self) -> int:
        """Bytes, as listed."""
        return 0 if self.is_folder else self.state.size

    @property
    def mtime_ns(self) -> int:
        """Time of modification, as listed."""
        return self.state.mtime_ns

    def open(self) -> IO[bytes]:
        """Its content.

        Raises:
            OSError: it is gone, or may not be read.
        """
        return self.source.open("rb") if isinstance(self.source, Path) else BytesIO(self.source)

    def now(self, file: IO[bytes]) -> State:
        """State of the opened file."""
        return State.of(os.fstat(file.fileno())) if isinstance(self.source, Path) else self.state
