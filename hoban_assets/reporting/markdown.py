"""Markdown from rows of the catalog: plain dictionaries, no pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Row


def markdown_rows(rows: Sequence[Row], columns: Mapping[str, str] | None = None) -> str:
    """Return a GitHub-style table of `rows`; '(none)' where there are none and no `columns`.

    Numbers stand right, with thousands separators, floats with 3 decimals; None is '-'.

    Args:
        rows: dictionaries of the same keys.
        columns: key -> heading; chooses the columns and their order. Default: every key, as it is
            called. With `columns` a table without rows still shows its head.
    """
    if not rows and not columns:
        return "(none)"
    chosen = columns or {key: key for key in rows[0]}
    numeric = [
        any(isinstance(row.get(key), int | float) for row in rows)
        and all(row.get(key) is None or isinstance(row.get(key), int | float) for row in rows)
        for key in chosen
    ]
    head = " | ".join(markdown_cell(title) for title in chosen.values())
    rule = " | ".join("---:" if is_number else "---" for is_number in numeric)
    body = [" | ".join(markdown_cell(row.get(key)) for key in chosen) for row in rows]
    return "\n".join(f"| {line} |" for line in (head, rule, *body))


def markdown_cell(value: object) -> str:
    """A value as text of a Markdown table: '-' for none, pipes escaped, lines joined."""
    if value is None or value != value:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("|", "\\|").replace("\n", "<br>")
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
