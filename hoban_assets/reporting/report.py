"""What a report is, and how its files are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hoban_assets.files import save as save
from hoban_assets.reporting.blocks import Block
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.page import page


@dataclass(frozen=True)
class Report:
    """A document that was written."""

    files: tuple[Path, ...]
    """What was written, the one to open first first."""
    preview: str
    """The essential of it as Markdown, for the Dagster UI (pictures as data URIs)."""
    numbers: Mapping[str, int | float | str] = field(default_factory=dict)
    """Figures that the Dagster UI plots over time."""


def save_document(
    stem: Path, blocks: Sequence[Block], language: str, *, first: str = ".html"
) -> tuple[Path, ...]:
    """Write ``<stem>.html`` and ``<stem>.md``; the one with the suffix `first` is named first."""
    told = {".html": lambda: page(blocks, language), ".md": lambda: markdown(blocks)}
    files = {end: save(stem.with_name(stem.name + end), tell()) for end, tell in told.items()}
    return files.pop(first), *files.values()
