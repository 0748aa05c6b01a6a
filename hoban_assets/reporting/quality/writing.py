"""The quality report, written as page and Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.asked import Row
from hoban_assets.classes import COLOURS
from hoban_assets.language import speaker
from hoban_assets.reporting.blocks import Picture
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.page import page
from hoban_assets.reporting.quality.document import document, summary
from hoban_assets.reporting.quality.examples import Example, examples
from hoban_assets.reporting.quality.facts import gathered
from hoban_assets.reporting.quality.judgement import JUDGEMENTS, Judged, judged
from hoban_assets.reporting.report import Report, save
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from PIL import Image

    from hoban_assets.reporting.gallery.drawing import Mark


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


MOST_BYTES = 2_400_000
"""Of all pictures of a page, which should open on a phone: below 3 MB with its text."""
LARGE = 0.35
"""Boxes from this share of a side on are shown on the whole photograph."""
FRAME = 0.015
"""Lines lie outside of boxes, so one as large as the image is drawn this much smaller."""
SIDE = 300
"""Longest side of a picture in pixels."""


def draw(
    chosen: Mapping[str, Sequence[Example]],
    raw_root: Path,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[dict[str, list[Picture]], int]:
    """Draw examples until the page is full; return pictures by key, and how many were not there."""
    from hoban_assets.reporting.page import picture_uri

    drawn: dict[str, list[Picture]] = {}
    total, done, spent, absent = sum(map(len, chosen.values())), 0, 0, 0
    for key, several in chosen.items():
        for example in several:
            done += 1
            progress(done, total)
            if spent > MOST_BYTES:
                continue
            try:
                uri = picture_uri(_drawn(example, raw_root), SIDE, 72)
            except OSError:
                absent += 1
                continue
            spent += len(uri)
            drawn.setdefault(key, []).append(Picture(uri, example.caption, example.where))
    return drawn, absent


def _drawn(example: Example, raw_root: Path) -> Image.Image:
    from hoban_assets.reporting.gallery.drawing import annotated, close_up, fitted, open_upright

    first = example.boxes[0] if example.boxes else {"width": 1.0, "height": 1.0}
    close = example.is_close and max(first["width"], first["height"]) < LARGE
    picture = open_upright(raw_root / example.file, None if close else 2 * SIDE)
    marks = [_mark(box, n < example.strong) for n, box in enumerate(example.boxes)]
    if close:
        return close_up(picture, marks[0], SIDE, 2.2, min(picture.size) // 2)
    scene = picture.resize(fitted(picture.size, SIDE))
    return annotated(scene, [*marks], SIDE) if marks else scene


def _mark(box: Row, is_strong: bool) -> Mark:
    from hoban_assets.reporting.gallery.drawing import Mark

    x, y, width, height = (box[k] for k in ("x_center", "y_center", "width", "height"))
    return Mark(
        max(x - width / 2, FRAME),
        max(y - height / 2, FRAME),
        min(x + width / 2, 1 - FRAME),
        min(y + height / 2, 1 - FRAME),
        COLOURS[box["class_name"]],
        style="strong" if is_strong else "thin",
    )
