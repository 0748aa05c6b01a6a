"""What the chapters of the quality report are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hoban_assets.reporting.quality.judgement import Group
from hoban_assets.reporting.quality.problems import Problem

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Row


@dataclass(frozen=True)
class Table:
    """Columns (key to heading) and rows; numbers stand right. `bars`: shares to draw, by row."""

    columns: Mapping[str, str]
    rows: Sequence[Row]
    bars: Sequence[Sequence[float]] = ()
    lead: str = ""


@dataclass(frozen=True)
class Block:
    """One problem, told."""

    group: Group
    heading: str
    where: str
    sentence: str
    effect: str | None
    versions: str | None
    advice: str | None
    look: str | None
    sources: Table | None

    @property
    def problem(self) -> Problem:
        """The problem over all its sources."""
        return self.group.total


@dataclass(frozen=True)
class Section:
    """A chapter of the report."""

    key: str
    title: str
    lead: Sequence[str] = ()
    tables: Sequence[Table] = ()
    blocks: Sequence[Block] = ()
