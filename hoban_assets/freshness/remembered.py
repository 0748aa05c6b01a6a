"""Small answers that cost more than a command may take, kept until what they are of changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hoban_assets.files import save


def remembered(file: Path, name: str, facts: Mapping[str, Any], compute: Callable[[], str]) -> str:
    """Return what `compute` found of `name` when its `facts` (sizes, times) were these.

    `file` is a JSON object below the cache. Where it cannot be read or written, this only takes
    longer each time; a cache that does not exist is not made by looking.
    """
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text(encoding="utf-8"))
        known = found if isinstance(found, dict) else {}
    entry = known.get(name)
    if isinstance(entry, dict) and entry.get("facts") == dict(facts):
        value = entry.get("value")
        if isinstance(value, str):
            return value
    value = compute()
    if file.parent.parent.is_dir():
        with suppress(OSError):
            save(file, json.dumps({**known, name: {"facts": dict(facts), "value": value}}))
    return value


def look_of(path: Path) -> list[int]:
    """Size and modification time; empty where there is nothing."""
    with suppress(OSError):
        found = path.stat()
        return [found.st_size, found.st_mtime_ns]
    return []
