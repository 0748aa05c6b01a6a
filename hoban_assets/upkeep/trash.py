"""Move to the trash, back from it, and delete what lies there.

Moving is renaming within one file system, so a thing lies in one place or the other, whole.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.language import Say
from hoban_assets.settings import Settings
from hoban_assets.upkeep.data_root import Item
from hoban_assets.upkeep.paths import link_on_the_way, mounts_in, touches
from hoban_assets.upkeep.reasons_to_stay import Key, References
from hoban_assets.upkeep.trash_lists import (
    Batch,
    Moved,
    new_batch,
    tidy,
    trash_of,
    without,
    write,
)
from hoban_assets.upkeep.written_by_hoban import objection_to_run, objection_to_tree


def move(
    root: Path, items: Sequence[Item], needed: Callable[[Item], str | None]
) -> Iterator[tuple[Item, str | None]]:
    """Move `items` to a new batch, one by one; yield each with why it was left after all, or None.

    `needed` is asked right before each move, and may raise to stop.

    Raises:
        HobanError: something lies on another file system than the trash (before anything is
            moved), or cannot be moved. What was moved before is in the batch, and listed.
    """
    _must_be_one_file_system(root, items)
    batch = new_batch(root)
    try:
        for item in items:
            if why := needed(item) or _in_the_way(item.path, root):
                yield item, why
                continue
            now = datetime.now(UTC).isoformat(timespec="seconds")
            line = Moved(item.relative, item.kind, item.what, item.why, now, item.content.bytes)
            before, batch = batch, replace(batch, items=(*batch.items, line))
            write(batch)
            try:
                _rename(item.path, batch.place(line))
            except HobanError:
                batch = before
                write(batch)
                raise
            yield item, None
    finally:
        tidy(batch)


def restore(root: Path, batch: Batch) -> Iterator[tuple[Moved, str | None]]:
    """Put a batch back; yield each thing with why it stays in the trash, or None.

    Reasons: 'something lies there now', 'its deletion had begun', 'is a link'.
    """
    for item in batch.items:
        source, target = batch.place(item), root / item.relative
        why = None
        if source.exists() or source.is_symlink():
            if item.deleting:
                why = "its deletion had begun"
            elif os.path.lexists(target):
                why = "something lies there now"
            elif link_on_the_way(target, root) or link_on_the_way(source, root):
                why = "is a link"
            else:
                _rename(source, target)
        elif not target.exists():
            why = "it is neither here nor there any more"
        if why is None or "neither" in why:
            batch = without(batch, item)
        yield item, why
    tidy(batch)


def empty(
    root: Path, batch: Batch, objection: Callable[[Batch, Moved], str | None]
) -> Iterator[tuple[Moved, str | None]]:
    """Delete a batch for good; yield each thing with why it stays in the trash, or None.

    Only what its list names is deleted. Links are removed, never followed, and nothing is deleted
    through a mount. `objection` may save a thing whose deletion had not begun.
    """
    for item in batch.items:
        place = batch.place(item)
        if os.path.lexists(place):
            why = _in_the_way(place, root) or (None if item.deleting else objection(batch, item))
            if why:
                yield item, why
                continue
            begun = replace(item, deleting=True)
            batch = replace(batch, items=tuple(begun if i == item else i for i in batch.items))
            write(batch)
            _delete(place)
            item = begun
        batch = without(batch, item)
        yield item, None
    tidy(batch)


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


def _must_be_one_file_system(root: Path, items: Sequence[Item]) -> None:
    device = root.stat().st_dev
    trash = trash_of(root)
    foreign = [item.path for item in items if item.path.stat().st_dev != device]
    if trash.exists() and trash.stat().st_dev != device:
        foreign = [trash]
    if foreign:
        raise _other_file_system(foreign[0])


def _other_file_system(path: Path) -> HobanError:
    return HobanError(
        f"{path} lies on another file system than the trash; nothing is copied",
        "delete by hand what 'hoban prune --dry-run' lists there",
    )


def _in_the_way(path: Path, root: Path) -> str | None:
    """Why it must not be moved or deleted now, although it was decided."""
    if link_on_the_way(path, root):
        return "is a link"
    if mounts_in(path):
        return "another file system is mounted in it"
    return None if path.exists() else "is gone"


def _rename(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise _other_file_system(source) from error
        raise HobanError(
            f"{source} cannot be moved to {target}: {error.strerror}",
            "fix that path and run the command again; what was moved before is in the trash",
        ) from error


def _delete(place: Path) -> None:
    try:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()
    except OSError as error:
        raise HobanError(
            f"{error.filename or place} cannot be deleted: {error.strerror}",
            "fix that path and run the command again; it goes on where it stopped",
        ) from error
