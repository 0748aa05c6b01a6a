"""Which file below the raw root a person means, where no build knows of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from hoban_assets.catalog.names import MOST, endings, folded, plain


def files_meant(raw_root: Path, typed: str) -> list[str]:
    """Files below the raw root that `typed` may mean, at most `MOST`, sorted.

    A path of any system is followed from the raw root, whatever stands before it; case, and NFC
    or NFD, do not matter. A name alone is looked for in every folder.
    """
    name = plain(typed)
    root = plain(str(raw_root))
    if folded(name).startswith(f"{folded(root)}/"):
        name = name[len(root) :]
    ways = endings(name)
    for way in ways:
        if found := _follow(raw_root, way.split("/")):
            return found
    return sorted(_named(raw_root, folded(ways[0])))[:MOST] if ways else []


def _follow(root: Path, parts: Sequence[str]) -> list[str]:
    """The files that a path leads to, each part of it as it is, else folded."""
    places = [""]
    for number, part in enumerate(parts, 1):
        is_last = number == len(parts)
        found = []
        for place in places:
            exact = root / place / part
            if exact.is_file() if is_last else exact.is_dir():
                found.append(f"{place}/{part}".lstrip("/"))
                continue
            found += [
                f"{place}/{entry.name}".lstrip("/")
                for entry in _entries(root / place)
                if folded(entry.name) == folded(part)
                and (entry.is_file() if is_last else entry.is_dir())
            ]
        places = found
    return sorted(places)


def _named(root: Path, name: str) -> Iterator[str]:
    pending = [""]
    while pending:
        folder = pending.pop()
        for entry in _entries(root / folder):
            path = f"{folder}/{entry.name}".lstrip("/")
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif folded(path).endswith(f"/{name}") or folded(entry.name) == name:
                yield path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [e for e in entries if e.name.isprintable()]
    except OSError:
        return []
