"""Folders that are there as a whole or not at all, whoever makes and replaces them at once."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NO_LOCKS_HERE = frozenset({errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
_NO_EXCHANGE_HERE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


@contextmanager
def sole_maker(
    destination: Path, waiting: Callable[[str], None] = lambda line: None
) -> Iterator[None]:
    """Let one process at a time make what lies beside `destination`; the others wait here.

    Look again, inside, whether the destination is there by now. The lock is on the folder that
    `destination` lies in (flock), so no lock file stays, and a killed process holds nothing. Where
    a file system has no such locks nobody waits, and `put_in_place` alone keeps folders whole.

    Args:
        destination: the folder to be made.
        waiting: gets one line where another process is at work.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(destination.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting(f"another process is making {destination.name}: waiting for its result")
            fcntl.flock(folder, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS_HERE:
                raise
        yield
    finally:
        os.close(folder)


def put_in_place(building: Path, destination: Path) -> None:
    """Rename `building` to `destination`; a folder that is there is exchanged, then deleted.

    At every moment `destination` is the old folder or the new one, where the file system can
    exchange names (ext4, xfs, btrfs, tmpfs); elsewhere it is absent between two renames. Both must
    lie on one file system.
    """
    try:
        building.rename(destination)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST} or not destination.is_dir():
            raise
        _exchange(building, destination)
        shutil.rmtree(building, ignore_errors=True)


def _exchange(new: Path, old: Path) -> None:
    rename = _renameat2()
    if rename is not None:
        if rename(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(old), _RENAME_EXCHANGE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _NO_EXCHANGE_HERE:
            raise OSError(number, os.strerror(number), str(old))
    aside = Path(tempfile.mkdtemp(prefix=f".{old.name}.old.", dir=old.parent))
    old.rename(aside / old.name)
    try:
        new.rename(old)
    except OSError:
        (aside / old.name).rename(old)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)


@cache
def _renameat2() -> Any:
    """`renameat2` of the C library (glibc 2.28, Linux 3.15), which `os` does not offer; or None."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        text = ctypes.c_char_p
        function.argtypes = (ctypes.c_int, text, ctypes.c_int, text, ctypes.c_uint)
    return function
