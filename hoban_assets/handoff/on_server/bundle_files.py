"""The list of files in a bundle (bundle.json), and whether the files beside it are those.

Only the standard library, Python 3.9 or later: it runs on the server. The platform uses it too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

FORMAT = 1
BUNDLE = "bundle.json"
CONTENT = "content"
"""Folder of a bundle with --since: a file for each new content, named by its SHA-256."""
NEAR_NS = 2_000_000_000
"""Times this close are the same: FAT keeps even seconds, some unpackers whole ones."""
SHOWN = 5
"""Files named in a message."""
_BLOCK = 1 << 20


class Refused(Exception):
    """Ends a script with one message: what is wrong, and the way out."""

    def __init__(self, problem: str, way_out: str) -> None:
        """Keep both parts."""
        self.problem = problem
        self.way_out = way_out
        super().__init__(f"{problem}\n  way out: {way_out}")


def read_bundle(folder: Path) -> dict[str, Any]:
    """Read bundle.json of an unpacked bundle.

    Raises:
        Refused: it is not there, not whole, or of a later format.
    """
    file = folder / BUNDLE
    try:
        bundle: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        known = bundle["format"] == FORMAT and isinstance(bundle["files"], dict)
    except FileNotFoundError:
        raise Refused(
            f"{folder} is no whole bundle: it has no {BUNDLE}, the last file of the archive",
            "unpack the archive again (tar xf); if tar complains, copy the archive again first",
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(f"{file} cannot be read: {error!r}", "unpack the archive again") from error
    if not known:
        raise Refused(
            f"{file} is of format {bundle['format']!r}, this script reads {FORMAT}",
            "use the scripts of the same archive",
        )
    if wrong := _unsound(bundle):
        raise Refused(
            f"{file} is not one that hoban wrote: {wrong}; nothing was written",
            "take the archive from where it was made",
        )
    return bundle


def _unsound(bundle: dict[str, Any]) -> str:
    """Say what no bundle of ours has: names that lead out of it, values of another kind."""
    for key in ("bundle", "run_key"):
        if not _is_plain(bundle.get(key)) or "/" in bundle[key]:
            return f"{key} {bundle.get(key)!r}"
    if bundle.get("since") is not None and not _is_plain(bundle["since"]):
        return f"since {bundle['since']!r}"
    for name, facts in bundle["files"].items():
        if not _is_plain(name):
            return f"a file {name[:200]!r}"
        whole = isinstance(facts, dict) and all(
            type(facts.get(key)) is int and facts[key] >= 0 for key in ("bytes", "mtime_ns")
        )
        if not whole or not re.fullmatch("[0-9a-f]{64}", str(facts.get("sha256"))):
            return f"what it says of {name}"
    return ""


def _is_plain(name: Any) -> bool:
    """Whether a name stays below the folder that it is put into, and is harmless to print."""
    if not isinstance(name, str) or not name.isprintable() or "\\" in name:
        return False
    return bool(name) and all(part not in ("", ".", "..") for part in name.split("/"))


def bundle_text(bundle: dict[str, Any]) -> str:
    """The text of bundle.json: a line a file, and the same text for the same content."""
    files = bundle["files"]
    lines = [f"  {json.dumps(name)}: {json.dumps(files[name])}" for name in sorted(files)]
    rest = {key: value for key, value in bundle.items() if key != "files"}
    head = json.dumps(rest, indent=1, ensure_ascii=False)
    return head[: head.rindex("\n}")] + ',\n "files": {\n' + ",\n".join(lines) + "\n }\n}\n"


def differing_quickly(folder: Path, files: dict[str, dict[str, Any]]) -> list[str]:
    """Say of each file that is missing, or of another size or time: 'NAME is missing', ..."""
    found = []
    for name, facts in files.items():
        try:
            status = os.stat(folder / name)  # noqa: PTH116 - 100,000 of them
        except OSError as error:
            found.append(f"{name} {_unreadable(error)}")
            continue
        if status.st_size != facts["bytes"]:
            found.append(f"{name} has {status.st_size:,} bytes instead of {facts['bytes']:,}")
        elif abs(status.st_mtime_ns - facts["mtime_ns"]) > NEAR_NS:
            found.append(f"{name} was changed after it was packed (its time differs)")
    return found


def differing(
    folder: Path,
    files: dict[str, dict[str, Any]],
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Say of each file that is missing or whose content (SHA-256) is another."""

    def look(name: str) -> str | None:
        try:
            same = sha256_of(folder / name) == files[name]["sha256"]
        except OSError as error:
            return f"{name} {_unreadable(error)}"
        return None if same else f"{name} is damaged (its content is not what was packed)"

    found, done, of = [], 0, sum(facts["bytes"] for facts in files.values())
    with ThreadPoolExecutor(min(16, (os.cpu_count() or 1) + 2)) as pool:
        for name, wrong in zip(files, pool.map(look, files)):  # noqa: B905 - not in Python 3.9
            found += [wrong] if wrong else []
            done += files[name]["bytes"]
            if progress:
                progress(done, of)
    return found


def sha256_of(path: Path) -> str:
    """Hash of a file's content, 64 hex digits; other threads go on meanwhile."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def listed(lines: list[str]) -> str:
    """The first lines, and how many more there are."""
    more = f"\n  ... and {len(lines) - SHOWN:,} more" if len(lines) > SHOWN else ""
    return "".join(f"\n  {line}" for line in lines[:SHOWN]) + more


def every_five_seconds(what: str) -> Callable[[int, int], None]:
    """Return a progress (bytes done, of) that prints a line at most each five seconds."""
    began = last = time.monotonic()

    def report(done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 5:
            last = now
            left = (of - done) * (now - began) / max(done, 1)
            tell(f"{what}: {done / 1e9:.1f} of {of / 1e9:.1f} GB, {left:,.0f} s left")

    return report


def tell(line: str) -> None:
    """Print one line. A terminal that is gone (the ssh session ended) is no reason to stop."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def named(files: dict[str, dict[str, Any]], names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Keep the files of these names."""
    return {name: files[name] for name in names}


def by_content(files: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """SHA-256 -> names of the files that hold it, in their order."""
    found: dict[str, list[str]] = {}
    for name, facts in files.items():
        found.setdefault(facts["sha256"], []).append(name)
    return found


def _unreadable(error: OSError) -> str:
    missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
    return "is missing" if missing else f"cannot be read ({error.strerror})"
