"""Opening the catalog's file: locks, retries, creation, upgrades.

DuckDB lets one process write, or many read, never both
(https://duckdb.org/docs/current/connect/concurrency). Hence:

* Writers queue at a file lock (``<catalog>.lock``) and hold it while the database is open.
* Readers pass through the same lock, but only to open. So readers share the database among
  themselves, and a waiting writer is never starved by readers that keep coming.
* Whoever finds the database held all the same (an older reader, a foreign DuckDB shell) tries
  again with growing pauses until its deadline, then names the holder.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from hoban_assets.catalog.failures import explained, held, is_held
from hoban_assets.catalog.interrupting import interruptible
from hoban_assets.errors import HobanError

SCHEMA_VERSION = 6
SCHEMA_SQL = Path(__file__).with_name("schema.sql")
UPGRADES: dict[int, str] = {
    2: "ALTER TABLE store.materializations ADD COLUMN recipe VARCHAR",
    3: "ALTER TABLE store.materializations ADD COLUMN ingredients VARCHAR",
    4: "ALTER TABLE store.images ADD COLUMN mtime_ns BIGINT DEFAULT 0",
    5: "ALTER TABLE store.images ADD COLUMN IF NOT EXISTS completed_classes VARCHAR[];"
    "ALTER TABLE store.boxes ADD COLUMN IF NOT EXISTS score FLOAT;"
    "ALTER TABLE store.boxes ADD COLUMN IF NOT EXISTS teacher VARCHAR;"
    "ALTER TABLE store.boxes ADD COLUMN IF NOT EXISTS cross_check VARCHAR",
    6: """
    ALTER TABLE store.materializations ADD COLUMN IF NOT EXISTS kind VARCHAR;
    ALTER TABLE store.materializations ADD COLUMN IF NOT EXISTS version VARCHAR;
    UPDATE store.materializations SET
        kind = coalesce(
            nullif(regexp_extract(asset, '^(dataset|model|benchmark)_', 1), ''), 'stage'),
        version = nullif(regexp_extract(asset, '^(dataset|model)_(.*)$', 2), '');
    -- A data root that was moved has old paths: what lies where trees and trainings are laid out
    -- is below it wherever it lies now.
    UPDATE store.materializations SET path = CASE
        WHEN starts_with(path, getvariable('data_root') || '/')
        THEN substr(path, length(getvariable('data_root')) + 2)
        ELSE coalesce(nullif(regexp_extract(path,
            '((artifacts|models)/' || regexp_escape(asset || '/' || partition) || '/[^/]+)$', 1),
            ''), path) END;
    """,
}
"""Statements that lead from the version before to this version, run before schema.sql."""

NO_EXTENSIONS = """
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
"""
"""Nothing is fetched."""
CLOSED = f"{NO_EXTENSIONS} SET enable_external_access = false"
"""For readers also no other file: a catalog may come out of a stranger's backup, and a view in it
may be anything (https://duckdb.org/docs/current/operations_manual/securing_duckdb/overview)."""

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5
"""Seconds between attempts to open a held database; doubled each time."""


@contextmanager
def reading(path: Path, deadline: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a read-only connection to the catalog at `path`; close it afterwards.

    Raises:
        HobanError: there is no catalog yet, somebody holds it for `deadline` seconds, it may not
            be opened, it is damaged, or it was written by newer code.
    """
    with explained(path):
        connection = _open_to_read(path, deadline)
        try:
            if _version(connection, path) < SCHEMA_VERSION:
                connection.close()
                if _cannot_be_written(path):
                    raise HobanError(
                        f"{path} is of an earlier release, and its disk is read-only",
                        "copy it to a folder that can be written, and set HOBAN_DATA_ROOT to that",
                    )
                with writing(path, deadline):
                    pass  # opening to write brings the schema up to date
                connection = _open_to_read(path, deadline)
            _place(connection, path)
            connection.execute(CLOSED).fetchall()
            with interruptible(connection):
                yield connection
        finally:
            connection.close()


@contextmanager
def writing(path: Path, deadline: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection in one transaction, as the only writer; commit and close afterwards.

    The catalog is created, and its schema upgraded, where needed. An error in the block rolls
    everything back.

    Raises:
        HobanError: as `reading`, and where the disk is full.
    """
    until = time.monotonic() + deadline
    with explained(path), _turn(path, until):
        _sweep_staging(path)
        if not path.exists():
            _create(path)
        connection = _patiently(lambda: duckdb.connect(path), until)
        try:
            _place(connection, path)
            # Only close() may checkpoint: where that fails (disk full) the commit is safe in the
            # log. A COMMIT that checkpoints could fail although its rows are there to stay.
            connection.execute("SET wal_autocheckpoint = '1TB'").fetchall()
            connection.execute(NO_EXTENSIONS).fetchall()
            connection.begin()
            with interruptible(connection):
                _upgrade(connection, path)
                yield connection
                connection.commit()
        except BaseException:
            # A database that has failed cannot roll back either; the first error counts, and
            # what was not committed is not there when the file is opened again.
            with suppress(duckdb.Error):
                connection.rollback()
            raise
        finally:
            connection.close()


@contextmanager
def staging(path: Path) -> Iterator[Path]:
    """Yield a new empty folder beside the catalog at `path`, and remove it in any case.

    Its lock file is held while its process lives: so the next writer can tell what a killed
    process left from what another process is filling at this moment.
    """
    folder = _staging_root(path) / uuid.uuid4().hex
    with explained(path):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            folder.mkdir()
            try:
                yield folder
            finally:
                shutil.rmtree(folder)
                Path(f"{folder}.lock").unlink(missing_ok=True)


def _staging_root(path: Path) -> Path:
    return path.parent / ".catalog-staging"


def _sweep_staging(path: Path) -> None:
    """Remove the staging folders of processes that were killed."""
    for folder in [f for f in _staging_root(path).glob("*") if f.is_dir()]:
        lock = FileLock(f"{folder}.lock")
        with suppress(Timeout), lock.acquire(timeout=0):
            shutil.rmtree(folder, ignore_errors=True)  # its owner may just have removed it
            Path(lock.lock_file).unlink(missing_ok=True)


@contextmanager
def _turn(path: Path, until: float) -> Iterator[None]:
    """Hold the file lock; HobanError once `until` (of the monotonic clock) is over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.lock", poll_interval=0.01)
    try:
        lock.acquire(timeout=max(0.0, until - time.monotonic()))
    except Timeout as error:
        raise held(path, _holder(path)) from error
    try:
        yield
    finally:
        lock.release()


def _holder(path: Path) -> str:
    """Ask DuckDB who has the file open: the owner of the file lock may wait for that one too."""
    try:
        if path.exists():
            duckdb.connect(path).close()
    except duckdb.Error as error:
        return str(error)
    return ""


def _open_to_read(path: Path, deadline: float) -> duckdb.DuckDBPyConnection:
    if not path.exists():
        raise HobanError(
            f"no catalog yet at {path}", "run 'make demo', or materialise something first"
        )
    until = time.monotonic() + deadline

    def attempt() -> duckdb.DuckDBPyConnection:
        if _cannot_be_written(path):  # a snapshot, a mounted backup: no writer to take turns with
            return duckdb.connect(path, read_only=True)
        with _turn(path, until):  # let go between attempts: others may get through
            return duckdb.connect(path, read_only=True)

    return _patiently(attempt, until)


def _cannot_be_written(path: Path) -> bool:
    """Whether the catalog lies on a file system that is mounted read-only."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _patiently(
    attempt: Callable[[], duckdb.DuckDBPyConnection], until: float
) -> duckdb.DuckDBPyConnection:
    """Try until it works, or fails for another reason than a lock, or `until` is over."""
    pause = FIRST_PAUSE
    while True:
        try:
            return attempt()
        except duckdb.Error as error:
            if not is_held(error) or time.monotonic() + pause > until:
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _create(path: Path) -> None:
    """Build an empty catalog aside and rename it into place: a kill leaves no half file."""
    log = Path(f"{path}.wal")
    if log.exists():
        raise HobanError(
            f"{log} lies there without its catalog {path.name}",
            "put the catalog back beside it, or move it away too",
        )
    with staging(path) as folder:
        new = folder / path.name
        with duckdb.connect(new) as connection:
            connection.execute(SCHEMA_SQL.read_text("utf-8"))
            _note_version(connection)
        new.rename(path)


def _place(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Let views name whole paths: folders are recorded as they lie below the data root."""
    root = str(path.parent.absolute()).replace("'", "''")
    connection.execute(f"SET VARIABLE data_root = '{root}'").fetchall()


def _upgrade(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    version = _version(connection, path)
    if version == SCHEMA_VERSION:
        return
    for step in range(version + 1, SCHEMA_VERSION + 1):
        connection.execute(UPGRADES[step])
    connection.execute(SCHEMA_SQL.read_text("utf-8"))
    _note_version(connection)


def _note_version(connection: duckdb.DuckDBPyConnection) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute("INSERT INTO store.schema_version VALUES (?, ?)", [SCHEMA_VERSION, now])


def _version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    try:
        found = connection.execute("SELECT max(version) FROM store.schema_version").fetchall()
    except duckdb.CatalogException as error:
        raise HobanError(
            f"{path} is a DuckDB database, but no catalog of hoban_assets",
            "move it away, or set HOBAN_DATA_ROOT to another folder",
        ) from error
    version = int(found[0][0] or 0)
    if version > SCHEMA_VERSION:
        raise HobanError(
            f"catalog {path} has schema version {version}, this code knows {SCHEMA_VERSION}",
            "update the checkout",
        )
    return version
