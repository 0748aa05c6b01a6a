"""How commands print: sentences, tables, JSON, and bars."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hoban_assets.catalog.asked import Row
from hoban_assets.settings import language_of

if TYPE_CHECKING:
    from hoban_assets.reporting.blocks import Block


def said(text: str, /, **values: object) -> str:
    """Return an English text in the language of the user, its {fields} filled in."""
    from hoban_assets.language import speaker

    return speaker(language_of(os.environ))(text, **values)


def tell(text: str, /, *, err: bool = False, **values: object) -> None:
    """Print what is `said`."""
    typer.echo(said(text, **values), err=err)


def tell_progress(line: str) -> None:
    """Print a line that a worker wrote in English, as its reader says it, beside the output."""
    from hoban_assets.components.building.telling import progress_text
    from hoban_assets.language import speaker

    typer.echo(progress_text(line, speaker(language_of(os.environ))), err=True)


def show(rows: Sequence[Row], as_json: bool = False, columns: Sequence[str] | None = None) -> None:
    """Print rows as a table with headings in the language of the user, or as JSON.

    `columns` are the keys of an empty table.
    """
    if as_json:
        print_json(list(rows))
        return
    from hoban_assets.reporting.blocks import table

    names = list(rows[0]) if rows else list(columns or ["(no rows)"])
    show_blocks([table(rows, names, said)])


def show_blocks(blocks: Iterable[Block], *, err: bool = False) -> None:
    """Print a document."""
    from hoban_assets.reporting import terminal

    terminal.show_blocks(blocks, terminal.console(sys.stderr) if err else None)


def tell_page(page: Path, *, err: bool = False) -> None:
    """Print where a page lies, in the way in which its reader opens it."""
    from hoban_assets.reporting.opening import how_to_open

    tell("open: {page}", page=how_to_open(page), err=err)


def print_json(value: Any) -> None:
    """Print a value as JSON, Korean as it is; times and paths as text."""
    typer.echo(json.dumps(value, default=str, ensure_ascii=False, indent=1))


@contextmanager
def progress_bar(what: str, *, in_bytes: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Yield a callback (done, of) that draws a bar with rate and time left on standard error.

    `what` is said in the language of the user; nothing is drawn where that is no terminal.
    """
    from rich import progress
    from rich.console import Console

    counts: list[progress.ProgressColumn] = [progress.MofNCompleteColumn()]
    if in_bytes:
        counts = [progress.DownloadColumn(), progress.TransferSpeedColumn()]
    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), *counts)
    screen = Console(stderr=True)
    with progress.Progress(
        *columns,
        progress.TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    ) as bar:
        task = bar.add_task(said(what), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
