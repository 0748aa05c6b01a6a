"""What a backup says of itself, taken from a stranger: types, names and sizes are checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from hoban_assets.archives.members import Member
from hoban_assets.archives.reading import read_all
from hoban_assets.archives.writing import Progress
from hoban_assets.errors import HobanError
from hoban_assets.visible import visible

FORMAT = 1
MANIFEST = "manifest.json"
_LARGEST = 1 << 30
"""Bytes of a manifest: about 5 million files."""

_SETTING = re.compile(r"HOBAN_[A-Z0-9_]{1,60}|RAY_ADDRESS")
OF_THIS_MACHINE = frozenset(
    {"HOBAN_FASTDUP_PYTHON", "HOBAN_RAY_PYTHON", "RAY_ADDRESS", "HOBAN_UI_HOSTS", "HOBAN_REPORTS"}
)
"""Programs, where trainings are sent, who may ask the UI, where pages are written: decided where a
backup is restored, not in it."""
_TEXTS = ("made_at", "host", "data_root", "raw_root")


def manifest_of(
    about: Mapping[str, Any], left_out: Mapping[str, str], files: Mapping[str, Any], mtime_ns: int
) -> Member:
    """Return the last member of a backup: what it is of, and every file with its hash."""
    told = {"format": FORMAT, **about, "left_out": left_out, "files": files}
    return Member.of_text(MANIFEST, json.dumps(told, ensure_ascii=False, indent=0), mtime_ns)


def read_backup(
    archive: Path, progress: Progress = lambda done, of: None, into: Path | None = None
) -> dict[str, Any]:
    """Read a backup from end to end, compare every hash, and return its manifest.

    Files go to `into` as they come: the caller must throw it away where this raises.

    Raises:
        HobanError: it is no backup, of newer code, torn, or damaged.
        OSError: `into` could not be written.
    """
    if not archive.is_file():
        what = f"{archive} is a folder" if archive.is_dir() else f"there is no file {archive}"
        raise HobanError(what, "name the file of a backup")
    size, after = archive.stat().st_size, 0
    try:
        found, last = read_all(
            archive, into=into, closing=MANIFEST, most=_LARGEST + 1, progress=progress
        )
        after = len(found)
        if last is None:
            raise ValueError("its end is missing")
        manifest = _parsed(last)
        if manifest["format"] != FORMAT:
            raise HobanError(
                f"{archive} is no backup that this code knows", "update the checkout, and try again"
            )
        must_be_sound(manifest)
    except ValueError as error:
        after = getattr(error, "after", after)
        if not after:
            raise HobanError(
                f"{archive} is no backup of hoban ({size:,} bytes; {error})",
                "name the file of a backup",
            ) from error
        raise HobanError(
            f"{archive} is torn or damaged after {after:,} files ({size:,} bytes; {error})",
            "copy it again from where it was made, or take an earlier backup",
        ) from error
    listed = manifest["files"]
    names = listed.keys() | found.keys()
    if wrong := sorted(name for name in names if listed.get(name) != found.get(name)):
        raise HobanError(
            f"{archive} is damaged: {len(wrong):,} of its files are not what was backed up, "
            f"among them {wrong[0]}",
            "take another copy of it, or an earlier backup",
        )
    return manifest


def _parsed(data: bytes) -> dict[str, Any]:
    if len(data) > _LARGEST:
        raise ValueError("its manifest is too large")
    try:
        manifest = json.loads(data)
    except RecursionError:
        raise ValueError("its manifest is nested too deeply") from None
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise ValueError("its manifest is none")
    return manifest


def must_be_sound(manifest: Mapping[str, Any]) -> None:
    """Refuse values of another kind than those that are written.

    Raises:
        ValueError: says which.
    """
    wrong = [
        name
        for name in _TEXTS
        if not _is_text(text := manifest.get(name)) or visible(text) != text or "\n" in text
    ]
    if manifest.get("history") not in (None, "sqlite", "postgres"):
        wrong.append("history")
    if not isinstance(manifest.get("images"), bool):
        wrong.append("images")
    if not isinstance(manifest.get("files"), dict):
        wrong.append("files")
    environment = manifest.get("environment")
    if not isinstance(environment, dict) or not all(map(_is_text, environment.values())):
        wrong.append("environment")
    if wrong:
        raise ValueError(f"its manifest is not one that hoban wrote: {', '.join(wrong)}")


def settings_in(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Settings of a manifest by name: only names of settings, and none of `OF_THIS_MACHINE`."""
    return {
        name: value
        for name, value in manifest["environment"].items()
        if _SETTING.fullmatch(name) and name not in OF_THIS_MACHINE
    }


def _is_text(value: object) -> TypeGuard[str]:
    """Whether it is text that a file and a shell can hold: no NUL, no half character."""
    try:
        return isinstance(value, str) and b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False
