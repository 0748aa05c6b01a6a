"""The data-quality report: ``DATA_QUALITY_ISSUES.md`` and one page with pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hoban_assets.errors import HobanError
from hoban_assets.language import Say, speaker
from hoban_assets.reporting.markdown import markdown_rows
from hoban_assets.reporting.quality.document import Document, document
from hoban_assets.reporting.quality.facts import Facts, quality_facts, stage_names
from hoban_assets.reporting.quality.parts import Block, Section
from hoban_assets.reporting.quality.text import (
    place,
    title,
    versions,
)
from hoban_assets.reporting.report import Report, save
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Ask, Row
    from hoban_assets.reporting.quality.examples import Example
    from hoban_assets.reporting.quality.pictures import Picture

MARKDOWN, PAGE = "DATA_QUALITY_ISSUES.md", "quality.html"


def write_quality(settings: Settings, partition: str, log: Callable[[str], None]) -> Report:
    """Write both documents about all stages of a partition.

    Raises:
        HobanError: no stage was built yet.
    """
    from hoban_assets.catalog.answers import asking

    say = speaker(settings.language)
    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        facts = gathered(ask, partition, (), settings.image_size)
        told = document(facts, say)
        chosen = chosen_examples(ask, facts, told)
    log(f"{len(told.problems)} problems in {len(told.verdicts)} sources")
    files = write_documents(settings, facts, told, chosen, (), log)
    counts = {name: sum(v.judgement == name for v in told.verdicts) for name in ("good", "usable")}
    numbers: dict[str, int | float | str] = {
        "problems": sum(g.total.level != "note" for g in told.groups),
        "serious_problems": sum(g.total.level == "bad" for g in told.groups),
        "sources": len(told.verdicts),
        "good_sources": counts["good"],
        "doubtful_sources": len(told.verdicts) - sum(counts.values()),
    }
    return Report(files=files, preview=_short(told, say), numbers=numbers)


def gathered(ask: Ask, partition: str, stages: Sequence[str], image_size: int) -> Facts:
    """Ask for the facts of `stages`, of all where none is named.

    Raises:
        HobanError: there is none, or one of them is no stage.
    """
    known = stage_names(ask, partition)
    if not known:
        raise HobanError(
            f"no stage was built yet for partition {partition}",
            f"dagster asset materialize --select '*dataset_v9' --partition {partition}",
        )
    wrong = [name for name in stages if name not in known]
    if wrong:
        raise HobanError(
            f"{wrong[0]} is no stage: quality is judged before datasets are made",
            f"name one of {', '.join(known)}",
        )
    return quality_facts(ask, partition, list(stages) or known, image_size)


def chosen_examples(ask: Ask, facts: Facts, told: Document) -> dict[str, list[Example]]:
    """Choose photographs for every problem that is more than a note."""
    from hoban_assets.reporting.quality.examples import examples

    return examples(ask, facts.partition, [g for g in told.groups if g.total.level != "note"])


def folder_of(settings: Settings, partition: str, stages: Sequence[str]) -> Path:
    """Where the documents lie: ``reports/quality/<partition>``, or a folder of named stages."""
    folder = settings.reports / "quality" / partition
    return folder / "+".join(sorted(stages)) if stages else folder


def write_documents(
    settings: Settings,
    facts: Facts,
    told: Document,
    chosen: Mapping[str, Sequence[Example]],
    stages: Sequence[str],
    log: Callable[[str], None],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Path, Path]:
    """Draw the pictures and write page and Markdown; return their paths, the page first."""
    from hoban_assets.reporting.page import render
    from hoban_assets.reporting.quality.pictures import draw

    say = speaker(settings.language)
    pictures, absent = draw(chosen, settings.raw_root, progress)
    if absent:
        log(
            say(
                "{n} photographs could not be opened below {root}", n=absent, root=settings.raw_root
            )
        )
    folder = folder_of(settings, facts.partition, stages)
    page = render(
        "quality.html.j2", settings.language, document=told, pictures=pictures, facts=facts
    )
    return (
        save(folder / PAGE, page),
        save(folder / MARKDOWN, as_markdown(told, say, pictures)),
    )


def as_markdown(
    told: Document, say: Say, pictures: Mapping[str, Sequence[Picture]] | None = None
) -> str:
    """The whole report as Markdown; pictures are named, not shown."""
    lines = [f"# {told.title}", "", *_paragraphs(told.summary)]
    lines += [f"- [{s.title}](#{s.key})" for s in told.sections]
    lines.append("")
    for section in told.sections:
        lines += [f'<a id="{section.key}"></a>', "", f"## {section.title}", ""]
        lines += _section(section, say, pictures or {})
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section, say: Say, pictures: Mapping[str, Sequence[Picture]]) -> list[str]:
    lines = _paragraphs(section.lead)
    if not section.blocks and not section.tables and not section.lead:
        lines += [say("None."), ""]
    for number, block in enumerate(section.blocks, 1):
        lines += _block(number, block, say, pictures.get(block.problem.key, ()))
    for table in section.tables:
        lines += _paragraphs([table.lead] if table.lead else [])
        lines += [markdown_rows(table.rows, table.columns), ""]
    return lines


def _block(number: int, block: Block, say: Say, pictures: Sequence[Picture]) -> list[str]:
    level = {"bad": "🔴", "warn": "🟠"}.get(block.problem.level, "⚪")
    lines = [f"### {number}. {level} {block.where}: {block.heading}", "", block.sentence, ""]
    remedy = block.problem.remedy
    if remedy:
        lines.append(f"- {say('Remedy')}: `{remedy.field}` {block.effect}")
        lines.append(f"- {say('Versions')}: {block.versions}")
    if block.advice:
        lines.append(f"- {say('To do')}: {block.advice}")
    if block.look:
        lines.append(f"- {say('Look')}: `{block.look}`")
    lines += [f"- {say('Example')}: `{p.where}`" for p in pictures[:3]]
    lines.append("")
    if block.sources:
        lines += [markdown_rows(block.sources.rows, block.sources.columns), ""]
    return lines


def _paragraphs(texts: Sequence[str]) -> list[str]:
    return [line for text in texts for line in (text, "")]


def _short(told: Document, say: Say) -> str:
    """Verdicts and the worst problems, for the Dagster UI."""
    table = told.sections[0].tables[0]
    lines = [*_paragraphs(told.summary), markdown_rows(table.rows, table.columns), ""]
    lines.append(markdown_rows(summary_rows(told, say)[:12]))
    return "\n".join(lines)


def summary_rows(told: Document, say: Say) -> list[Row]:
    """One row a problem, worst first: what the terminal shows."""
    return [
        {
            "level": p.level,
            "where": place(say, p),
            "problem": title(say, p),
            "count": p.count,
            "of": p.of,
            "share": p.share,
            "remedy": p.remedy.field if p.remedy else None,
            "boxes": p.remedy.boxes if p.remedy else None,
            "images": p.remedy.images if p.remedy else None,
            "versions": versions(say, p.remedy) if p.remedy else None,
        }
        for p in (group.total for group in told.groups)
    ]


def as_data(told: Document, files: Sequence[Path]) -> Row:
    """Everything that was found, each problem of each source by itself, for ``--json``."""
    return {
        "verdicts": [
            {
                **{k: getattr(v, k) for k in _VERDICT_KEYS},
                "reasons": [p.kind for p in v.reasons],
                "fields": list(v.fields),
            }
            for v in told.verdicts
        ],
        "problems": [
            {
                **{k: getattr(p, k) for k in _PROBLEM_KEYS},
                "remedy": None if p.remedy is None else vars(p.remedy),
            }
            for p in told.problems
        ],
        "files": [str(file) for file in files],
    }


_VERDICT_KEYS = (
    "asset",
    "source",
    "classes",
    "images",
    "labels",
    "judgement",
    "images_left",
    "labels_left",
    "alike",
    "agreeing",
)
_PROBLEM_KEYS = (
    "kind",
    "level",
    "asset",
    "source",
    "class_name",
    "count",
    "of",
    "share",
    "images",
)
