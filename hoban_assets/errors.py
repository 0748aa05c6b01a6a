"""Errors that a user can fix: one message that names the file and the way out."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from hoban_assets.visible import indented

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Numbers of the errors by which a file system says that nothing more fits."""
_FULL = re.compile(
    r"No space left on device|Disk quota exceeded|File too large|database or disk is full"
    r"|Out of Disk",
    re.I,
)
"""How SQLite (Dagster's records), DuckDB and Arrow say it: their errors carry no number."""
_READ_ONLY = re.compile(r"Read-only file system|readonly database", re.I)
_NO_MEMORY = re.compile(
    r"Out of Memory|Insufficient memory|Failed to allocate|malloc of size", re.I
)
NO_MEMORY = (
    "close other programs, or take a machine with more memory, and run this again; what was "
    "finished is not built again"
)
"""The way out where memory ran out."""


class HobanError(Exception):
    """Something outside the code is wrong. The message says what, where, and what to do."""

    def __init__(self, problem: str, way_out: str) -> None:
        """Join what is wrong and how to fix it to one message."""
        self.problem = indented(problem)
        self.way_out = indented(way_out)
        super().__init__(f"{self.problem} -> {self.way_out}")

    def __reduce__(self) -> tuple[type[HobanError], tuple[str, str]]:
        """Reach another process as it is: an exception is pickled as its one message."""
        return type(self), (self.problem, self.way_out)


def of_the_machine(error: BaseException) -> HobanError | None:
    """Say in one message that a disk is full or read-only, or memory ran out; None for all else.

    Looks through what `error` was raised from.
    """
    for each in _chain(error):
        # Of two, the second is the one that is written to.
        name = getattr(each, "filename2", None) or getattr(each, "filename", None)
        at = f" at {name}" if name else ""
        is_database = type(each).__module__.partition(".")[0] in ("sqlite3", "sqlalchemy")
        if is_database and not name:
            at = " for Dagster's records (DAGSTER_HOME)"
        number, text = getattr(each, "errno", None), str(each)
        if number in FULL or (_is_foreign(each) and _FULL.search(text)):
            return HobanError(
                f"no space left on the disk{at}",
                "free some ('hoban prune --dry-run' says what is not needed) and run this again; "
                "what was there before is untouched",
            )
        if is_database and "unable to open database file" in text:
            return HobanError(
                "Dagster's records (DAGSTER_HOME) cannot be opened",
                "see that this account may write there: records of SQLite on a read-only disk "
                "cannot be read either",
            )
        is_memory = isinstance(each, MemoryError) or number == errno.ENOMEM
        if is_memory or (_is_foreign(each) and _NO_MEMORY.search(text)):
            return HobanError("memory ran out", NO_MEMORY)
        if number == errno.EROFS or (_is_foreign(each) and _READ_ONLY.search(text)):
            return HobanError(
                f"the file system is read-only{at}",
                "make it writable, or name another place (HOBAN_DATA_ROOT, DAGSTER_HOME; for "
                "reports HOBAN_REPORTS); reading (hoban sql, status, why) works without",
            )
    return None


def _is_foreign(error: BaseException) -> bool:
    """Whether it comes from a library whose errors carry no number."""
    home = type(error).__module__.partition(".")[0].removeprefix("_")
    return isinstance(error, OSError) or home in (
        "sqlite3",
        "sqlalchemy",
        "duckdb",
        "pyarrow",
        "cv2",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
