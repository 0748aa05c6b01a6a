"""DATASET_STATUS.md and the page of the same: what exists, how it came about, where it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hoban_assets.catalog.answers import Row, asking
from hoban_assets.freshness.staleness import STALE, UP_TO_DATE
from hoban_assets.reporting.blocks import (
    Block,
    bullets,
    cards,
    code,
    heading,
    markdown,
    paragraph,
    table,
)
from hoban_assets.reporting.language import speaker
from hoban_assets.reporting.page import render
from hoban_assets.reporting.report import Report, save
from hoban_assets.reporting.status import words as words
from hoban_assets.reporting.status.builds import Details, datasets, models, read_details, stages
from hoban_assets.reporting.status.status import Log, Status, materialize, status_of
from hoban_assets.settings import Settings
from hoban_assets.units import size_text

Say = Callable[..., str]
NAME = "DATASET_STATUS"
RIGHT = frozenset({"disk", "adds", "links"})
"""Columns of sizes, which are texts and yet numbers."""


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
    text = markdown(blocks)
    states = {a.verdict.state for a in status.artifacts}
    tones = {say(s): "good" if s == UP_TO_DATE else "warn" if s == STALE else "bad" for s in states}
    page = render("status.html.j2", settings.language, blocks=blocks, tones=tones, right=RIGHT)
    files = (
        save(settings.reports / f"{NAME}.md", text),
        save(settings.reports / f"{NAME}.html", page),
    )
    preview = markdown([*overview(status, say), *out_of_date(status, say)])
    numbers = {
        "artifacts": len(status.built),
        "stale": len(status.of(STALE)),
        "warnings": sum(len(a.checks) for a in status.built),
        "disk_bytes": sum(p.use.adds for p in status.places),
    }
    return Report(files, preview, numbers)


def document(status: Status, details: Details, say: Say) -> Iterator[Block]:
    """The whole document, part by part."""
    at = status.at.strftime("%Y-%m-%d %H:%M %Z")
    yield heading(1, say("Dataset status"))
    yield paragraph(
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


def overview(status: Status, say: Say) -> Iterator[Block]:
    """What exists: one table."""
    yield heading(2, say("What exists"))
    yield paragraph(words.headline(status, say))
    built = status.built
    yield cards(
        {
            say("artifacts"): len(built),
            say("stale"): len(status.of(STALE)),
            say("warnings"): sum(len(a.checks) for a in built),
            say("disk"): size_text(sum(p.use.adds for p in status.places)),
        }
    )
    if not built:
        return
    classes = list(dict.fromkeys(name for a in built for name in a.classes))
    rows: list[Row] = [
        {
            "asset": a.asset,
            "partition": a.partition,
            "state": say(a.verdict.state),
            "built at": words.time_text(a.built_at),
            "images": a.images,
            **{c: a.classes.get(c, 0) if a.images is not None else None for c in classes},
            "disk": size_text(a.use.adds) if a.use else "-",
            "warnings": len(a.checks),
        }
        for a in built
    ]
    columns = {name: say(name) for name in rows[0]}
    yield table(rows, columns)
    never, cannot = words.never_built(status), words.impossible(status, say)
    if never or cannot:
        yield heading(3, say("Never built"))
        yield bullets(
            [
                *(f"{why.names}" for why in never),
                *(f"{why.names}: {'; '.join(why.sentences)}" for why in cannot),
            ]
        )


def out_of_date(status: Status, say: Say) -> Iterator[Block]:
    """What is stale and why, and the commands that fix it; then what checks found."""
    yield heading(2, say("Out of date"))
    found = words.stale(status, say)
    if not found:
        yield paragraph(say("Nothing: every build matches its code, recipe, inputs and raw files."))
    for why in found:
        yield paragraph(f"**{why.names}**")
        yield bullets(why.sentences)
    if commands := words.ways_out(status):
        yield paragraph(say("To bring it up to date:"))
        yield code(*commands)
    if remarked := words.remarked(status, say):
        yield heading(3, say("To know"))
        yield bullets(f"{why.names}: {'; '.join(why.sentences)}" for why in remarked)
    if noted := words.noted(status, say):
        yield heading(3, say("Cannot be built again on this machine"))
        yield bullets(f"{why.names}: {'; '.join(why.sentences)}" for why in noted)
    if warned := words.warnings(status):
        yield heading(3, say("Warnings of checks"))
        yield bullets(f"**{why.names}** {s}" for why in warned for s in why.sentences)


def raw_sources(status: Status, say: Say) -> Iterator[Block]:
    """What lies, or should lie, under the raw root."""
    yield heading(2, say("Raw sources"))
    yield paragraph(
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
    yield table(rows, {name: say(name) for name in rows[0]})


def disk(status: Status, say: Say) -> Iterator[Block]:
    """Disk use below the data root."""
    yield heading(2, say("Disk"))
    yield paragraph(
        say(
            "Published images are hard links to the raw files: a dataset adds only what lies "
            "nowhere else (labels, copies); what it links takes no further space."
        )
    )
    rows: list[Row] = [
        {
            "place": p.name if p.kind != "older build" else f"{p.name}, {say(p.kind)}",
            "adds": size_text(p.use.adds),
            "links": size_text(p.use.links) if p.use.links else "-",
            "files": p.use.files,
            "where": f"`{p.path}`",
        }
        for p in status.places
    ]
    total = size_text(sum(p.use.adds for p in status.places))
    files = sum(p.use.files for p in status.places)
    rows.append({"place": say("in all"), "adds": total, "links": "-", "files": files, "where": "-"})
    yield table(rows, {name: say(name) for name in rows[0]})
    yield paragraph(
        say(
            "`hoban prune --dry-run` lists what nothing refers to any more; it moves to the trash, "
            "and `hoban prune --empty-trash` deletes that."
        )
    )


def how_to(status: Status, say: Say) -> Iterator[Block]:
    """Where everything lies, and the commands that whoever comes next needs."""
    root = status.settings.data_root
    yield heading(2, say("Where everything lies"))
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
    yield heading(2, say("How to build and look"))
    yield code(
        f"{materialize('*dataset_v9', 'sub')}   # {say('a dataset with all it needs')}",
        f"{materialize('*model_v9', 'sub')}     # {say('and the model trained on it')}",
        f"hoban status --check-raw   # {say('this overview, now')}",
        f"hoban why IMAGE            # {say('what became of an image, and why')}",
        f"hoban summary v9           # {say('one version at a glance')}",
    )
