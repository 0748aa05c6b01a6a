"""Dagster's own storage (runs, events, schedules) in a backup: SQLite files or PostgreSQL.

SQLite files are copied by SQLite itself, so that each is of one moment while runs write to them.
PostgreSQL is asked by its own `pg_dump`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from hoban_assets.errors import HobanError

FOLDER = "dagster"
"""Where it lies in an archive, and below a restored data root: a DAGSTER_HOME of its own."""
DUMP = f"{FOLDER}/postgres.dump"
DATABASES = ("history", "schedules")
PLAIN = ("storage",)
"""Folders of DAGSTER_HOME with files: what steps wrote to stdout and stderr."""
CONFIG = "dagster.yaml"
_ACTIVE = ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING")


@dataclass(frozen=True)
class Postgres:
    """Where Dagster's PostgreSQL is."""

    host: str
    port: str
    user: str
    password: str
    database: str

    @property
    def arguments(self) -> list[str]:
        """Options that every tool of PostgreSQL takes."""
        return ["-h", self.host, "-p", self.port, "-U", self.user, "-d", self.database]


def postgres_of(home: Path, env: Mapping[str, str]) -> Postgres | None:
    """Read from ``dagster.yaml`` whether Dagster's storage is PostgreSQL, and where.

    Raises:
        HobanError: the file is damaged, or names a variable that is not set.
    """
    file = home / CONFIG
    if not file.is_file():
        return None
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise HobanError(f"{file} is no YAML: {error}", "fix it") from error
    storage = (config.get("storage") or {}).get("postgres")
    if not storage:
        return None

    def value(found: Any, default: str = "") -> str:
        if not isinstance(found, dict):
            return default if found is None else str(found)
        name = found.get("env", "")
        if name not in env:
            raise HobanError(
                f"{file} takes {name} from the environment, where it is not set",
                "load the environment of the installation first (docs/deploy.md)",
            )
        return env[name]

    if url := value(storage.get("postgres_url")):
        parts = urlsplit(url)
        return Postgres(
            parts.hostname or "localhost",
            str(parts.port or 5432),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            parts.path.lstrip("/"),
        )
    db = storage["postgres_db"]
    return Postgres(
        value(db.get("hostname"), "localhost"),
        value(db.get("port"), "5432"),
        value(db.get("username")),
        value(db.get("password")),
        value(db.get("db_name")),
    )


def dump(postgres: Postgres, target: Path) -> None:
    """Write a dump of one moment that ``pg_restore`` reads.

    Raises:
        HobanError: `pg_dump` is missing, or failed; with its words.
    """
    program = shutil.which("pg_dump")
    if program is None:
        raise HobanError(
            "Dagster's history lies in PostgreSQL, and pg_dump is not installed here",
            "apt install postgresql-client, or add --without-history",
        )
    done = subprocess.run(
        [program, "--format=custom", "--no-owner", "-w", *postgres.arguments, "-f", str(target)],
        env={**os.environ, "PGPASSWORD": postgres.password},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise HobanError(
            f"pg_dump of {postgres.database} at {postgres.host}:{postgres.port} failed: "
            f"{done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}",
            "see that the server runs and is not newer than pg_dump, or add --without-history",
        )


def databases(home: Path) -> Iterator[Path]:
    """SQLite files of a DAGSTER_HOME."""
    for folder in DATABASES:
        yield from sorted((home / folder).rglob("*.db"))


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite file as of one moment, whoever writes to it.

    Raises:
        HobanError: it is damaged, or locked for a minute.
    """
    target.unlink(missing_ok=True)
    source = _openable(source, target.with_name(f"{target.name}.read-only"))
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as read,
            closing(sqlite3.connect(target)) as write,
        ):
            read.execute("PRAGMA busy_timeout = 60000")
            read.backup(write)
    except sqlite3.Error as error:
        if "disk is full" in str(error):
            raise HobanError(
                f"no space left for a copy of {source}", "free space, or name another target"
            ) from error
        raise HobanError(
            f"{source} cannot be copied: {error}",
            "see whether the file is whole (sqlite3 FILE 'PRAGMA integrity_check'), or add "
            "--without-history",
        ) from error


def _openable(source: Path, copy: Path) -> Path:
    """The file itself, or on a read-only disk, where SQLite opens none with a log, its copy."""
    if os.access(source.parent, os.W_OK):
        return source
    copy.parent.mkdir(parents=True, exist_ok=True)
    for end in ("", "-wal"):
        if (file := Path(f"{source}{end}")).is_file():
            shutil.copyfile(file, f"{copy}{end}")
    return copy


def unfinished_runs(home: Path) -> list[str]:
    """Ids of the runs that SQLite files of a DAGSTER_HOME hold as being at work."""
    file = home / "history" / "runs.db"
    if not file.is_file():
        return []
    marks = ", ".join("?" * len(_ACTIVE))
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute(
            f"SELECT run_id FROM runs WHERE status IN ({marks})",  # noqa: S608 - question marks
            _ACTIVE,
        )
        return [row[0] for row in found]
