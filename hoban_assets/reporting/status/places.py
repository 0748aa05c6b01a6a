"""What lies below the data root, and how much of the disk each part of it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.disk_use import Use, disk_use, tree_use
from hoban_assets.settings import Settings

CURRENT, OLDER, SHARED = "current", "older build", "other"


@dataclass(frozen=True)
class Place:
    """A folder or file below the data root."""

    name: str
    """``dataset_v9 [sub]``, or the name of the folder."""
    kind: str
    """'current', 'older build' (or one that is not finished), or 'other'."""
    path: Path
    use: Use


def measured(
    settings: Settings,
    current: Sequence[str],
    fresh: bool = False,
    log: Callable[[str], None] = lambda line: None,
) -> list[Place]:
    """Measure everything below the data root but raw sources, which belong to nobody here.

    Args:
        settings: where it lies.
        current: paths that the current materialisations name; other folders below ``artifacts``
            and ``models`` are older builds.
        fresh: measure published trees anew instead of taking what is known of them.
        log: told before a folder that may take long.
    """
    builds = list(_builds(settings, frozenset(current), fresh, log))
    root = settings.data_root
    raw = frozenset([settings.raw_root])
    others = [
        Place(entry.name, SHARED, entry, disk_use(entry, raw))
        for entry in (sorted(root.iterdir()) if root.is_dir() else [])
        if entry not in (settings.artifacts, settings.models, settings.raw_root)
    ]
    return [*builds, *(place for place in others if place.use.adds + place.use.links)]


def _builds(
    settings: Settings, current: frozenset[str], fresh: bool, log: Callable[[str], None]
) -> Iterator[Place]:
    for above in (settings.artifacts, settings.models):
        for folder in sorted(above.glob("*/*/*")):
            if not folder.is_dir():
                continue
            name = f"{folder.parents[1].name} [{folder.parent.name}]"
            log(f"measuring {folder}")
            use = (
                tree_use(folder, settings.cache, fresh=fresh)
                if above == settings.artifacts
                else disk_use(folder)
            )
            yield Place(name, CURRENT if str(folder) in current else OLDER, folder, use)
