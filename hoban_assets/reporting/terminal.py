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
    numeric,
)
from hoban_assets.units import text_of

_STYLES = {"good": "green", "warn": "yellow", "bad": "red", "soft": "dim", "info": "dim"}


def show_blocks(blocks: Iterable[Block], screen: Any = None) -> None:
    """Print a document; pictures, bars and cards are left out, as other blocks say the same."""
    screen = screen or console()
    for number, block in enumerate(blocks):
        if number and isinstance(block, Heading | Details):
            screen.print()
        _show(block, screen)


def _show(block: Block, screen: Any) -> None:
    match block:
        case Heading(_, text):
            screen.print(f"[bold]{inline(text)}[/bold]")
        case Paragraph(text, tone):
            screen.print(styled(inline(text), tone))
        case Bullets(items):
            for item in items:
                screen.print(f"  - {inline(item)}")
        case Links(items):
            for text, address, _ in items:
                screen.print(f"  - {inline(text)}  {cell(address)}", soft_wrap=True)
        case Code(text):
            for line in text.splitlines():
                screen.print(f"  {cell(line)}", soft_wrap=True)
        case Table():
            screen.print(rich_table(block))
        case Finding(level, text, remedies):
            screen.print(styled(f"  {cell(MARKS[level]):<4} {inline(text)}", level))
            for remedy in remedies:
                screen.print(f"         -> {inline(remedy)}")
        case Details(summary, blocks):
            screen.print(f"[bold]{inline(summary)}[/bold]")
            show_blocks(blocks, screen)


def rich_table(block: Table) -> Any:
    """A table for the terminal; numbers right, nothing cut."""
    from rich import box
    from rich.table import Table as Rich

    made = Rich(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    right = numeric(block)
    for key, title in block.columns.items():
        made.add_column(
            cell(re.sub("[_ ]", "\n", title) if key in right else title),
            justify="right" if key in right else "left",
            overflow="fold",
            no_wrap=key in right,
        )
    for row in block.rows:
        made.add_row(*(_cell(row.get(key)) for key in block.columns))
    return made


def _cell(value: object) -> str:
    return styled(cell(value), value.tone if isinstance(value, Cell) else "")


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
    """Standard output, or `file`; as wide as it takes where it is no terminal: nothing is cut."""
    import sys

    from rich.console import Console

    file = file or sys.stdout
    width = None if file.isatty() else 400
    return Console(file=file, width=width, highlight=False, soft_wrap=True)
