"""Restore a backup into an empty folder, which is then a data root.

Everything is unpacked and compared in ``.restoring`` inside that folder, and moved up only when all
of it was found right, the catalog last: a restore that is killed leaves no data root.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hoban_assets.archives.room import explained, must_fit
from hoban_assets.archives.writing import SUMS, Progress
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings
from hoban_assets.upkeep.backup import dagster_storage as dagster
from hoban_assets.upkeep.backup.making import CATALOG, Backup, described
from hoban_assets.upkeep.backup.manifest import OF_THIS_MACHINE, read_backup, settings_in

_ELSEWHERE = "name a folder on another disk"
STAGING = ".restoring"
ENVIRONMENT = "restored.env"
"""In a restored data root: lines for a shell that make it, and its history, the ones in use."""
_TEXTS = ("plan.json", "command.txt", "data.yaml", "args.yaml")
"""Files of a training that name places below the data root."""
_PUBLISHED = """
SELECT m.asset, m.partition FROM store.materializations AS m JOIN store.current USING
    (materialization_id)
WHERE m.kind = 'dataset' AND path IS NOT NULL ORDER BY ALL
"""


@dataclass(frozen=True)
class Restored:
    """What was restored."""

    backup: Backup
    folder: Path
    environment: Path
    """File for ``. FILE``."""
    history: str | None
    """'sqlite', 'postgres' (a dump, which is yet to be loaded), or None."""
    ended_runs: int
    """Runs that were at work when the backup was made, and are marked as failed now."""
    to_publish: list[tuple[str, str]]
    """Datasets whose photographs are not in the backup: to be materialised again."""


def restore(
    archive: Path,
    folder: Path,
    *,
    env: Mapping[str, str],
    end_runs: Callable[[Path, list[str]], None],
    progress: Progress = lambda done, of: None,
) -> Restored:
    """Restore `archive` into `folder`, which is made, or must be empty.

    Args:
        archive: a backup.
        folder: the new data root.
        env: environment, for the places of this machine (raw root, fastdup).
        end_runs: marks runs in the SQLite files of a DAGSTER_HOME as failed.
        progress: called with (bytes done, bytes of all).

    Raises:
        HobanError: the folder holds something, the disk is too small, or the archive is torn,
            damaged, or no backup. The folder is left as it was.
    """
    folder = folder.absolute()
    if not archive.is_file():
        raise HobanError(f"there is no file {archive}", "name the file of a backup")
    _must_be_empty(folder)
    must_fit(folder, archive, archive.stat().st_size, _ELSEWHERE)
    with explained(folder, _ELSEWHERE), _staging(folder) as staging:
        manifest = read_backup(archive, progress, staging)
        os.sync()  # it is on the disk before it is called restored
        (staging / SUMS).unlink(missing_ok=True)  # compared just now
        to_publish = _relocate(staging, manifest, folder)
        runs = dagster.unfinished_runs(staging / dagster.FOLDER)
        if runs:
            end_runs(staging / dagster.FOLDER, runs)
        (staging / ENVIRONMENT).write_text(_environment(manifest, folder, env), encoding="utf-8")
        entries = sorted(staging.iterdir(), key=lambda entry: entry.name == CATALOG)
        for entry in entries:  # the catalog last: without it there is no data root
            entry.rename(folder / entry.name)
    return Restored(
        described(archive, manifest),
        folder,
        folder / ENVIRONMENT,
        manifest["history"],
        len(runs),
        [] if manifest["images"] else to_publish,
    )


def _relocate(staging: Path, manifest: Mapping[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Let the catalog and the trainings name the new place; return the published datasets."""
    from hoban_assets.catalog.access import writing

    old, new = manifest["data_root"].rstrip("/"), str(folder)
    with writing(staging / CATALOG, deadline=10) as connection:
        published = connection.execute(_PUBLISHED).fetchall()
        connection.execute(
            "UPDATE store.materializations SET recipe = replace(recipe, ?, ?)",
            [f'"{old}/', f'"{new}/'],
        )
    for name in (f"{CATALOG}.lock", ".catalog-staging"):
        with suppress(FileNotFoundError):
            place = staging / name
            place.rmdir() if place.is_dir() else place.unlink()
    if old != new:
        for name in _TEXTS:
            for file in (staging / "models").glob(f"*/*/*/{name}"):
                text = file.read_text(encoding="utf-8")
                file.write_text(text.replace(f"{old}/", f"{new}/"), encoding="utf-8")
    return [(asset, partition) for asset, partition in published]


def _environment(manifest: Mapping[str, Any], folder: Path, env: Mapping[str, str]) -> str:
    """Lines that set the settings of the backup; places of this machine as they are here.

    A shell sources them, so they hold names of settings and quoted values only.
    """
    old = manifest["data_root"].rstrip("/")
    chosen = {
        name: f"{folder}{value[len(old) :]}" if f"{value}/".startswith(f"{old}/") else value
        for name, value in settings_in(manifest).items()
    }
    chosen["HOBAN_RAW_ROOT"] = env.get("HOBAN_RAW_ROOT") or manifest["raw_root"]
    chosen |= {name: env[name] for name in OF_THIS_MACHINE & env.keys()}
    chosen["HOBAN_FASTDUP_PYTHON"] = str(Settings.from_env(env).fastdup_python)
    chosen["HOBAN_DATA_ROOT"] = str(folder)
    chosen["DAGSTER_MODULE_NAME"] = "hoban_assets.definitions"
    if manifest["history"] == "sqlite":
        chosen["DAGSTER_HOME"] = str(folder / dagster.FOLDER)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(chosen.items())]
    head = f"# of the backup made at {manifest['made_at']} on {manifest['host']}:  . THIS_FILE"
    return "\n".join([head, *lines, ""])


def _must_be_empty(folder: Path) -> None:
    if folder.is_dir():
        found = {entry.name for entry in folder.iterdir()} - {"lost+found"}
        if not found - {STAGING}:
            return  # what a killed restore left is cleared away
        hint = " (a restore was killed here)" if STAGING in found else ""
        what = sorted(found - {STAGING})[0]
        raise HobanError(
            f"{folder} is not empty{hint}: it holds {what}",
            "name a new folder; nothing is ever restored over something else",
        )
    if os.path.lexists(folder):
        raise HobanError(f"{folder} is no folder", "name a new folder")


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Yield an empty folder inside; remove it, and `folder` where it was made here."""
    made = not folder.exists()
    staging = folder / STAGING
    shutil.rmtree(staging, ignore_errors=not staging.exists())
    staging.mkdir(parents=True)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if made:
            with suppress(OSError):  # not empty: it was restored
                folder.rmdir()
