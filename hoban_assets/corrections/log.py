"""The log of corrections: one JSON object a line, written whole, never changed."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from pathlib import Path

from hoban_assets.corrections.rows import Correction, correction_from
from hoban_assets.errors import HobanError
from hoban_assets.files import must_be_regular


def read_log(path: Path) -> tuple[Correction, ...]:
    """Return every row, oldest first; nothing where there is no log yet.

    A last line without its end is what a killed process left: its rows were never reported as
    taken, and are none.

    Raises:
        HobanError: a line is no correction, or the file cannot be read.
    """
    try:
        must_be_regular(path)
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise HobanError(
            f"the corrections {path} cannot be read: {error.strerror}",
            "give this account the right to read them",
        ) from error
    rows = []
    for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            rows.append(correction_from(json.loads(line)))
        except (
            ValueError,
            RecursionError,
        ) as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
            raise HobanError(
                f"line {number} of {path} is no correction: {error}",
                "put the file back from a backup, or move that line into a file beside it",
            ) from error
    return tuple(rows)


def append(path: Path, rows: Sequence[Correction]) -> None:
    """Add rows, all of them or none, whoever writes at once; they are on the disk on return.

    Raises:
        HobanError: the file cannot be written (rights, a full disk); what was there stays.
    """
    if not rows:
        return
    data = b"".join(json.dumps(row.as_json(), ensure_ascii=False).encode() + b"\n" for row in rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = _whole_end(file)
            os.ftruncate(file, end)  # what a killed process left half written
            try:
                if os.pwrite(file, data, end) != len(data):
                    raise OSError(28, os.strerror(28), str(path))
                os.fsync(file)
            except OSError:
                os.ftruncate(file, end)
                raise
        finally:
            os.close(file)
    except OSError as error:
        raise HobanError(
            f"the corrections cannot be written to {path}: {error.strerror}",
            "make room or give this account the right to write there, and do it again: "
            "nothing was taken yet",
        ) from error


def _whole_end(file: int) -> int:
    """Bytes up to the end of the last whole line."""
    size = os.fstat(file).st_size
    while size:
        start = max(0, size - 65536)
        found = os.pread(file, size - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        size = start
    return 0
