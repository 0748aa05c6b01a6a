"""Whether a path below the data root may be deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeAlias

from hoban_assets.language import Say
from hoban_assets.settings import Settings
from hoban_assets.upkeep.data_root import TRASH, Item
from hoban_assets.upkeep.folder_contents import objection_to_run, objection_to_tree
from hoban_assets.upkeep.paths import is_within, relation, touches
from hoban_assets.upkeep.reasons_to_stay import (
    Key,
    References,
)
from hoban_assets.upkeep.survey import checked_root, survey
from hoban_assets.upkeep.trash_lists import MANIFEST, Batch, Moved, batches

Answer: TypeAlias = tuple[bool, str]
"""Safe, and the reason."""
NOT_OURS = (
    "nothing here refers to it: hoban did not make it, no asset uses it; what else it may be "
    "needed for, hoban cannot know"
)


def answer_below_data(
    spot: Path, known: References, settings: Settings, say: Say, assets: Collection[str]
) -> Answer:
    """Judge a real path strictly below the data root that is no raw source."""
    root = checked_root(settings)
    if is_within(spot, root / TRASH):
        return _in_trash(spot, root, known, settings, say)
    found = survey(
        known, settings, say, assets=assets, wanted=lambda path: relation(path, spot) is not None
    )
    needed = [*found.live, *(item for item in found.unknown if item.kind != "other")]
    if needed:
        return False, _needed(spot, needed, say)
    if found.unused:
        first = found.unused[0]
        text = "nothing needs it: {why}"
        if len(found.unused) > 1:
            text = "nothing needs what it holds ({count}), for instance {path}: {why}"
        return True, say(text, why=first.why, path=first.relative, count=len(found.unused))
    if is_within(spot, settings.reports):
        return True, say("a report: no asset needs it, and it can be made again")
    if is_within(spot, settings.cache):
        return True, say("a cache: what lies in it is computed again, which takes a while")
    return True, say(NOT_OURS)


def _needed(spot: Path, items: Sequence[Item], say: Say) -> str:
    first = items[0]
    if relation(first.path, spot) == "in":
        text = "holds what is needed ({count}), for instance {path}: {why}"
        return say(text, count=len(items), path=first.relative, why=first.why)
    what = first.what or first.relative
    return say("belongs to {what}, which is needed: {why}", what=what, why=first.why)


def _in_trash(spot: Path, root: Path, known: References, settings: Settings, say: Say) -> Answer:
    if spot.name == MANIFEST:
        return False, say("the list by which 'hoban prune --restore' puts things back")
    for batch in batches(root):
        for item in batch.items:
            if relation(spot, batch.place(item)) is None:
                continue
            if why := objection_to_deletion(root, batch, item, known, settings, say):
                return False, f"{item.relative}: {why}"
    return True, say("lies in the trash, and nothing needs it")


def objection_to_deletion(
    root: Path, batch: Batch, item: Moved, known: References, settings: Settings, say: Say
) -> str | None:
    """Return why something in the trash must not be deleted for good, or None.

    Since it was moved there, it may have come to be needed again, the raw files of its
    photographs may have gone, or somebody may have put something into it.
    """
    place, key = batch.place(item), _key(item)
    if key and not (root / item.relative).exists() and (why := known.why_live(key)):
        return say("is needed again ({why}): 'hoban prune --restore'", why=why)
    if why := touches(place, known.protected):
        return why
    if item.kind == "dataset":
        return objection_to_tree(place, settings.raw_root, say)
    return objection_to_run(place, say) if item.kind == "training" else None


def _key(item: Moved) -> Key | None:
    parts = item.relative.split("/")
    is_version = item.kind in ("dataset", "training") and len(parts) == 4
    return (parts[1], parts[2], parts[3]) if is_version else None
