"""Which files of a data root a backup holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.archives.members import Member
from hoban_assets.settings import REPORTS, Settings

FOLDER = "backups"
"""Below the data root: where backups go unless told otherwise; never part of a backup."""
CATALOG = "catalog.duckdb"


@dataclass(frozen=True)
class Choice:
    """What goes into a backup."""

    images: bool = True
    """Photographs of published datasets; without, datasets are published again from raw files."""
    cache: bool = False
    history: bool = True
    """Dagster's runs, events and schedules."""


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
    """What lies below a folder, by name; work in progress (dot names) and links are left out."""
    yield Member.in_use(name, folder)
    depth = name.count("/")
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        inner = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from walk(Path(entry.path), inner, images)
        elif entry.is_file() and (images or depth != 5 or name.split("/")[4] != "images"):
            yield Member.in_use(inner, Path(entry.path), entry.stat())
