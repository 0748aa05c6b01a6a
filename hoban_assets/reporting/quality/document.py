"""The quality report as sections of text and tables: the same for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from hoban_assets.language import Say
from hoban_assets.reporting.page import percent
from hoban_assets.reporting.quality import tables as tables
from hoban_assets.reporting.quality import text as text
from hoban_assets.reporting.quality.doubts import doubts
from hoban_assets.reporting.quality.facts import Facts
from hoban_assets.reporting.quality.findings import find_problems
from hoban_assets.reporting.quality.judgement import (
    JUDGEMENTS,
    Group,
    Verdict,
    grouped,
    verdicts,
)
from hoban_assets.reporting.quality.parts import Block, Section, Table
from hoban_assets.reporting.quality.problems import Problem

COLOUR = {"doubtful": "bad", "usable": "warn", "good": "good", "unknown": "soft"}


@dataclass(frozen=True)
class Document:
    """All that the report says, in the order in which it is read."""

    title: str
    summary: Sequence[str]
    sections: Sequence[Section]
    verdicts: Sequence[Verdict]
    groups: Sequence[Group]
    problems: Sequence[Problem]


def document(facts: Facts, say: Say) -> Document:
    """Put the report together, worst first."""
    problems = find_problems(facts)
    judged = verdicts(facts, problems)
    groups = grouped(problems)
    blocks = [_block(say, g, facts.partition) for g in groups if g.total.level != "note"]
    notes = [g for g in groups if g.total.level == "note"]
    return Document(
        title=say("Data quality: what is wrong, and what fixes it"),
        summary=_summary(say, facts, judged, len(blocks)),
        sections=[
            _verdict_section(say, judged),
            Section("problems", say("Problems, worst first"), blocks=blocks),
            _notes_section(say, notes),
            _left_section(say, judged, facts),
            tables.sizes(say, facts),
            tables.crowding(say, facts),
            doubts(say, facts),
            tables.photographs(say, facts),
            tables.rules(say, facts),
            tables.method(say),
        ],
        verdicts=judged,
        groups=groups,
        problems=problems,
    )


def _summary(say: Say, facts: Facts, judged: Sequence[Verdict], problems: int) -> list[str]:
    counts = {name: sum(v.judgement == name for v in judged) for name in JUDGEMENTS}
    return [
        say(
            "{sources} sources of {stages} stages: {doubtful} doubtful, {usable} usable with "
            "remedies, {good} good, {unknown} too small to judge. {problems} problems to decide "
            "on.",
            sources=len(judged),
            stages=len(facts.stages),
            problems=problems,
            **counts,
        ),
        say(
            "Partition {partition}, data of {when}, training size {size} px. Numbers are exact: "
            "each remedy is counted as a recipe would apply it, alone, to all photographs of the "
            "stage.",
            partition=facts.partition,
            when=_when(facts),
            size=facts.image_size,
        ),
    ]


def _when(facts: Facts) -> str:
    """Local time of the newest stage; the catalog keeps UTC."""
    newest = max(stage["created_at"] for stage in facts.stages)
    return f"{newest.replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"


def _verdict_section(say: Say, judged: Sequence[Verdict]) -> Section:
    columns = {
        "source": say("source"),
        "verdict": say("verdict"),
        "class": say("class"),
        "images": say("images"),
        "labels": say("labels"),
        "left": say("labels left"),
        "agree": say("same moment, same label"),
        "stage": say("stage"),
    }
    rows = [
        {
            "source": v.source,
            "verdict": text.judgement(say, v),
            "class": ", ".join(say(c) for c in v.classes) or say("background"),
            "images": v.images,
            "labels": v.labels,
            "left": v.labels_left,
            "agree": f"{v.agreeing:,} / {v.alike:,}" if v.alike else "-",
            "stage": v.asset,
            "level": COLOUR[v.judgement],
        }
        for v in judged
    ]
    lead = say(
        "Labels left: after all limits of this report. Same moment, same label: of the removed "
        "photographs that show the very moment of a kept one, how many are labelled like it."
    )
    title = say("Can these sources be trusted?")
    return Section("verdicts", title, [lead], [Table(columns, rows)])


def _block(say: Say, group: Group, partition: str) -> Block:
    problem = group.total
    sources = None
    if len(group.members) > 1:
        columns = {
            "source": say("source"),
            "count": say("count"),
            "of": say("out of"),
            "share": say("share"),
        }
        rows = [
            {"source": p.source, "count": p.count, "of": p.of, "share": percent(p.share)}
            for p in group.members
        ]
        if problem.remedy:
            columns |= {"boxes": say("boxes touched"), "images": say("images dropped")}
            for row, p in zip(rows, group.members, strict=True):
                row |= {"boxes": p.remedy.boxes, "images": p.remedy.images} if p.remedy else {}
        sources = Table(columns, rows)
    remedy = problem.remedy
    return Block(
        group=group,
        heading=text.title(say, problem),
        where=text.place(say, problem),
        sentence=text.sentence(say, problem),
        effect=text.effect(say, problem, remedy) if remedy else None,
        versions=text.versions(say, remedy) if remedy else None,
        advice=text.advice(say, problem),
        look=text.look(problem, partition),
        sources=sources,
    )


def _notes_section(say: Say, notes: Sequence[Group]) -> Section:
    columns = {
        "what": say("problem"),
        "where": say("where"),
        "count": say("count"),
        "of": say("out of"),
        "share": say("share"),
        "remedy": say("recipe field"),
    }
    rows = [
        {
            "what": text.title(say, g.total),
            "where": text.place(say, g.total),
            "count": g.total.count,
            "of": g.total.of,
            "share": percent(g.total.share),
            "remedy": g.total.remedy.field if g.total.remedy else "-",
        }
        for g in notes
    ]
    lead = [
        say(
            "Rare, in too few cases to judge, or dealt with already: near-duplicates are removed "
            "while a dataset is made."
        )
    ]
    if any(g.total.kind == "clips" for g in notes):
        lead.append(
            say(
                "Few different scenes: by the file names only. The photographs themselves are not "
                "alike."
            )
        )
    return Section("notes", say("Also seen"), lead, [Table(columns, rows)] if rows else [])


def _left_section(say: Say, judged: Sequence[Verdict], facts: Facts) -> Section:
    columns = {
        "source": say("source"),
        "images": say("images"),
        "left": say("images left"),
        "labels": say("labels"),
        "labels_left": say("labels left"),
        "share": say("share left"),
    }
    rows = [
        {
            "source": v.source,
            "images": v.images,
            "left": v.images_left,
            "labels": v.labels,
            "labels_left": v.labels_left,
            "share": percent(v.labels_left / v.labels),
        }
        for v in sorted(judged, key=lambda v: v.labels_left / max(v.labels, 1))
        if v.labels
    ]
    return Section(
        "left",
        say("What is left after all size and crowd limits"),
        [
            say(
                "All these fields together, in the order of a recipe, before near-duplicates are "
                "removed and quotas are filled:"
            ),
            _yaml(facts),
        ],
        [Table(columns, rows)],
    )


def _yaml(facts: Facts) -> str:
    lines = [
        f"  {name}: {{ {', '.join(f'{k}: {v:g}' for k, v in fields.items())} }}"
        for name, fields in facts.limits.area.items()
    ]
    return "\n".join(["```", "area:", *lines, f"max_persons: {facts.limits.max_persons}", "```"])
