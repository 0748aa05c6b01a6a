"""Back up what cannot be made again from raw files alone: catalog, artifacts, models, history.

The order makes it consistent while others build: Dagster's history first, then the catalog as of
one moment, then the files. A folder is published before the catalog names it, so what the catalog
of a backup names is there; what came later lies in the archive and is not named.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hoban_assets.archives.members import Member
from hoban_assets.archives.room import must_fit
from hoban_assets.archives.writing import SUMS, Progress, Writer, archive_at, archive_bytes
from hoban_assets.errors import HobanError
from hoban_assets.processes.lifeline import own_folder
from hoban_assets.settings import REPORTS, Settings
from hoban_assets.upkeep.backup import dagster_storage as dagster
from hoban_assets.upkeep.backup.manifest import manifest_of, read_backup
from hoban_assets.upkeep.trash_lists import locked

FOLDER = "backups"
"""Below the data root: where backups go unless told otherwise; never part of a backup."""
CATALOG = "catalog.duckdb"
_ELSEWHERE = (
    "name a target on another disk, or leave photographs out, which lie in the raw root too: "
    "--without-images"
)
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|CREDENTIAL|_KEY$", re.I)
_RESERVE = 1 << 20
"""Bytes of an archive besides its files' content, at least."""


@dataclass(frozen=True)
class Choice:
    """What goes into a backup."""

    images: bool = True
    """Photographs of published datasets; without, datasets are published again from raw files."""
    cache: bool = False
    history: bool = True
    """Dagster's runs, events and schedules."""


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
    progress: Progress = lambda done, of: None,
) -> Backup:
    """Write a backup and return what it holds; nothing half-written stays under its name.

    Args:
        settings: whose data root.
        target: file, or folder in which a file named after the time is made; default: the folder
            ``backups`` below the data root.
        choice: what goes in.
        env: environment, for ``DAGSTER_HOME`` and the settings that are noted.
        progress: called with (bytes done, bytes of all).

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
    catalog = settings.catalog_path.stat().st_size
    needed = archive_bytes(files_of(settings, choice)) + catalog + _RESERVE
    must_fit(archive.parent, archive, needed, _ELSEWHERE, largest=needed)
    now = datetime.now(UTC)
    about = _about(settings, choice, env, home, postgres, now)
    options: dict[str, Any] = {"threads": settings.workers, "of": needed, "progress": progress}
    with locked(settings.data_root), archive_at(archive, _ELSEWHERE, **options) as out:
        if home:
            with own_folder(archive.parent, "copying") as work:
                _add_history(out, home, postgres, work / "copy")
        with reading(settings.catalog_path, settings.catalog_wait):  # no writer meanwhile
            files = [settings.data_root / name for name in (CATALOG, f"{CATALOG}.wal")]
            out.add([Member.in_use(file.name, file) for file in files if file.is_file()])
        out.add(files_of(settings, choice))  # listed anew: what the catalog names is there
        when = int(now.timestamp()) * 10**9
        out.finish(lambda files: manifest_of(about, out.left_out, files, when), when)
    return described(archive, {**about, "left_out": out.left_out, "files": out.files})


def check(archive: Path, progress: Progress = lambda done, of: None) -> Backup:
    """Read a backup from end to end, and compare every hash.

    Raises:
        HobanError: it is torn, damaged, or no backup.
    """
    return described(archive, read_backup(archive, progress))


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


def files_of(settings: Settings, choice: Choice) -> Iterator[Member]:
    """What is to be backed up besides databases."""
    root = settings.data_root
    wanted = [settings.artifacts, settings.models, root / REPORTS, root / "weights"]
    wanted += [settings.corrections.parent, settings.proposals]
    wanted += [settings.inbox] if settings.inbox.parent == root else []
    wanted += [settings.cache] if choice.cache else []
    for top in wanted:
        if top.is_dir():
            yield from walk(top, top.name, choice.images or top != settings.artifacts)


def walk(folder: Path, name: str, images: bool = True) -> Iterator[Member]:
    """What lies below a folder, by name; work in progress (dot names) and links are left out.

    What is removed while the walk goes on is left out as if it had never been there.
    """
    try:
        yield Member.in_use(name, folder)
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    depth = name.count("/")
    for entry in found:
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        inner = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from walk(Path(entry.path), inner, images)
        elif entry.is_file() and (images or depth != 5 or name.split("/")[4] != "images"):
            with suppress(FileNotFoundError):
                yield Member.in_use(inner, Path(entry.path), entry.stat())


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
        out.add([Member.in_use(dagster.DUMP, copy)])
    else:
        for file in dagster.databases(home):
            dagster.copy_database(file, copy)
            name = f"{dagster.FOLDER}/{file.relative_to(home).as_posix()}"
            out.add([Member.in_use(name, copy)])
    config = home / dagster.CONFIG
    if config.is_file():
        out.add([Member.in_use(f"{dagster.FOLDER}/{config.name}", config)])
    for name in dagster.PLAIN:
        if (home / name).is_dir():
            found = walk(home / name, f"{dagster.FOLDER}/{name}")
            out.add(member for member in found if not member.is_folder)


def _about(
    settings: Settings,
    choice: Choice,
    env: Mapping[str, str],
    home: Path | None,
    postgres: dagster.Postgres | None,
    now: datetime,
) -> dict[str, Any]:
    """What the manifest says beside the files."""
    chosen = {
        name: value
        for name, value in sorted(env.items())
        if (name.startswith("HOBAN_") or name == "RAY_ADDRESS") and not _SECRET.search(name)
    }
    return {
        "made_at": now.isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "data_root": str(settings.data_root),
        "raw_root": str(settings.raw_root),
        "history": None if home is None else "postgres" if postgres else "sqlite",
        "images": choice.images,
        "environment": chosen,
    }
