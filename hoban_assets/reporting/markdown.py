"""Documents as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hoban_assets.reporting.blocks import (
    MARKS,
    Block,
    Bullets,
    Code,
    Details,
    Finding,
    Heading,
    Links,
    Paragraph,
    Row,
    Table,
    levels,
    numeric,
    table,
)
from hoban_assets.units import text_of
from hoban_assets.visible import without_tags


def markdown(blocks: Iterable[Block], deeper: int = 0) -> str:
    """The document as Markdown, headings `deeper` levels below their own."""
    told = [(block, _markdown(block, deeper)) for block in blocks]
    text, before = "", None
    for block, part in told:
        if part:
            glue = "\n" if isinstance(block, Finding) and isinstance(before, Finding) else "\n\n"
            text, before = f"{text}{glue if text else ''}{part}", block
    return text + "\n"


def _markdown(block: Block, deeper: int) -> str:
    match block:
        case Heading(level, text, anchor):
            link = f'<a id="{anchor}"></a>\n\n' if anchor else ""
            return f"{link}{'#' * (level + deeper)} {without_tags(text)}"
        case Paragraph(text):
            return without_tags(text)
        case Bullets(items):
            return "\n".join(f"{'  ' * n}- {without_tags(text)}" for n, text in levels(items))
        case Links(items):
            lines = [
                f"- [{without_tags(text)}]({address})" + (f": {without_tags(note)}" if note else "")
                for text, address, note in items
            ]
            return "\n".join(lines)
        case Code(text, language):
            return f"```{language}\n{text}\n```"
        case Table(rows, columns):
            return markdown_rows(rows, columns)
        case Finding(level, text, remedies):
            told = [f"- {MARKS[level]} {without_tags(text)}"]
            return "\n".join([*told, *(f"    - {without_tags(r)}" for r in remedies)])
        case Details(summary, blocks):
            return f"**{without_tags(summary)}**\n\n{markdown(blocks, deeper).rstrip()}"
        case _:  # cards, bars and pictures: other blocks say the same
            return ""


def markdown_rows(rows: Sequence[Row], columns: Mapping[str, str] | None = None) -> str:
    """Return a GitHub-style table of `rows`; '(none)' where there are none and no `columns`.

    Numbers stand right; None is '-'.

    Args:
        rows: dictionaries of the same keys.
        columns: key -> heading; chooses the columns and their order. Default: every key, as it is
            called. With `columns` a table without rows still shows its head.
    """
    if not rows and not columns:
        return "(none)"
    block = table(rows, columns or None)
    right = numeric(block)
    head = [markdown_cell(title) for title in block.columns.values()]
    rule = ["---:" if key in right else "---" for key in block.columns]
    body = [[markdown_cell(row.get(key)) for key in block.columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *body))


def markdown_cell(value: object) -> str:
    """A value as text of a Markdown table: '-' for none, pipes and tags escaped, lines joined."""
    return without_tags(text_of(value)).replace("|", "\\|").replace("\n", "<br>")
