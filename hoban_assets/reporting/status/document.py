"""DATASET_STATUS.md and the page of the same: what exists, how it came about, where it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.asked import Row
from hoban_assets.freshness.staleness import STALE, UP_TO_DATE
from hoban_assets.howto import build_all, build_first
from hoban_assets.language import Say, speaker
from hoban_assets.reporting.blocks import (
    Block,
    Bullets,
    Cards,
    Cell,
    Heading,
    Paragraph,
    Table,
    Tone,
    bullets,
    code,
    table,
)
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.report import Report, save_document
from hoban_assets.reporting.status import words as words
from hoban_assets.reporting.status.builds import (
    Details,
    composition,
    datasets,
    models,
    pivoted,
    read_details,
    stages,
)
from hoban_assets.reporting.status.figures import Log, Status, status_of
from hoban_assets.settings import Settings
from hoban_assets.units import Bytes, megabytes

NAME = "DATASET_STATUS"
MOST = 8
"""Reasons of one artifact that are told on the terminal."""
TONES: Mapping[str, Tone] = {UP_TO_DATE: "good", STALE: "warn"}
"""State -> tone; any other state is bad."""


def write_status(settings: Settings, partition: str, log: Log) -> Report:
    """Write ``reports/DATASET_STATUS.md`` and ``.html``, of both partitions always.

    Raw files are compared with those that were read, and the disk is measured anew.

    Args:
        settings: data root, raw root, language.
        partition: the one that this run is for; it decides nothing.
        log: told of what takes long.

    Raises:
        HobanError: the catalog cannot be read, or a raw folder cannot be listed.
    """
    log("comparing raw files with those that were read; this takes minutes on a slow disk")
    status = status_of(settings, check_raw=True, fresh=True, log=log)
    details = Details()
    if settings.catalog_path.exists():
        with asking(settings.catalog_path, settings.catalog_wait) as ask:
            details = read_details(ask)
    say = speaker(settings.language)
    blocks = list(document(status, details, say))
    files = save_document(settings.reports / NAME, blocks, settings.language, first=".md")
    preview = markdown([*overview(status, say), *out_of_date(status, say)])
    numbers = {
        "artifacts": len(status.built),
        "stale": len(status.of(STALE)),
        "warnings": sum(len(a.checks) for a in status.built),
        "disk_MB": megabytes(sum(p.use.adds for p in status.places)),
    }
    return Report(files, preview, numbers)


def document(status: Status, details: Details, say: Say) -> Iterator[Block]:
    """The whole document, part by part."""
    at = status.at.strftime("%Y-%m-%d %H:%M %Z")
    yield Heading(1, say("Dataset status"))
    yield Paragraph(
        say("Written by the platform on {at}; changes by hand are lost next time.", at=at)
    )
    yield from overview(status, say)
    yield from out_of_date(status, say)
    yield from datasets(status, details, say)
    yield from models(status, details, say)
    yield from stages(status, details, say)
    yield from raw_sources(status, say)
    yield from disk(status, say)
    yield from how_to(status, say)


def answer(status: Status, say: Say, *, composed: bool) -> Iterator[Block]:
    """The short form, for the terminal: ages instead of dates, and the first reasons alone."""
    yield Heading(1, words.headline(status, say))
    if status.built:
        yield artifacts(status, say, lambda then: words.built_text(then, status.at, say))
    yield from out_of_date(status, say, most=MOST)
    for a in status.built:
        if lines := words.survivals(a, say):
            yield Heading(3, say("What is left of each source in {dataset}", dataset=a.name))
            yield bullets(lines)
    yield from not_built(status, say)
    if composed:
        for (asset, partition), rows in pivoted(status.composition).items():
            yield Heading(3, f"{asset} [{partition}]")
            yield composition(rows, say)
    if status.places:
        yield from disk(status, say)
    roots = {"data root": status.settings.data_root, "raw root": status.settings.raw_root}
    yield Paragraph("\n" + "   ".join(f"{say(name)} {root}" for name, root in roots.items()))
    if status.built and not status.raw_checked:
        text = "Raw files were not compared with those that were read: --check-raw does."
        yield Paragraph(say(text), "soft")


def overview(status: Status, say: Say) -> Iterator[Block]:
    """What exists: one table."""
    yield Heading(2, say("What exists"))
    yield Paragraph(words.headline(status, say))
    built = status.built
    figures = {
        "artifacts": len(built),
        "stale": len(status.of(STALE)),
        "warnings": sum(len(a.checks) for a in built),
        "disk": Bytes(sum(p.use.adds for p in status.places)),
    }
    yield Cards([(say(name), value, "") for name, value in figures.items()])
    if built:
        yield artifacts(status, say, words.time_text)
    yield from not_built(status, say)


def artifacts(status: Status, say: Say, when: Callable[[datetime | None], str]) -> Table:
    """Everything that was built, a row each; `when` tells the time."""
    classes = list(dict.fromkeys(name for a in status.built for name in a.classes))
    rows: list[Row] = [
        {
            "asset": a.asset,
            "partition": a.partition,
            "state": Cell(say(a.verdict.state), tone=TONES.get(a.verdict.state, "bad")),
            "built at": when(a.built_at),
            "images": a.images,
            **{c: a.classes.get(c, 0) if a.images is not None else None for c in classes},
            "disk": Bytes(a.use.adds) if a.use else None,
            "warnings": len(a.checks),
        }
        for a in status.built
    ]
    return table(rows, None, say)


def not_built(status: Status, say: Say) -> Iterator[Block]:
    """What was never built, and what cannot be built here, with the cause."""
    never, cannot = words.never_built(status), words.impossible(status, say)
    if never:
        yield Heading(3, say("Never built"))
        yield bullets(why.names for why in never)
        yield Paragraph(say("To build one with all it needs:"))
        yield code(build_all("NAME", status.partitions[0]))
    if cannot:
        yield Heading(3, say("Cannot be built on this machine"))
        yield _listed(cannot, say)


def _listed(whys: Sequence[words.Why], say: Say) -> Bullets:
    return bullets(f"{why.first_names(say)}: {'; '.join(why.sentences)}" for why in whys)


def out_of_date(status: Status, say: Say, most: int | None = None) -> Iterator[Block]:
    """What is stale and why, and the commands that fix it; then what checks found.

    Of each artifact the first `most` reasons are told.
    """
    yield Heading(2, say("Out of date"))
    found = words.stale(status, say)
    if not found:
        yield Paragraph(say("Nothing: every build matches its code, recipe, inputs and raw files."))
    for why in found:
        yield Paragraph(f"**{why.names}**")
        left = len(why.sentences) - (most or len(why.sentences))
        more = [say("{n} more reasons: --json has them", n=left)] if left > 0 else []
        yield bullets([*why.sentences[:most], *more])
    if commands := words.ways_out(status):
        yield Paragraph(say("To bring it up to date:"))
        yield code(*commands)
    for title, whys in (
        ("To know", words.remarked(status, say)),
        ("Cannot be built again on this machine", words.noted(status, say)),
    ):
        if whys:
            yield Heading(3, say(title))
            yield _listed(whys, say)
    if warned := words.warnings(status, say):
        yield Heading(3, say("Warnings of checks"))
        yield bullets(f"**{why.names}** {s}" for why in warned for s in why.sentences)


def raw_sources(status: Status, say: Say) -> Iterator[Block]:
    """What lies, or should lie, under the raw root."""
    yield Heading(2, say("Raw sources"))
    yield Paragraph(
        say(
            "Below {root}, which is never written to. A folder that is not declared is not read.",
            root=f"`{status.settings.raw_root}`",
        )
    )
    rows: list[Row] = [
        {
            "source": s["source"],
            "folder": f"`{s['folder']}`",
            "format": s["format"],
            "labels completely": ", ".join(map(say, s["labels"])),
            "present": say("yes")
            if s["present"]
            else say("no, and need not be")
            if s["optional"]
            else say("no"),
            "read by": ", ".join(s["read_by"]),
        }
        for s in status.sources
    ]
    yield table(rows, None, say)


def disk(status: Status, say: Say) -> Iterator[Block]:
    """Disk use below the data root."""
    yield Heading(2, say("Disk"))
    yield Paragraph(
        say(
            "Published images are hard links to the raw files: a dataset adds only what lies "
            "nowhere else (labels, copies); what it links takes no further space."
        )
    )
    rows: list[Row] = [
        {
            "place": p.name if p.kind != "older build" else f"{p.name}, {say(p.kind)}",
            "adds": Bytes(p.use.adds),
            "links": Bytes(p.use.links) if p.use.links else None,
            "files": p.use.files,
            "where": f"`{p.path}`",
        }
        for p in status.places
    ]
    total = Bytes(sum(p.use.adds for p in status.places))
    files = sum(p.use.files for p in status.places)
    rows.append(
        {"place": say("in all"), "adds": total, "links": None, "files": files, "where": "-"}
    )
    yield table(rows, None, say)
    yield Paragraph(
        say(
            "`hoban prune --dry-run` lists what nothing refers to any more; it moves to the trash, "
            "and `hoban prune --empty-trash` deletes that."
        )
    )


def how_to(status: Status, say: Say) -> Iterator[Block]:
    """Where everything lies, and the commands that whoever comes next needs."""
    root, dataset = status.settings.data_root, build_first("sub")
    yield Heading(2, say("Where everything lies"))
    yield bullets(
        f"`{place}`: {say(text)}"
        for place, text in (
            (root / "catalog.duckdb", "every image, box and decision of every build"),
            (root / "artifacts", "published datasets: asset / partition / data version"),
            (root / "models", "training runs: asset / partition / run key, with best.pt"),
            (root / "reports", "documents and galleries; all of it can be made again"),
            (root / "cache", "what was computed once; it may be deleted"),
            ("hoban_assets/defs/versions/vN/defs.yaml", "the recipe of a version"),
        )
    )
    yield Heading(2, say("How to build and look"))
    yield code(
        f"{dataset}   # {say('a dataset with all it needs')}",
        f"{dataset.replace('dataset_', 'model_')}     # {say('and the model trained on it')}",
        f"hoban status --check-raw   # {say('this overview, now')}",
        f"hoban why IMAGE            # {say('what became of an image, and why')}",
        f"hoban summary v9           # {say('one version at a glance')}",
    )
