"""The inbox: a folder into which results are copied, and from which they are cleared away.

Nothing is ever deleted: an archive goes to ``imported/``, or to ``refused/`` with a text beside it
that says why.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.handoff.results.archive import ARCHIVES, RESULTS, Refused
from hoban_assets.saying import Say

IMPORTED, REFUSED = "imported", "refused"
REASON = ".txt"
"""Follows the whole name of a refused archive."""


def waiting(inbox: Path) -> list[Path]:
    """Archives in the inbox, by name; none where there is no inbox."""
    return sorted(f for f in inbox.glob(ARCHIVES) if f.is_file() and not f.is_symlink())


def waiting_folders(inbox: Path) -> list[Path]:
    """Folders in the inbox that were unpacked from an archive."""
    return sorted(file.parent for file in inbox.glob(f"*/{RESULTS}"))


def is_in(file: Path, inbox: Path) -> bool:
    """Whether it lies in the inbox, or among the refused ones."""
    return file.absolute().parent in (inbox, inbox / REFUSED)


def take_away(file: Path, inbox: Path, say: Say) -> Path:
    """Move what was imported to ``imported/``; return where it lies.

    Raises:
        HobanError: it may not be moved.
    """
    target = _move(file, inbox / IMPORTED)
    if (reason := _reason(file)).is_file():  # it was refused once
        text = reason.read_text(encoding="utf-8")
        reason.rename(_reason(target))
        _reason(target).write_text(f"{text}\n{say('Imported after all.')}\n", encoding="utf-8")
    return target


def refuse(file: Path, inbox: Path, refused: Refused, say: Say) -> Path:
    """Move an archive to ``refused/``, and write the reason beside it; return where it lies.

    Raises:
        HobanError: it may not be moved.
    """
    target = _move(file, inbox / REFUSED)
    problem, way_out = refused.said(say)
    again = say("To try once more: {command}", command=command(target))
    first = say("Not imported: {file}", file=file.name)
    text = "\n".join([first, "", problem, "", f"-> {way_out}", "", again, ""])
    _reason(target).write_text(text, encoding="utf-8")
    return target


def command(file: Path) -> str:
    """Return what imports an archive by hand."""
    return f"hoban import-results {shlex.quote(str(file))}"


def _move(file: Path, folder: Path) -> Path:
    """Move a file or folder; one of the same name that lies there already is kept."""
    target, number = folder / file.name, 1
    while target.exists():
        number += 1
        target = folder / f"{file.stem}-{number}{file.suffix}"
    try:
        folder.mkdir(exist_ok=True)
        return file.rename(target)
    except OSError as error:
        raise HobanError(
            f"{file} cannot be moved to {folder}: {error.strerror}", "move it there by hand"
        ) from error


def _reason(file: Path) -> Path:
    return file.with_name(f"{file.name}{REASON}")
