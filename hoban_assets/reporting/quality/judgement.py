"""Verdicts on sources, and problems of several sources of one stage told as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from hoban_assets.reporting.quality.facts import Facts
from hoban_assets.reporting.quality.findings import find_problems
from hoban_assets.reporting.quality.problems import (
    FEWEST,
    LABELS_IN_DOUBT,
    ORDER,
    Level,
    Problem,
    Remedy,
    level_of,
    worst_first,
)
from hoban_assets.reporting.quality.totals import duplicates_of

Judgement = Literal["good", "usable", "doubtful", "unknown"]
JUDGEMENTS: tuple[Judgement, ...] = ("doubtful", "usable", "unknown", "good")


@dataclass(frozen=True)
class Verdict:
    """What to think of one source.

    'doubtful': a problem that says that labels are wrong, and that no recipe field fixes, is
    'bad' (`LABELS_IN_DOUBT`). 'usable': some problem is 'warn' or 'bad'. 'unknown': there are
    fewer than `FEWEST` images. Else 'good'.
    """

    asset: str
    source: str
    classes: tuple[str, ...]
    """Classes that the source labels."""
    images: int
    labels: int
    judgement: Judgement
    reasons: tuple[Problem, ...]
    """Problems that are 'warn' or 'bad', worst first."""
    images_left: int
    """Images after all remedies of `Facts.limits` together."""
    labels_left: int
    alike: int = 0
    """Removed near-duplicates that show the same moment as the kept one ..."""
    agreeing: int = 0
    """... and those of them that are labelled alike."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Recipe fields that fix what can be fixed, each once."""
        fixed = (p.remedy.field for p in self.reasons if p.remedy and p.kind != "backgrounds")
        return tuple(dict.fromkeys(fixed))


def verdicts(facts: Facts, problems: Sequence[Problem]) -> list[Verdict]:
    """Judge every source, doubtful ones first, then by their number of images."""
    left = {(r["asset"], r["source"]): r for r in facts.together}
    found = []
    for row in facts.images:
        key = row["asset"], row["source"]
        reasons = tuple(p for p in problems if (p.asset, p.source) == key and p.level != "note")
        in_doubt = any(p.level == "bad" and p.kind in LABELS_IN_DOUBT for p in reasons)
        rest, pairs = left.get(key), duplicates_of(facts, row)
        judgement: Judgement = "good" if row["images"] >= FEWEST else "unknown"
        if reasons:
            judgement = "doubtful" if in_doubt else "usable"
        found.append(
            Verdict(
                *key,
                classes=tuple(b["class_name"] for b in facts.boxes if _of(b, key) and b["labels"]),
                images=row["images"],
                labels=sum(b["labels"] for b in facts.boxes if _of(b, key)),
                judgement=judgement,
                reasons=reasons,
                images_left=rest["images_left"] if rest else row["images"],
                labels_left=rest["labels_left"] if rest else 0,
                alike=pairs["alike"] if pairs else 0,
                agreeing=pairs["alike"] - pairs["disagreeing"] if pairs else 0,
            )
        )
    return sorted(found, key=lambda v: (JUDGEMENTS.index(v.judgement), -v.images, v.source))


@dataclass(frozen=True)
class Group:
    """One kind of problem of one stage and class, over the sources that have it."""

    members: tuple[Problem, ...]
    """At least one, worst first."""

    @cached_property
    def total(self) -> Problem:
        """All members as one problem; its level is the worst of theirs and of the sum."""
        first, *others = self.members
        if not others:
            return first
        count, of = sum(p.count for p in self.members), first.stage_of
        if first.kind == "clips":  # of these sources the clips are counted, of no others
            of = sum(p.of for p in self.members)
        levels: list[Level] = [level_of(first.kind, count, of), *(p.level for p in self.members)]
        more = dict(first.more)
        for name in ("unseen", "doubtful", "groups"):
            if name in more:
                more[name] = sum(p.more[name] for p in self.members)
        if "rules" in more:
            more["rules"] = _added(p.more["rules"] for p in self.members)
        return Problem(
            first.kind,
            min(levels, key=ORDER.index),
            first.asset,
            first.asset,
            first.class_name,
            count,
            of,
            images=None if first.images is None else sum(p.images or 0 for p in self.members),
            remedy=_sum([p.remedy for p in self.members if p.remedy]),
            more=more,
        )


@dataclass(frozen=True)
class Judged:
    """All that the report tells of, worst first."""

    facts: Facts
    problems: Sequence[Problem]
    verdicts: Sequence[Verdict]
    groups: Sequence[Group]

    @cached_property
    def serious(self) -> list[Group]:
        """Problems that are more than notes."""
        return [g for g in self.groups if g.total.level != "note"]


def judged(facts: Facts) -> Judged:
    """Find the problems, judge the sources by them, and put together what is told as one."""
    problems = find_problems(facts)
    return Judged(facts, problems, verdicts(facts, problems), grouped(problems))


def grouped(problems: Iterable[Problem]) -> list[Group]:
    """Put problems of one stage, kind and class together; the worst group first."""
    groups: dict[tuple[str, str, str | None], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.asset, problem.kind, problem.class_name), []).append(problem)
    found = [Group(tuple(members)) for members in groups.values()]
    return sorted(found, key=lambda group: worst_first(group.total))


def _sum(remedies: Sequence[Remedy]) -> Remedy | None:
    if not remedies:
        return None
    first = remedies[0]
    return Remedy(
        first.field,
        first.action,
        sum(r.boxes for r in remedies),
        sum(r.images for r in remedies),
        first.having,
        first.lacking,
    )


def _added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for rules in counts:
        for rule, count in rules.items():
            total[rule] = total.get(rule, 0) + count
    return total


def _of(row: dict[str, object], key: tuple[str, str]) -> bool:
    return (row["asset"], row["source"]) == key
