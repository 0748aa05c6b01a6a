"""Writing files so that nobody ever reads half of one."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def private() -> None:
    """Let what this process makes from now on be read by its user and group alone (0640)."""
    os.umask(os.umask(0o077) | 0o027)


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield a place beside `path` to write to; at the end it takes the place of `path`.

    Readers see the old file or the new one. Where the block fails nothing is left; what a killed
    process leaves is named after it, so that `hoban prune` knows it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield new
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def must_be_regular(path: Path) -> None:
    """Refuse what opening would wait for, or never come to the end of.

    Raises:
        OSError: it is a pipe, a socket or a device.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "no regular file", str(path))


def save(path: Path, content: str | bytes) -> Path:
    """Write a file whole, see `written`."""
    with written(path) as new:
        new.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
