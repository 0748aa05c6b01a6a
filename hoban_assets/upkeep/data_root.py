"""What lies where below the data root, by its name alone, and what is said of it (`is_needed`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from hoban_assets.settings import PARTITIONS, REPORTS, Settings
from hoban_assets.upkeep.folder_contents import Content, freed
from hoban_assets.upkeep.paths import relation
from hoban_assets.upkeep.reasons_to_stay import Key

TRASH = "trash"
LOCK = ".prune.lock"
STAGING = ".catalog-staging"
GALLERY = "gallery"
"""Folder below the reports with a folder an asset."""
FOLDER = re.compile(r"[0-9a-f]{16}")
"""A published dataset (start of its data version) or a training (its run key)."""
_WORK = re.compile(r"\.(?:building|fastdup|facts|features|packing)-(\d+)")
"""Folders that a process works in (`processes.lifeline.own_folder`); the number is the process."""
_HALF = re.compile(r"\..+\.(\d+)(?:\.tmp)?|[0-9a-f]{32}\.(\d+)\.tmp")
"""Files that are written under another name and then renamed; the number is the process."""
_LOG = re.compile(r"build-\d{8}-\d{6}\.log")
_STAGED = re.compile(r"[0-9a-f]{32}")

State: TypeAlias = Literal["unused", "live", "unknown"]
Kind: TypeAlias = Literal["dataset", "training", "gallery", "killed work", "log", "other"]


@dataclass(frozen=True)
class Place:
    """Something below the data root that may be hoban's, by its name."""

    path: Path
    kind: Kind
    key: Key | None = None
    """Of a dataset or a training; of a gallery, the asset."""
    pid: int | None = None
    """Process that made it, of killed work."""


@dataclass(frozen=True)
class Item:
    """A published dataset, a training, ...: whether it is needed, and why."""

    path: Path
    """Real path."""
    relative: str
    """Below the data root, with '/'."""
    kind: Kind
    state: State
    what: str
    why: str
    """Why it may go, or why it stays."""
    key: Key | None = None
    """Asset, partition and folder name of a dataset or training."""
    last_use: datetime | None = None
    """Newest of materialisation and modification, UTC; for what is unused only."""
    content: Content = field(default_factory=Content)
    """Measured for what is unused only."""

    @property
    def frees(self) -> int:
        """Bytes that the disk gains when this alone goes."""
        return freed([self.content])


def places(root: Path, settings: Settings) -> Iterator[Place]:
    """Yield what lies below the real data root `root`; 'other' is what hoban does not know.

    Links are never followed. Catalog, weights, trash and the raw root are not mentioned.
    """
    ours = {settings.catalog_path.name, "weights", "noise", "label_errors", TRASH, LOCK}
    ours |= {settings.corrections.parent.name, settings.proposals.name}
    ours |= {f"{settings.catalog_path.name}.{end}" for end in ("lock", "wal")}
    readers = {
        settings.artifacts.name: lambda folder: _versions(folder, "dataset"),
        settings.models.name: lambda folder: _versions(folder, "training"),
        settings.cache.name: _halves,
        "bundles": _halves,
        REPORTS: _reports,
        settings.logs.name: _logs,
        STAGING: _staged,
    }
    for entry in _listing(root):
        apart = relation(entry, settings.raw_root) or relation(entry, settings.inbox)
        if entry.name in ours or apart:
            continue
        reader = readers.get(entry.name)
        if reader is None or not _is_folder(entry):
            yield Place(entry, "other")
        else:
            yield from reader(entry)


def _versions(folder: Path, kind: Kind) -> Iterator[Place]:
    for asset in _listing(folder):
        if not _is_folder(asset):
            yield Place(asset, "other")
            continue
        for partition in _listing(asset):
            if partition.name not in PARTITIONS or not _is_folder(partition):
                yield Place(partition, "other")
                continue
            for entry in _listing(partition):
                yield _version(entry, kind, asset.name, partition.name)


def _version(entry: Path, kind: Kind, asset: str, partition: str) -> Place:
    if work := _work(entry):
        return work
    if FOLDER.fullmatch(entry.name) and _is_folder(entry):
        return Place(entry, kind, (asset, partition, entry.name))
    return Place(entry, "other")


def _halves(folder: Path) -> Iterator[Place]:
    """Killed work anywhere below a folder of which all else is left alone."""
    for entry in _listing(folder):
        if work := _work(entry):
            yield work
        elif _is_folder(entry):
            yield from _halves(entry)


def _reports(folder: Path) -> Iterator[Place]:
    yield from _halves(folder)
    galleries = folder / GALLERY
    if _is_folder(galleries):
        for asset in _listing(galleries):
            if _is_folder(asset):
                yield Place(asset, "gallery", (asset.name, "", ""))


def _logs(folder: Path) -> Iterator[Place]:
    for entry in _listing(folder):
        is_ours = _LOG.fullmatch(entry.name) and entry.is_file() and not entry.is_symlink()
        yield Place(entry, "log" if is_ours else "other")


def _staged(folder: Path) -> Iterator[Place]:
    for entry in _listing(folder):
        if _STAGED.fullmatch(entry.name) and _is_folder(entry):
            yield Place(entry, "killed work")


def _work(entry: Path) -> Place | None:
    found = _WORK.fullmatch(entry.name) if _is_folder(entry) else None
    if found is None and entry.is_file() and not entry.is_symlink():
        found = _HALF.fullmatch(entry.name)
    if found is None:
        return None
    return Place(entry, "killed work", pid=int(next(filter(None, found.groups()))))


def _listing(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
