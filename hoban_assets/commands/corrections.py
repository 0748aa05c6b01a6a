"""`hoban corrections`: what people corrected, and how to take it back."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import FIX, app, asking_catalog, nearest
from hoban_assets.commands.options import AsJson, Author
from hoban_assets.commands.printing import print_json, show, tell
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.corrections.rows import Correction
    from hoban_assets.corrections.standing import Standing

corrections = typer.Typer(
    help="What people corrected by hand: list, show, undo, export.", no_args_is_help=True
)
app.add_typer(corrections, name="corrections", rich_help_panel=FIX)
COLUMNS = ("id", "time", "author", "tool", "state", "picture", "what")
Id = Annotated[str, typer.Argument(help="Id of a row, or its first digits.")]


@corrections.command("list")
def list_rows(
    state: Annotated[
        str | None,
        typer.Option(help="Only: waiting, applied, conflict, overruled, undone or undo."),
    ] = None,
    author: Annotated[str | None, typer.Option(help="Only of this person.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the corrections, oldest first, with what became of each."""
    from hoban_assets.corrections.states import STATES

    if state is not None:
        nearest(state, STATES, "state")
    log, known = _log_and_states()
    rows = [
        {
            "id": row.id[:8],
            "time": f"{row.time.astimezone():%Y-%m-%d %H:%M}",
            "author": row.author,
            "tool": row.tool,
            "state": known[row.id],
            "picture": log.about(row).image_id or "-",
            "what": _what(row),
        }
        for row in log.rows
        if state in (None, known[row.id]) and author in (None, row.author)
    ]
    show(rows, as_json, COLUMNS)


@corrections.command("show")
def show_row(row_id: Id) -> None:
    """Show a correction whole, as JSON: boxes before and after, who, when, with what."""
    log, known = _log_and_states()
    row = _row(log, row_id)
    extra = {"state": known[row.id], "what": _what(row)}
    if other := log.overruled.get(row.id) or log.undone.get(row.id):
        extra["by"] = other
    print_json({**row.as_json(), **extra})


@corrections.command()
def undo(
    row_id: Id,
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help="And all that was taken with it: by one hoban collect, or on one track.",
        ),
    ] = False,
    author: Author = None,
) -> None:
    """Take a correction back; the row stays, with who took it back. An undo can be undone too."""
    from hoban_assets.corrections.log import append
    from hoban_assets.corrections.rows import Correction

    settings = Settings.from_env()
    log, _ = _log_and_states()
    row = _row(log, row_id)
    taken = (row.time, row.author, row.tool)
    rows = [r for r in log.rows if (r.time, r.author, r.tool) == taken] if together else [row]
    rows = [r for r in rows if r.id not in log.undone]
    if not rows:
        raise HobanError(
            f"{row.id[:8]} was taken back already",
            f"to have it again: hoban corrections undo {log.undone[row.id][:8]}",
        )
    now = datetime.now(UTC)
    who = author or settings.author
    new = [Correction(uuid.uuid4().hex, "undo", now, who, "hoban", undoes=r.id) for r in rows]
    append(settings.corrections, new)
    for old, undoing in zip(rows, new, strict=True):
        tell(
            "taken back: {what} ({id})",
            what=log.about(old).image_id or old.undoes[:8],
            id=undoing.id[:8],
        )
    tell("Into the datasets: hoban rebuild")


@corrections.command("export")
def export_rows(
    to: Annotated[Path, typer.Argument(help="File to write, one JSON object a line.")],
) -> None:
    """Copy the log to a file, for another machine or a backup."""
    from hoban_assets.files import save

    log, _ = _log_and_states()
    if to.exists():
        raise HobanError(f"{to} is there already", "name another file")
    save(to, "".join(f"{json.dumps(r.as_json(), ensure_ascii=False)}\n" for r in log.rows))
    typer.echo(f"{to}: {len(log.rows):,}")


def _log_and_states() -> tuple[Standing, dict[str, str]]:
    from hoban_assets.corrections.standing import standing_in
    from hoban_assets.corrections.states import decided, states

    settings = Settings.from_env()
    log = standing_in(settings.corrections)
    if not settings.catalog_path.exists():
        return log, states(log, ())
    with asking_catalog() as ask:
        return log, states(log, decided(ask))


def _row(log: Standing, start: str) -> Correction:
    found = [row for row in log.rows if row.id.startswith(start.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise HobanError(f"{len(found)} rows begin with {start}", "give more digits of its id")
    raise HobanError(f"no correction {start!r}", "see: hoban corrections list")


def _what(row: Correction) -> str:
    """'1 box_moved, 2 proposals_refused', or the kind of the row."""
    from hoban_assets.corrections.edits import counted

    if row.kind == "undo":
        return f"undo {row.undoes[:8]}"
    counts = counted([(row.before, row.after)])
    if refused := sum(box not in row.after for box in row.judged):
        counts["proposals_refused"] = refused
    if row.kind == "reject" or not counts:
        return row.kind if row.complete is None else f"{row.kind}, complete"
    return ", ".join(f"{n} {rule}" for rule, n in counts.items())
