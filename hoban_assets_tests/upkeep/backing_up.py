"""Backing up and restoring a yard."""

from __future__ import annotations

from pathlib import Path

from yard import Yard

from hoban_assets.upkeep.backup.making import Backup, Choice, back_up
from hoban_assets.upkeep.backup.restoring import Restored, restore


def no_runs(home: Path, runs: list[str]) -> None:
    raise AssertionError(f"{runs} were at work")


def make(yard: Yard, target: Path | None = None, **chosen: bool) -> Backup:
    return back_up(yard.settings, target or yard.home / "away", Choice(**chosen), env=yard.env)


def put_back(archive: Path, folder: Path, yard: Yard) -> Restored:
    return restore(archive, folder, env=yard.env, end_runs=no_runs)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
