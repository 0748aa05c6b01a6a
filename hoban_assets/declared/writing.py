"""Writes a source's defs.yaml: for `hoban inspect --declare` and `hoban add`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hoban_assets.declared.component_files import DEFS, explained
from hoban_assets.declared.entries import SourceEntry, entry_text
from hoban_assets.declared.sources import SOURCES
from hoban_assets.declared.stages import STAGES
from hoban_assets.errors import HobanError
from hoban_assets.files import save

FOLDER = "raw"
"""Below `DEFS`: where entries are written; they are read wherever they lie."""


def checked_entry(values: Mapping[str, Any]) -> SourceEntry:
    """Return the entry of these attributes.

    Raises:
        HobanError: a field is wrong; the message says what it is for.
    """
    try:
        return SourceEntry.model_validate(dict(values))
    except ValidationError as error:
        raise HobanError(
            f"source {values.get('name')}: {explained(error, SourceEntry)}", "correct that field"
        ) from None


def refuse_taken(values: Mapping[str, Any], defs: Path | None = None) -> Path:
    """Return where the entry of these attributes goes; leave nothing there.

    Raises:
        HobanError: a field is wrong, the name is taken, or nothing can be written there.
    """
    entry = checked_entry(values)
    file = (defs or DEFS) / FOLDER / entry.name / "defs.yaml"
    if file.exists():
        raise HobanError(f"{file} is there already", "edit it, or choose another name")
    if entry.name in {*(s.name for s in SOURCES), *(s.name for s in STAGES)}:
        raise HobanError(f"{entry.name} is declared already", "choose another name")
    above = next(folder for folder in file.parents if folder.is_dir())
    try:
        tempfile.TemporaryFile(dir=above).close()
    except OSError as error:
        raise _unwritable(file, error) from error
    return file


def write_entry(
    values: Mapping[str, Any], notes: Mapping[str, str] | None = None, defs: Path | None = None
) -> Path:
    """Write the defs.yaml of a new source; return its path.

    Args:
        values: attributes of the entry.
        notes: see `entry_text`.
        defs: folder of the declarations; default that of this code.

    Raises:
        HobanError: a field is wrong, the name is taken, or the folder cannot be written.
    """
    file = refuse_taken(values, defs)
    try:
        save(file, entry_text(values, notes or {}))
    except OSError as error:
        raise _unwritable(file, error) from error
    return file


def _unwritable(file: Path, error: OSError) -> HobanError:
    return HobanError(
        f"{file} cannot be written: {error.strerror}",
        "run this in a checkout that you may write to",
    )
