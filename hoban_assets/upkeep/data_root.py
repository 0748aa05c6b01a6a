"""What lies where below the data root, by its name alone, and what is said of it (`is_needed`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from hoban_assets.disk_use import Content, freed
from hoban_assets.settings import PARTITIONS, REPORTS, Settings
from hoban_assets.upkeep.paths import relation
from hoban_assets.upkeep.reasons_to_stay import Key

TRASH = "trash"
LOCK = ".prune.lock"
STAGING = ".catalog-staging"
GALLERY = "gallery"
"""Folder below the reports with a folder an asset."""
FOLDER = re.compile(r"[0-9a-f]{16}")
"""A published dataset (start of its data version) or a training (its run key)."""
_WORK = re.compile(r"\.(?:building|copying|fastdup|facts|features|packing)-(\d+)")
"""Folders that a process works in (`processes.lifeline.own_folder`); the number is the process."""
_HALF = re.compile(r"\..+\.(\d+)(?:\.tmp)?|[0-9a-f]{32}\.(\d+)\.tmp")
"""Files that are written under another name and then renamed; the number is the process."""
_LOG = re.compile(r"build-\d{8}-\d{6}\.log")
_STAGED = re.compile(r"[0-9a-f]{32}")

State: TypeAlias = Literal["unused", "live", "unknown"]
Kind: TypeAlias = Literal["dataset", "training", "gallery", "killed work", "log", "other"]
_Found: TypeAlias = tuple[Path, Kind, Key | None]


@dataclass(frozen=True)
class Item:
    """Something below the data root that may be hoban's, by its name; judged, why it is needed."""

    path: Path
    """Real path."""
    relative: str
    """Below the data root, with '/'."""
    kind: Kind
    state: State = "unknown"
    what: str = ""
    why: str = ""
    """Why it may go, or why it stays."""
    key: Key | None = None
    """Asset, partition and folder name of a dataset or training; of a gallery, the asset."""
    pid: int | None = None
    """Process that made it, of killed work."""
    last_use: datetime | None = None
    """Newest of materialisation and modification, UTC; for what is unused only."""
    content: Content = field(default_factory=Content)
    """Measured for what is unused only."""

    @property
    def frees(self) -> int:
        """Bytes that the disk gains when this alone goes."""
        return freed([self.content])


def places(root: Path, settings: Settings) -> Iterator[Item]:
    """Yield what lies below the real data root `root`, not judged; 'other': hoban does not know it.

    Links are never followed. Catalog, weights, trash and the raw root are not mentioned.
    """
    ours = {settings.catalog_path.name, "weights", "noise", "label_errors", TRASH, LOCK}
    ours |= {settings.corrections.parent.name, settings.proposals.name}
    ours |= {f"{settings.catalog_path.name}.{end}" for end in ("lock", "wal")}
    readers: dict[str, Callable[[Path], Iterator[_Found]]] = {
        settings.artifacts.name: lambda folder: _versions(folder, "dataset"),
        settings.models.name: lambda folder: _versions(folder, "training"),
        settings.cache.name: _halves,
        "bundles": _halves,
        REPORTS: _reports,
        settings.logs.name: _logs,
        STAGING: _staged,
    }
    for entry in sorted(root.iterdir()):
        apart = relation(entry, settings.raw_root) or relation(entry, settings.inbox)
        if entry.name in ours or apart:
            continue
        reader = readers.get(entry.name, _unknown) if _is_folder(entry) else _unknown
        for path, kind, key in reader(entry):
            pid = _maker(path) if kind == "killed work" else None
            yield Item(path, path.relative_to(root).as_posix(), kind, key=key, pid=pid)


def _unknown(entry: Path) -> Iterator[_Found]:
    yield entry, "other", None


def _versions(folder: Path, kind: Kind) -> Iterator[_Found]:
    for asset in sorted(folder.iterdir()):
        for partition in sorted(asset.iterdir()) if _is_folder(asset) else ():
            if partition.name not in PARTITIONS or not _is_folder(partition):
                yield partition, "other", None
                continue
            for entry in sorted(partition.iterdir()):
                if _maker(entry) is not None:
                    yield entry, "killed work", None
                elif FOLDER.fullmatch(entry.name) and _is_folder(entry):
                    yield entry, kind, (asset.name, partition.name, entry.name)
                else:
                    yield entry, "other", None
        if not _is_folder(asset):
            yield asset, "other", None


def _halves(folder: Path) -> Iterator[_Found]:
    """Killed work anywhere below a folder of which all else is left alone."""
    for entry in sorted(folder.iterdir()):
        if _maker(entry) is not None:
            yield entry, "killed work", None
        elif _is_folder(entry):
            yield from _halves(entry)


def _reports(folder: Path) -> Iterator[_Found]:
    yield from _halves(folder)
    galleries = folder / GALLERY
    for asset in sorted(galleries.iterdir()) if _is_folder(galleries) else ():
        if _is_folder(asset):
            yield asset, "gallery", (asset.name, "", "")


def _logs(folder: Path) -> Iterator[_Found]:
    for entry in sorted(folder.iterdir()):
        yield entry, "log" if _LOG.fullmatch(entry.name) and _is_file(entry) else "other", None


def _staged(folder: Path) -> Iterator[_Found]:
    for entry in sorted(folder.iterdir()):
        if _STAGED.fullmatch(entry.name) and _is_folder(entry):
            yield entry, "killed work", None


def _maker(entry: Path) -> int | None:
    """Process whose half-finished work it is; None: by its name it is none."""
    found = _WORK.fullmatch(entry.name) if _is_folder(entry) else None
    if _is_file(entry):
        found = _HALF.fullmatch(entry.name)
    return int(next(filter(None, found.groups()))) if found else None


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
