"""The quality report, written as page and Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.asked import Row
from hoban_assets.language import speaker
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.page import page
from hoban_assets.reporting.quality.document import document, summary
from hoban_assets.reporting.quality.examples import Example, examples
from hoban_assets.reporting.quality.facts import gathered
from hoban_assets.reporting.quality.judgement import JUDGEMENTS, Judged, judged
from hoban_assets.reporting.quality.pictures import draw
from hoban_assets.reporting.report import Report, save
from hoban_assets.settings import Settings

MARKDOWN, PAGE = "DATA_QUALITY_ISSUES.md", "quality.html"


def write_quality(settings: Settings, partition: str, log: Callable[[str], None]) -> Report:
    """Write both documents about all stages of a partition.

    Raises:
        HobanError: no stage was built yet.
    """
    say = speaker(settings.language)
    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        found = judged(gathered(ask, partition, (), settings.image_size))
        chosen = examples(ask, partition, found.serious)
    log(f"{len(found.problems)} problems in {len(found.verdicts)} sources")
    files = write_documents(settings, found, chosen, (), log)
    counts = {name: sum(v.judgement == name for v in found.verdicts) for name in JUDGEMENTS}
    numbers: dict[str, int | float | str] = {
        "problems": len(found.serious),
        "serious_problems": sum(g.total.level == "bad" for g in found.groups),
        "sources": len(found.verdicts),
        "good_sources": counts["good"],
        "doubtful_sources": counts["doubtful"] + counts["unknown"],
    }
    return Report(files, markdown(summary(found, say, most=12)), numbers)


def write_documents(
    settings: Settings,
    found: Judged,
    chosen: Mapping[str, Sequence[Example]],
    stages: Sequence[str],
    log: Callable[[str], None],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Path, ...]:
    """Draw the pictures and write page and Markdown; return their paths, the page first.

    They lie in ``reports/quality/<partition>``, or in a folder there of named stages.
    """
    say = speaker(settings.language)
    pictures, absent = draw(chosen, settings.raw_root, progress)
    if absent:
        text = "{n} photographs could not be opened below {root}"
        log(say(text, n=absent, root=settings.raw_root))
    folder = settings.reports / "quality" / found.facts.partition
    folder = folder / "+".join(sorted(stages)) if stages else folder
    told = list(document(found, say, pictures))
    return (
        save(folder / PAGE, page(told, settings.language)),
        save(folder / MARKDOWN, markdown(told)),
    )


def as_data(found: Judged, files: Sequence[Path]) -> Row:
    """Everything that was found, each problem of each source by itself, for ``--json``."""
    problems = [{**asdict(p), "share": p.share} for p in found.problems]
    verdicts = [
        {**asdict(v), "reasons": [p.kind for p in v.reasons], "fields": list(v.fields)}
        for v in found.verdicts
    ]
    for problem in problems:
        for inner in ("more", "stage_of"):
            del problem[inner]
    return {"verdicts": verdicts, "problems": problems, "files": [str(file) for file in files]}
