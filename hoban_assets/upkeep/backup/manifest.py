"""What a backup says of itself, taken from a stranger: types, names and sizes are checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any, TypeGuard

from hoban_assets.visible import visible

LARGEST = 1 << 30
"""Bytes of a manifest: about 5 million files."""

_SETTING = re.compile(r"HOBAN_[A-Z0-9_]{1,60}|RAY_ADDRESS")
OF_THIS_MACHINE = frozenset(
    {"HOBAN_FASTDUP_PYTHON", "HOBAN_RAY_PYTHON", "RAY_ADDRESS", "HOBAN_UI_HOSTS", "HOBAN_REPORTS"}
)
"""Programs, where trainings are sent, who may ask the UI, where pages are written: decided where a
backup is restored, not in it."""
_TEXTS = ("made_at", "host", "data_root", "raw_root")


def read_manifest(file: IO[bytes]) -> dict[str, Any]:
    """Parse a manifest. What it lists is compared by `archive.read_archive`.

    Raises:
        ValueError: it is no manifest, too large, nested too deeply, or a value is of another kind.
    """
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
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
