"""What errors of the catalog's file mean for the user.

DuckDB and the operating system say what failed; a HobanError says which file, who is in the way,
and the way out. Errors of a statement (a misspelt column) pass unchanged: they are the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hoban_assets.errors import FULL, HobanError

# Wordings of DuckDB 2.0; it has no error codes. The tests provoke each of them.
_HELD = re.compile(r"Could not set lock on file|different configuration than existing connections")
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_FULL = re.compile(
    r"No space left|File too large|Disk quota exceeded|could not write all"
    r"|failed to offload data block|Out of Disk",
    re.I,
)
_OTHER_VERSION = re.compile(r"newer version of DuckDB|with version number", re.I)
_DAMAGED = re.compile(
    r"not a valid DuckDB database|corrupt|checksum|deserializ|serialization error"
    r"|replaying WAL|could not read enough bytes|read past end",
    re.I,
)
_DENIED = re.compile(r"Permission denied|Read-only file system", re.I)
_OF_THE_FILE = (
    duckdb.IOException,
    duckdb.ConnectionException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.SerializationException,
    duckdb.TransactionException,  # a COMMIT that failed carries the reason in its text
    duckdb.OutOfMemoryException,
)


def is_held(error: duckdb.Error) -> bool:
    """True where somebody else has the database open: trying again may help."""
    return _is_of_the_file(error) and bool(_HELD.search(str(error)))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of the catalog's file at `path`, or of a file beside it, into HobanErrors.

    Raises:
        HobanError: what is wrong, and the way out.
    """
    if path.exists() and not path.is_file():
        raise HobanError(
            f"{path} is no regular file, so no catalog",
            "put the file back from a backup, or move that away: builds make a new catalog",
        )
    try:
        yield
    except duckdb.Error as error:
        explanation = explain(path, str(error)) if _is_of_the_file(error) else None
        if explanation is None:
            raise
        raise explanation from error
    except OSError as error:
        beside = error.filename is None or Path(error.filename).is_relative_to(path.parent)
        if beside and error.errno in FULL:
            raise _disk_full(path, str(error)) from error
        if beside and isinstance(error, PermissionError):
            raise _denied(path, str(error)) from error
        raise


def explain(path: Path, message: str) -> HobanError | None:
    """Return what DuckDB's `message` about the catalog at `path` means, None where not known."""
    if _HELD.search(message):
        return held(path, message)
    if _FULL.search(message):
        return _disk_full(path, message)
    if _OTHER_VERSION.search(message):
        return HobanError(
            f"catalog {path} was written by another version of DuckDB ({_first_line(message)})",
            "use the environment that 'make' sets up, or move the file away",
        )
    if _DAMAGED.search(message):
        return HobanError(
            f"catalog {path} is damaged ({_first_line(message)})",
            f"put a backup in its place, or move it and {path.name}.wal away and materialise "
            "again: all that is in it can be built again from raw files and artifacts",
        )
    if _DENIED.search(message):
        return _denied(path, message)
    return None


def held(path: Path, message: str) -> HobanError:
    """Somebody has the catalog open; `message` is DuckDB's, which tells the process."""
    found = _HOLDER.search(message)
    holder = f"{found['program']} (PID {found['pid']})" if found else "another connection"
    return HobanError(
        f"catalog {path} is held by {holder}",
        "close the DuckDB shell, notebook or program that has it open and run again; "
        "what is in it is untouched",
    )


def _disk_full(path: Path, message: str) -> HobanError:
    return HobanError(
        f"no space left to write catalog {path} ({_first_line(message)})",
        f"free some space for {path.parent} and materialise again; earlier results are intact",
    )


def _denied(path: Path, message: str) -> HobanError:
    return HobanError(
        f"catalog {path} may not be opened ({_first_line(message)})",
        f"give this user the right to write to {path.parent}, or set HOBAN_DATA_ROOT elsewhere",
    )


def _is_of_the_file(error: duckdb.Error) -> bool:
    # A wrong checksum comes as the bare base class, which no error of a statement does.
    return isinstance(error, _OF_THE_FILE) or type(error) is duckdb.Error


def _first_line(message: str) -> str:
    return (message.strip().splitlines() or ["no message"])[0]
