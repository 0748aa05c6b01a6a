"""Fingerprint of a raw folder: what a source's data version is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import xxhash

from hoban_assets.errors import HobanError


def fingerprint(folder: Path) -> tuple[str, int]:
    """Return (hash, number of files) of a folder from names, sizes and modification times.

    Links to folders are not entered, as readers do not enter them either (one that leads upwards
    would never end). No file is opened: 100,000 files take about a second. Stray ``*.cache``
    files, which Ultralytics leaves beside labels, do not count.

    Raises:
        HobanError: a folder cannot be listed; the message names it.
    """
    lines = sorted(_lines(str(folder), ""))
    return xxhash.xxh3_128_hexdigest("\n".join(lines).encode("utf-8", "surrogateescape")), len(
        lines
    )


def _lines(folder: str, below: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _lines(entry.path, f"{below}{entry.name}/")
                elif not entry.name.endswith(".cache"):
                    stat = _stat(entry)
                    yield f"{below}{entry.name}\t{stat.st_size}\t{stat.st_mtime_ns}"
    except OSError as error:
        raise HobanError(
            f"cannot list {error.filename or folder}: {error.strerror}",
            "make it readable for this user (ls -ld shows who may), then run this step again",
        ) from error


def _stat(entry: os.DirEntry[str]) -> os.stat_result:
    """Status of a file, or of the link itself where what it leads to is gone."""
    try:
        return entry.stat()
    except FileNotFoundError:
        return entry.stat(follow_symlinks=False)
