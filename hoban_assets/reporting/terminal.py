"""Documents on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TextIO

from hoban_assets.reporting.blocks import (
    MARKS,
    Block,
    Bullets,
    Cell,
    Code,
    Details,
    Finding,
    Heading,
    Links,
    Paragraph,
    Table,
    levels,
    numeric,
)
from hoban_assets.units import text_of
from hoban_assets.visible import indented

_LEAST = 14
"""Cells that a column of words needs; what is longer goes on in the next line."""
_GAP = 3
"""Cells between two columns."""
_STYLES = {"good": "green", "warn": "yellow", "bad": "red", "soft": "dim", "info": "dim"}


def show_blocks(blocks: Iterable[Block], screen: Any = None) -> None:
    """Print a document; pictures, bars and cards are left out, as other blocks say the same."""
    screen, before = screen or console(), None
    for block in blocks:
        after_table = isinstance(before, Table) and isinstance(block, Table)
        if before and (after_table or isinstance(block, Heading | Details)):
            screen.print()
        _show(block, screen)
        before = block


def _show(block: Block, screen: Any) -> None:
    match block:
        case Heading(_, text):
            screen.print(f"[bold]{inline(text)}[/bold]")
        case Paragraph(text, tone):
            screen.print(styled(inline(text), tone))
        case Bullets(items):
            for depth, text in levels(items):
                screen.print(f"{'  ' * depth}  - {inline(text)}")
        case Links(items):
            for text, address, _ in items:
                screen.print(f"  - {inline(text)}  {cell(address)}", soft_wrap=True)
        case Code(text):
            for line in text.splitlines():
                screen.print(f"  {cell(line)}", soft_wrap=True)
        case Table():
            fits, left_out = fitting(block, screen.width)
            screen.print(rich_table(fits))
            if left_out:
                screen.print(styled(cell(_told_left_out(left_out)), "soft"))
        case Finding(level, text, remedies):
            screen.print(styled(f"  {cell(MARKS[level]):<4} {inline(text)}", level))
            for remedy in remedies:
                screen.print(f"         -> {inline(remedy)}")
        case Details(summary, blocks):
            screen.print(f"[bold]{inline(summary)}[/bold]")
            show_blocks(blocks, screen)


def fitting(block: Table, width: int) -> tuple[Table, list[str]]:
    """The columns of a table that `width` cells hold, and the headings of those left out.

    Numbers are never broken, words from `_LEAST` cells on may be; the last columns go first.
    """
    right = numeric(block)
    keys = list(block.columns)
    while len(keys) > 1:
        least = [_least(block, key, key in right) for key in keys]
        if sum(least) + _GAP * (len(keys) - 1) <= width:
            break
        keys.pop()
    kept = {key: block.columns[key] for key in keys}
    return Table(block.rows, kept), [t for key, t in block.columns.items() if key not in kept]


def _least(block: Table, key: str, is_number: bool) -> int:
    """Cells that a column needs. A Korean letter takes two."""
    from rich.cells import cell_len

    heading = _heading(block.columns[key], is_number)
    widest = max((cell_len(text_of(row.get(key))) for row in block.rows), default=0)
    in_heading = max(map(cell_len, heading.split("\n")))
    return max(widest, in_heading) if is_number else min(_LEAST, max(widest, in_heading))


def _heading(title: str, is_number: bool) -> str:
    return cell(re.sub("[_ ]", "\n", title) if is_number else title)


def _told_left_out(headings: list[str]) -> str:
    import os

    from hoban_assets.language import speaker
    from hoban_assets.settings import language_of

    text = "left out, as the terminal is too narrow: {columns} (a wider one, or --json, shows them)"
    say = speaker(language_of(os.environ))
    return say(text, columns=", ".join(headings))


def rich_table(block: Table) -> Any:
    """A table for the terminal; numbers right, nothing cut."""
    from rich import box
    from rich.table import Table as Rich

    made = Rich(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    right = numeric(block)
    for key, title in block.columns.items():
        made.add_column(
            _heading(title, key in right),
            justify="right" if key in right else "left",
            overflow="fold",
            no_wrap=key in right,
        )
    for row in block.rows:
        made.add_row(*(_cell(row.get(key)) for key in block.columns))
    return made


def _cell(value: object) -> str:
    return styled(indented(cell(value)), value.tone if isinstance(value, Cell) else "")


def styled(text: str, tone: str) -> str:
    """Markup of rich for a tone."""
    style = _STYLES.get(tone)
    return f"[{style}]{text}[/{style}]" if style else text


def inline(text: str) -> str:
    """Text of a block as markup of rich: **strong** is bold, `code` stands as it is."""
    strong = cell(text).replace("`", "").split("**")
    return "".join(f"[bold]{t}[/bold]" if n % 2 else t for n, t in enumerate(strong))


def cell(value: object) -> str:
    """A value as text for rich: '-' for none, thousands separated, brackets escaped."""
    return text_of(value).replace("[", r"\[")


def console(file: TextIO | None = None) -> Any:
    """Standard output, or `file`. Where it is no terminal, as wide as it takes, or ``COLUMNS``."""
    import os
    import sys

    from rich.console import Console

    file = file or sys.stdout
    width = None if file.isatty() else int(os.environ.get("COLUMNS") or 400)
    return Console(file=file, width=width, highlight=False, soft_wrap=True)
