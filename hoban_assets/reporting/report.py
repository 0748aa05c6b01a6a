"""What a report is, and how its files are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Report:
    """A document that was written."""

    files: tuple[Path, ...]
    """What was written, the one to open first first."""
    preview: str
    """The essential of it as Markdown, for the Dagster UI (pictures as data URIs)."""
    numbers: Mapping[str, int | float | str] = field(default_factory=dict)
    """Figures that the Dagster UI plots over time."""


def save(path: Path, content: str | bytes) -> Path:
    """Write a file whole: readers see the old one or the new one, whatever is killed when."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    data = content.encode() if isinstance(content, str) else content
    new.write_bytes(data)
    new.replace(path)
    return path
