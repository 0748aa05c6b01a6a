"""What lies below the data root that nothing needs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.catalog.asked import Ask
from hoban_assets.disk_use import freed
from hoban_assets.errors import HobanError
from hoban_assets.language import Say
from hoban_assets.processes.seen import users_of
from hoban_assets.settings import Settings
from hoban_assets.upkeep.data_root import Item, places
from hoban_assets.upkeep.is_needed import Judge
from hoban_assets.upkeep.paths import is_within, real
from hoban_assets.upkeep.reasons_to_stay import (
    References,
    protected_places,
    references,
)


@dataclass(frozen=True)
class Survey:
    """Everything below the data root: what nothing needs, what is needed, what is not hoban's."""

    unused: list[Item]
    live: list[Item]
    unknown: list[Item]

    @property
    def bytes(self) -> int:
        """Size of all that is unused."""
        return sum(item.content.bytes for item in self.unused)

    @property
    def frees(self) -> int:
        """Bytes that the disk gains when all that is unused goes."""
        return freed(item.content for item in self.unused)


def checked_root(settings: Settings) -> Path:
    """Return the real data root.

    Raises:
        HobanError: it does not exist, or it is, or lies in, the raw root: then nothing can be
            told from a raw source.
    """
    root = settings.data_root
    if not root.is_dir():
        raise HobanError(f"data root {root} does not exist", "set HOBAN_DATA_ROOT")
    if is_within(root, settings.raw_root):
        raise HobanError(
            f"data root {root} lies in the raw root {settings.raw_root}, where nothing is touched",
            "set HOBAN_DATA_ROOT to a folder beside it",
        )
    return real(root)


def survey(
    known: References,
    settings: Settings,
    say: Say,
    *,
    assets: Collection[str] = (),
    wanted: Callable[[Path], bool] = lambda path: True,
    progress: Callable[[int, int], None] | None = None,
) -> Survey:
    """Find and judge what lies below the data root. Writes nothing.

    Args:
        known: what the catalog refers to (`references`); the settings' own places are added.
        settings: whose data root.
        say: language of the reasons.
        assets: names of declared assets; pictures of an asset that neither they nor the catalog
            know may go.
        wanted: leaves out what lies at a path; but trainings, which may need a dataset.
        progress: called with (judged, of).

    Raises:
        HobanError: as `checked_root`.
    """
    root = checked_root(settings)
    known.protected += protected_places(settings, say)
    found = [
        item for item in places(root, settings) if item.kind == "training" or wanted(item.path)
    ]
    busy = users_of([item.path for item in found if item.kind != "other"])
    judge = Judge(root, settings.raw_root, known, assets, busy, say)
    items = []
    for done, item in enumerate(sorted(found, key=lambda item: item.kind != "training"), 1):
        items.append(judge.judged(item))
        if progress:
            progress(done, len(found))
    items = sorted((i for i in items if wanted(i.path)), key=lambda item: item.relative)
    unused, live, unknown = (
        [item for item in items if item.state == state] for state in ("unused", "live", "unknown")
    )
    return Survey(unused, live, unknown)


def came_to_be_needed(
    item: Item, ask: Ask, settings: Settings, say: Say, declared: Collection[str] | None = None
) -> str | None:
    """Return what has come to need `item` since the survey; cheap enough for every move.

    `declared`: see `references`.
    """
    if used := users_of([item.path]):
        return say("process {process} works with it", process=used[item.path])
    return references(ask, settings, say, declared).why_live(item.key) if item.key else None
