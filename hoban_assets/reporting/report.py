"""What a report is, and how its files are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hoban_assets.files import save as save


@dataclass(frozen=True)
class Report:
    """A document that was written."""

    files: tuple[Path, ...]
    """What was written, the one to open first first."""
    preview: str
    """The essential of it as Markdown, for the Dagster UI (pictures as data URIs)."""
    numbers: Mapping[str, int | float | str] = field(default_factory=dict)
    """Figures that the Dagster UI plots over time."""
