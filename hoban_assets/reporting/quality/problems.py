"""What a problem of a source is, how bad it is, and the recipe field that fixes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["bad", "warn", "note"]
ORDER: tuple[Level, ...] = ("bad", "warn", "note")

LIMITS: Mapping[str, tuple[float, float]] = {
    "small": (0.05, 0.30),
    "crowded": (0.02, 0.10),
    "outlier": (0.005, 0.05),
    "whole": (0.005, 0.05),
    "twice": (0.002, 0.02),
    "conflict": (0.001, 0.01),
    "disagree": (0.05, 0.15),
    "unsure": (0.05, 0.15),
    "rows": (0.005, 0.05),
    "broken": (0.005, 0.05),
    "slim": (0.01, 0.10),
    "far": (0.01, 0.10),
    "cut": (1.01, 1.01),
    "blurred": (0.05, 0.20),
    "dark": (0.02, 0.10),
    "clips": (0.50, 0.90),
    "duplicates": (1.01, 1.01),
    "backgrounds": (1.01, 1.01),
}
"""Kind of problem to the shares from which it is 'warn' and 'bad'. Set by us, so that what the
team called a problem is one: half a percent of wrong boxes is what a careful annotator leaves,
one label in twenty is too much; small labels only cost recall, so their limits are wider.
Always notes: duplicates (every recipe removes them), cut objects, versions without backgrounds."""
MANY_CUT = 0.40
"""Share of boxes at the border of the image from which it is mentioned."""
LABELS_IN_DOUBT = frozenset({"twice", "conflict", "disagree", "unsure", "rows", "broken"})
"""Kinds that say that labels are wrong and that no recipe field fixes."""
FEWEST, FEWEST_HITS = 10, 3
"""A share of fewer than ten cases, or fewer than three hits, says little: a note, whatever the
share."""


@dataclass(frozen=True)
class Remedy:
    """A recipe field, and what exactly it would do to this source, alone."""

    field: str
    """As in a recipe: ``area: { person: { least: 0.02 } }``."""
    action: Literal["ignore", "drop", "crowd", "duplicates", "add"]
    boxes: int
    images: int
    """Images that would leave (or, for backgrounds, could be added)."""
    having: tuple[str, ...] = ()
    """Dataset versions of this stage that have such a field, with their value: 'v9: 0.02'."""
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """One kind of problem of one source (and class)."""

    kind: str
    level: Level
    asset: str
    source: str
    class_name: str | None
    count: int
    """Labels, images, rows or duplicates that have it, of `of`."""
    of: int
    stage_of: int = 0
    """As `of`, over all sources of the stage, those without the problem among them."""
    images: int | None = None
    remedy: Remedy | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """What its sentence tells besides."""

    @property
    def share(self) -> float:
        """Part of all that have it, 0-1."""
        return self.count / self.of if self.of else 0.0

    @property
    def is_handled(self) -> bool:
        """Whether every current dataset version of this stage has the remedy."""
        return bool(self.remedy and self.remedy.having and not self.remedy.lacking)

    @property
    def key(self) -> str:
        """Name of the problem as an anchor."""
        return "-".join(filter(None, (self.source, self.class_name, self.kind))).replace("_", "-")


def worst_first(problem: Problem) -> tuple[Any, ...]:
    """Sort key: by level, what some version lacks before what all have, then by share."""
    level = ORDER.index(problem.level)
    return level, problem.is_handled, -problem.share, problem.asset, problem.source, problem.kind


def level_of(kind: str, count: int, of: int) -> Level:
    """Return how bad `count` of `of` is for this kind."""
    warn, bad = LIMITS[kind]
    share = count / of if of else 0.0
    if of < FEWEST or count < FEWEST_HITS or share < warn:
        return "note"
    return "bad" if share >= bad else "warn"
