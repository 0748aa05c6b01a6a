"""The quality report: ``DATA_QUALITY_ISSUES.md``, one page with pictures, terminal and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Literal

from hoban_assets.language import Say
from hoban_assets.reporting.blocks import (
    Block,
    Cell,
    Code,
    Columns,
    Finding,
    Heading,
    Paragraph,
    Picture,
    Pictures,
    Table,
    listing,
    table,
)
from hoban_assets.reporting.quality import chapters as chapters
from hoban_assets.reporting.quality import text as text
from hoban_assets.reporting.quality.judgement import (
    JUDGEMENTS,
    Group,
    Judged,
    Verdict,
)
from hoban_assets.reporting.quality.problems import Problem
from hoban_assets.units import Share

TONE = {"doubtful": "bad", "usable": "warn", "good": "good", "unknown": "soft"}
LEVELS = {"bad": "serious", "warn": "doubtful", "note": "note"}
"""As an inspection calls them."""
SIGNS = {"bad": "🔴", "warn": "🟠", "note": "⚪"}
EXAMPLES = 3
"""Examples of a problem that are named."""
COUNTED: Columns[Problem] = {
    "count": "count",
    "out of": "of",
    "share": lambda problem: Share(problem.share),
}


def document(
    found: Judged, say: Say, pictures: Mapping[str, Sequence[Picture]] | None = None
) -> Iterator[Block]:
    """Put the report together, worst first; `pictures`: key of a problem -> its examples."""
    facts = found.facts
    yield Heading(1, say("Data quality: what is wrong, and what fixes it"))
    yield from _opening(found, say)
    yield Heading(2, say("Can these sources be trusted?"), "verdicts")
    lead = (
        "Labels left: after all limits of this report. Same moment, same label: of the removed "
        "photographs that show the very moment of a kept one, how many are labelled like it."
    )
    yield Paragraph(say(lead))
    yield _verdicts(found, say)
    yield Heading(2, say("Problems, worst first"), "problems")
    if not found.serious:
        yield Paragraph(say("None."), "good")
    for number, group in enumerate(found.serious, 1):
        drawn = (pictures or {}).get(group.total.key, ())
        yield from _problem(number, group, facts.partition, drawn, say)
    yield from _notes(found, say)
    yield from _left(found, say)
    yield from chapters.sizes(say, facts)
    yield from chapters.crowding(say, facts)
    yield from chapters.doubts(say, facts)
    yield from chapters.photographs(say, facts)
    yield from chapters.rules(say, facts)
    yield from chapters.method(say)


def summary(found: Judged, say: Say, most: int | None = None) -> list[Block]:
    """Verdicts and the worst problems, a row each: for terminal and the Dagster UI."""
    rows = [
        {
            "level": say(LEVELS[p.level]),
            "where": text.place(say, p),
            "problem": text.title(say, p),
            "count": p.count,
            "of": p.of,
            "share": Share(p.share),
            "remedy": p.remedy.field if p.remedy else None,
            "boxes": p.remedy.boxes if p.remedy else None,
            "images": p.remedy.images if p.remedy else None,
            "versions": text.versions(say, p.remedy) if p.remedy else None,
        }
        for p in (group.total for group in found.groups[:most])
    ]
    worst = table(rows, None, say) if rows else Paragraph(say("None."))
    return [*_opening(found, say), _verdicts(found, say), worst]


def _opening(found: Judged, say: Say) -> Iterator[Block]:
    facts = found.facts
    newest = max(stage["created_at"] for stage in facts.stages)  # the catalog keeps UTC
    line = (
        "{sources} sources of {stages} stages: {doubtful} doubtful, {usable} usable with "
        "remedies, {good} good, {unknown} too small to judge. {problems} problems to decide on."
    )
    counts = {name: sum(v.judgement == name for v in found.verdicts) for name in JUDGEMENTS}
    totals = {"sources": len(found.verdicts), "stages": len(facts.stages)}
    yield Paragraph(say(line, **totals, **counts, problems=len(found.serious)))
    line = (
        "Partition {partition}, data of {when}, training size {size} px. Numbers are exact: each "
        "remedy is counted as a recipe would apply it, alone, to all photographs of the stage."
    )
    when = f"{newest.replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"
    yield Paragraph(say(line, partition=facts.partition, when=when, size=facts.image_size), "soft")


def _verdicts(found: Judged, say: Say) -> Table:
    return listing(
        found.verdicts,
        {
            "source": "source",
            "verdict": lambda v: Cell(text.judgement(say, v), tone=TONE[v.judgement]),
            "class": lambda v: ", ".join(map(say, v.classes)) or say("background"),
            "images": "images",
            "labels": "labels",
            "labels left": "labels_left",
            "same moment, same label": lambda v: (
                f"{v.agreeing:,} / {v.alike:,}" if v.alike else None
            ),
            "stage": "asset",
        },
        say,
    )


def _problem(
    number: int, group: Group, partition: str, drawn: Sequence[Picture], say: Say
) -> Iterator[Block]:
    problem, remedy = group.total, group.total.remedy
    named = f"{number}. {SIGNS[problem.level]} {text.place(say, problem)}"
    yield Heading(3, f"{named}: {text.title(say, problem)}", problem.key)
    ways = []
    if remedy:
        ways.append(f"{say('Remedy')}: `{remedy.field}` {text.effect(say, problem, remedy)}")
        ways.append(f"{say('Versions')}: {text.versions(say, remedy)}")
    if advice := text.advice(say, problem):
        ways.append(f"{say('To do')}: {advice}")
    if look := text.look(problem, partition):
        ways.append(f"{say('Look')}: `{look}`")
    ways += [f"{say('Example')}: `{picture.title}`" for picture in drawn[:EXAMPLES]]
    level: Literal["bad", "warn", "info"] = "info" if problem.level == "note" else problem.level
    yield Finding(level, text.sentence(say, problem), ways)
    if len(group.members) > 1:
        yield _sources(group, say)
    if drawn:
        yield Pictures(drawn, "11rem")


def _sources(group: Group, say: Say) -> Table:
    """A problem of several sources, source by source."""
    columns: Columns[Problem] = {"source": "source", **COUNTED}
    if group.total.remedy:
        columns |= {
            "boxes touched": lambda p: p.remedy and p.remedy.boxes,
            "images dropped": lambda p: p.remedy and p.remedy.images,
        }
    return listing(group.members, columns, say)


def _notes(found: Judged, say: Say) -> Iterator[Block]:
    notes = [g.total for g in found.groups if g.total.level == "note"]
    columns: Columns[Problem] = {
        "problem": lambda p: text.title(say, p),
        "where": lambda p: text.place(say, p),
        **COUNTED,
        "recipe field": lambda p: p.remedy and p.remedy.field,
    }
    yield Heading(2, say("Also seen"), "notes")
    lead = (
        "Rare, in too few cases to judge, or dealt with already: near-duplicates are removed "
        "while a dataset is made."
    )
    yield Paragraph(say(lead))
    if any(p.kind == "clips" for p in notes):
        lead = (
            "Few different scenes: by the file names only. The photographs themselves are not "
            "alike."
        )
        yield Paragraph(say(lead))
    if notes:
        yield listing(notes, columns, say)


def _left(found: Judged, say: Say) -> Iterator[Block]:
    columns: Columns[Verdict] = {
        "source": "source",
        "images": "images",
        "images left": "images_left",
        "labels": "labels",
        "labels left": "labels_left",
        "share left": lambda v: Share(v.labels_left / v.labels),
    }
    yield Heading(2, say("What is left after all size and crowd limits"), "left")
    lead = (
        "All these fields together, in the order of a recipe, before near-duplicates are removed "
        "and quotas are filled:"
    )
    yield Paragraph(say(lead))
    limits = found.facts.limits
    lines = [
        f"  {name}: {{ {', '.join(f'{k}: {v:g}' for k, v in fields.items())} }}"
        for name, fields in limits.area.items()
    ]
    yield Code("\n".join(["area:", *lines, f"max_persons: {limits.max_persons}"]), "yaml")
    labelled = [v for v in found.verdicts if v.labels]
    yield listing(sorted(labelled, key=lambda v: v.labels_left / v.labels), columns, say)
