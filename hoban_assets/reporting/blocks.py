"""A document as a list of blocks, so that its Markdown and its page say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hoban_assets.reporting.markdown import markdown_rows

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Row


@dataclass(frozen=True)
class Block:
    """One part of a document; see the functions below for the kinds."""

    kind: str
    text: str = ""
    level: int = 0
    items: Sequence[str] = ()
    rows: Sequence[Row] = ()
    columns: Mapping[str, str] = field(default_factory=dict)


def heading(level: int, text: str) -> Block:
    """A heading; level 1 is the title, the page lists those of level 2 at its top."""
    return Block("heading", text, level)


def paragraph(text: str) -> Block:
    """A sentence or more."""
    return Block("paragraph", text)


def bullets(items: Iterable[str]) -> Block:
    """A list."""
    return Block("bullets", items=tuple(items))


def code(*lines: str) -> Block:
    """Commands to copy."""
    return Block("code", "\n".join(lines))


def table(rows: Sequence[Row], columns: Mapping[str, str]) -> Block:
    """A table; `columns`: key -> heading."""
    return Block("table", rows=rows, columns=columns)


def cards(values: Mapping[str, int | str]) -> Block:
    """The few figures to see first; on the page only, as the text says the same."""
    return Block("cards", rows=[{"name": name, "value": v} for name, v in values.items()])


def bars(values: Mapping[str, int]) -> Block:
    """Bars of numbers by name; on the page only, as a table says the same."""
    return Block("bars", rows=[{"name": name, "value": v} for name, v in values.items()])


def markdown(blocks: Iterable[Block]) -> str:
    """The document as Markdown."""
    return "\n\n".join(filter(None, map(_markdown, blocks))) + "\n"


def _markdown(block: Block) -> str:
    match block.kind:
        case "heading":
            return f"{'#' * block.level} {block.text}"
        case "bullets":
            return "\n".join(f"- {item}" for item in block.items)
        case "code":
            return f"```sh\n{block.text}\n```"
        case "table":
            return markdown_rows(block.rows, block.columns)
        case "bars" | "cards":
            return ""
        case _:
            return block.text
