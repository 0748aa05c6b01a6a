"""Commands of upkeep and correction that are killed: nothing is lost, nothing is there by half."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attack.harness import Row, duration_of, killed_at_random

FOLDERS, PHOTOS, CORRECTIONS = 60, 400, 3000


def rows(folder: Path, size: int, dice: random.Random) -> Iterator[Row]:
    """`size` kills of each."""
    yield _pruned(folder / "prune", size, dice)
    yield _added(folder / "add", size, dice)
    yield _collected(folder / "collect", size, dice)


def _content(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_size for p in folder.rglob("*") if p.is_file()}


def _pruned(root: Path, size: int, dice: random.Random) -> Row:
    """What was moved lies in the trash and on its list, or where it was; all of it comes back."""
    row = Row("prune and its restore: killed", size)
    for number in range(FOLDERS):
        for name in ("a", "b"):
            file = root / "artifacts" / f"d{number}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"x" * number)
    whole = _content(root)
    longest = duration_of(lambda: _prune(root)) + duration_of(lambda: _put_back(root))
    for _ in range(size):
        killed_at_random(_prune, (root,), longest / 2, dice)
        killed_at_random(_put_back, (root,), longest / 2, dice)
        try:
            _put_back(root)
            _prune(root)  # undisturbed: clears what killed ones left
            _put_back(root)
            there = _content(root)
            row.note(None if there == whole else f"differs: {sorted(there ^ whole.keys())[:3]}")
        except Exception as error:
            row.note(f"{type(error).__name__}: {error}")
    return row


def _prune(root: Path) -> None:
    from hoban_assets.upkeep.data_root import Item
    from hoban_assets.upkeep.trash import move

    paths = sorted((root / "artifacts").glob("*"))
    items = [Item(p, f"artifacts/{p.name}", "dataset", "unused", "", "") for p in paths]
    for _ in move(root, items, lambda item: None):
        pass


def _put_back(root: Path) -> None:
    from hoban_assets.upkeep.trash import restore
    from hoban_assets.upkeep.trash_lists import batches

    for batch in batches(root):
        for _ in restore(root, batch):
            pass


def _added(root: Path, size: int, dice: random.Random) -> Row:
    """A folder of photographs is below the raw root as a whole, or not at all."""
    row = Row("add: killed", size)
    given = root / "given"
    given.mkdir(parents=True)
    for number in range(PHOTOS):
        (given / f"{number}.jpg").write_bytes(b"photo" * 2000)
    pictures, site = [(p.name, p) for p in given.iterdir()], root / "raw" / "site"
    whole = _content(given)
    longest = duration_of(lambda: _add(pictures, site))
    for _ in range(size):
        shutil.rmtree(site, ignore_errors=True)
        killed_at_random(_add, (pictures, site), longest, dice)
        wrong = "half a folder" if site.exists() and _content(site) != whole else None
        if not site.exists():
            _add(pictures, site)
            wrong = None if _content(site) == whole else "the next one made another folder"
        left = [p.name for p in site.parent.iterdir() if p != site and not _next_clears(p)]
        row.note(wrong or (f"left {left}" if left else None))
    return row


def _next_clears(path: Path) -> bool:
    return path.name.startswith(".adding-")


def _add(pictures: Any, site: Path) -> None:
    from hoban_assets.adding.placing import place

    place(pictures, [], site, 1, copy=True)


def _collected(root: Path, size: int, dice: random.Random) -> Row:
    """Corrections of a file are in the log as a whole or not at all, and nothing before is lost."""
    from correcting import correction

    from hoban_assets.corrections.log import append, read_log

    row, log = Row("collect: killed", size), root / "log.jsonl"
    many = [correction(f"s/{number}.jpg") for number in range(CORRECTIONS)]
    longest = duration_of(lambda: append(log, many))
    log.unlink()
    for _ in range(size):
        before = read_log(log) if log.exists() else ()
        killed_at_random(append, (log, many), longest, dice)
        try:
            append(log, many[:1])
            told = read_log(log)
        except Exception as error:
            row.note(f"{type(error).__name__}: {error}")
            log.unlink()
            continue
        added = len(told) - len(before) - 1
        whole = told[: len(before)] == before and added in (0, len(many))
        row.note(None if whole else f"{added} of {len(many)} were added")
        if len(told) > 5 * len(many):
            log.unlink()
    return row
