"""Back up what cannot be made again from raw files alone: catalog, artifacts, models, history.

The order makes it consistent while others build: Dagster's history first, then the catalog as of
one moment, then the files. A folder is published before the catalog names it, so what the catalog
of a backup names is there; what came later lies in the archive and is not named.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hoban_assets.errors import FULL, HobanError
from hoban_assets.file_systems import existing
from hoban_assets.processes.lifeline import own_folder
from hoban_assets.settings import Settings
from hoban_assets.upkeep.backup import dagster_storage as dagster
from hoban_assets.upkeep.backup.archive import SUMS, Writer, read_archive
from hoban_assets.upkeep.backup.contents import CATALOG, FOLDER, Choice, files_of, walk
from hoban_assets.upkeep.trash_lists import locked

_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|CREDENTIAL|_KEY$", re.I)
_RESERVE = 1 << 20
"""Bytes of an archive besides its files' content, at least."""


@dataclass(frozen=True)
class Backup:
    """A backup that was made, or read."""

    archive: Path
    bytes: int
    """Of the archive."""
    made_at: str
    data_root: str
    """Where it was made."""
    parts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Part -> ``{"files": n, "bytes": n}``; a file under two names takes no bytes twice."""
    left_out: dict[str, str] = field(default_factory=dict)


def back_up(
    settings: Settings,
    target: Path | None,
    choice: Choice,
    *,
    env: Mapping[str, str],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Backup:
    """Write a backup and return what it holds; nothing half-written stays under its name.

    Args:
        settings: whose data root.
        target: file, or folder in which a file named after the time is made; default: the folder
            ``backups`` below the data root.
        choice: what goes in.
        env: environment, for ``DAGSTER_HOME`` and the settings that are noted.
        progress: called with (MB done, MB of all).

    Raises:
        HobanError: there is nothing to back up, the target exists or cannot be written, the disk
            is too small, or a database cannot be read.
    """
    from hoban_assets.catalog.access import reading

    if not settings.catalog_path.is_file():
        raise HobanError(
            f"there is no catalog {settings.catalog_path}: nothing was built there yet",
            "set HOBAN_DATA_ROOT to the data root that is to be backed up",
        )
    archive = _archive(target, settings)
    home = Path(env["DAGSTER_HOME"]) if choice.history and env.get("DAGSTER_HOME") else None
    postgres = dagster.postgres_of(home, env) if home else None
    sizes = (size for _, _, size in files_of(settings, choice) if size > 0)
    total = sum(sizes, settings.catalog_path.stat().st_size)
    _must_fit(archive.parent, total)
    counted = MegaBytes(total, progress)
    beside = own_folder(archive.parent, "hoban-backup")
    with _explained(archive), locked(settings.data_root), beside as work:
        with (work / "archive").open("wb") as file:
            out = Writer(file, counted)
            if home:
                _add_history(out, home, postgres, work / "copy")
            with reading(settings.catalog_path, settings.catalog_wait):  # no writer meanwhile
                for name in (CATALOG, f"{CATALOG}.wal"):
                    if (settings.data_root / name).is_file():
                        out.add(name, settings.data_root / name)
            for name, path, size in files_of(settings, choice):  # what the catalog names is there
                (out.add_folder if size < 0 else out.add)(name, path)
            made_at = datetime.now(UTC).isoformat(timespec="seconds")
            out.finish(_about(settings, choice, env, home, postgres, made_at))
        (work / "archive").rename(archive)
    return Backup(
        archive,
        archive.stat().st_size,
        made_at,
        str(settings.data_root),
        parts_of(out.files),
        out.left_out,
    )


def check(archive: Path, progress: Callable[[int, int], None] = lambda done, of: None) -> Backup:
    """Read a backup from end to end, and compare every hash.

    Raises:
        HobanError: it is torn, damaged, or no backup.
    """
    size = archive.stat().st_size if archive.is_file() else 0
    return described(archive, read_archive(archive, None, MegaBytes(size, progress)))


def described(archive: Path, manifest: Mapping[str, Any]) -> Backup:
    """What a manifest says of its archive."""
    return Backup(
        archive,
        archive.stat().st_size,
        manifest["made_at"],
        manifest["data_root"],
        parts_of(manifest["files"]),
        manifest["left_out"],
    )


def parts_of(files: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Count files by the part that they belong to, the first name of their path."""
    parts: dict[str, dict[str, int]] = {}
    for name, about in files.items():
        if about.get("folder") or name == SUMS:
            continue
        top = name.partition("/")[0]
        part = parts.setdefault("catalog" if top.startswith(CATALOG) else top, {"files": 0})
        part["files"] += 1
        part["bytes"] = part.get("bytes", 0) + int(about.get("bytes", 0))
    return parts


class MegaBytes:
    """Turns bytes read into calls of a progress with (MB, MB of all)."""

    def __init__(self, total: int, progress: Callable[[int, int], None]) -> None:
        self._total, self._progress, self._done = total, progress, 0

    def __call__(self, read: int) -> None:
        """`read` more bytes are done."""
        before, self._done = self._done, self._done + read
        if before >> 20 != self._done >> 20:
            self._progress(self._done >> 20, max(self._total, self._done) >> 20)


def _archive(target: Path | None, settings: Settings) -> Path:
    """Path of the new archive."""
    target = settings.data_root / FOLDER if target is None else target
    is_folder = target.is_dir() or (target.suffix != ".tar" and not target.exists())
    if is_folder:
        target = target / f"hoban-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.tar"
    if os.path.lexists(target):
        raise HobanError(f"{target} exists already", "name another file, or a folder")
    return target.absolute()


def _add_history(out: Writer, home: Path, postgres: dagster.Postgres | None, copy: Path) -> None:
    """Add Dagster's own storage; `copy` is a file for the copies of databases."""
    if postgres:
        dagster.dump(postgres, copy)
        out.add(dagster.DUMP, copy)
    else:
        for file in dagster.databases(home):
            dagster.copy_database(file, copy)
            out.add(f"{dagster.FOLDER}/{file.relative_to(home).as_posix()}", copy)
    if (home / dagster.CONFIG).is_file():
        out.add(f"{dagster.FOLDER}/{dagster.CONFIG}", home / dagster.CONFIG)
    for name in dagster.PLAIN:
        if (home / name).is_dir():
            for inner, path, size in walk(home / name, f"{dagster.FOLDER}/{name}", images=True):
                if size >= 0:
                    out.add(inner, path)


def _about(
    settings: Settings,
    choice: Choice,
    env: Mapping[str, str],
    home: Path | None,
    postgres: dagster.Postgres | None,
    made_at: str,
) -> dict[str, Any]:
    """What the manifest says beside the files."""
    chosen = {
        name: value
        for name, value in sorted(env.items())
        if (name.startswith("HOBAN_") or name == "RAY_ADDRESS") and not _SECRET.search(name)
    }
    return {
        "made_at": made_at,
        "host": socket.gethostname(),
        "data_root": str(settings.data_root),
        "raw_root": str(settings.raw_root),
        "history": None if home is None else "postgres" if postgres else "sqlite",
        "images": choice.images,
        "environment": chosen,
    }


def _must_fit(folder: Path, total: int) -> None:
    there = existing(folder)
    free = shutil.disk_usage(there).free
    if free < total + _RESERVE:
        raise HobanError(
            f"the backup takes about {(total + _RESERVE) / 1e9:,.2f} GB, and {there} has "
            f"{free / 1e9:,.2f} GB left",
            "name a target on another disk, or leave photographs out, which lie in the raw root "
            "too: --without-images",
        )


@contextmanager
def _explained(archive: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise HobanError(
                f"no space left for {archive}; nothing is there under that name",
                "free space, or name a target on another disk",
            ) from error
        raise HobanError(
            f"{error.filename or archive}: {error.strerror}; nothing is there under that name",
            f"fix that path, and back up again to {archive.parent} or elsewhere",
        ) from error
