"""The first page, block by block. Pure but for what it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hoban_assets.asset_names import version_of
from hoban_assets.freshness.declared import DATASET, MODEL
from hoban_assets.freshness.staleness import STALE
from hoban_assets.howto import build_all, rebuild
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import (
    Block,
    Cards,
    Cell,
    Details,
    Heading,
    Links,
    Paragraph,
    Picture,
    Pictures,
    Row,
    bullets,
    code,
    table,
)
from hoban_assets.reporting.status import words
from hoban_assets.reporting.status.document import TONES
from hoban_assets.reporting.status.figures import Artifact, Status

Link = tuple[str, str, str]


@dataclass(frozen=True)
class Home:
    """What the page tells beside the status."""

    map50: Mapping[tuple[str, str], float]
    """(model, partition) -> mAP50 of its best epoch, label-aware."""
    survivals: Mapping[str, Sequence[str]]
    """dataset [partition] -> what is left of each source."""
    pictures: Sequence[Picture] = ()
    reports: Sequence[Link] = ()
    """Pages that were written: title, address beside this page, note."""


def document(status: Status, home: Home, say: Say) -> Iterator[Block]:
    """The whole page."""
    yield Heading(1, say("Construction safety: datasets and detectors"))
    yield Paragraph(words.headline(status, say))
    yield Cards(list(_figures(status, home, say)))
    yield from _next(status, say)
    yield from _built(status, home, say)
    if home.pictures:
        yield Heading(2, say("Pictures"))
        yield Pictures(home.pictures, width="18rem")
    yield Heading(2, say("Open"))
    yield Links([*home.reports, *_ui(status, say)])


def _figures(status: Status, home: Home, say: Say) -> Iterator[tuple[str, int | float, str]]:
    yield say("datasets"), len(_of(status, DATASET)), ""
    yield say("models"), len(_of(status, MODEL)), ""
    yield say("stale"), len(status.of(STALE)), ""
    models = sorted(_of(status, MODEL), key=lambda a: str(a.built_at))
    if models and (value := home.map50.get((models[-1].asset, models[-1].partition))) is not None:
        yield say("mAP50 of the last model"), round(value, 3), models[-1].name


def next_step(status: Status) -> tuple[str, str]:
    """The next sensible step, a sentence (English, the key of its translation), and its command."""
    datasets = {(version_of(a.asset), a.partition) for a in _of(status, DATASET)}
    models = {(version_of(a.asset), a.partition) for a in _of(status, MODEL)}
    if not datasets:
        return "Build the first dataset.", "hoban build v9"
    if old := [a for a in status.built if a.verdict.state == STALE]:
        return (
            "Bring up to date what is out of date.",
            rebuild(old[0].partition),
        )
    if untrained := sorted(datasets - models):
        version, partition = untrained[-1]
        command = build_all(version, partition, model=True)
        return "Train the detector of the last dataset.", command
    version, partition = sorted(models)[-1]
    command = f"hoban results model_{version} --partition {partition} --page"
    return "Look at what the last model misses and mixes up.", command


def _next(status: Status, say: Say) -> Iterator[Block]:
    text, command = next_step(status)
    yield Heading(2, say("Next"))
    yield Paragraph(say(text))
    yield code(command)


def _built(status: Status, home: Home, say: Say) -> Iterator[Block]:
    """Datasets and models, newest first; what is out of date, and why."""
    shown = [*_of(status, MODEL), *_of(status, DATASET)]
    if not shown:
        return
    yield Heading(2, say("Datasets and models"))
    newest = sorted(shown, key=lambda a: str(a.built_at), reverse=True)
    rows: list[Row] = [
        {
            "asset": a.asset,
            "partition": say("sub (laptop)" if a.partition == "sub" else "full (server)"),
            "state": Cell(say(a.verdict.state), tone=TONES.get(a.verdict.state, "bad")),
            "built at": words.time_text(a.built_at),
            "images": a.images,
            "boxes": a.boxes,
            "mAP50": home.map50.get((a.asset, a.partition)),
            "warnings": len(a.checks),
        }
        for a in newest
    ]
    yield table(rows, None, say)
    if old := words.stale(status, say):
        yield Details(
            say("Out of date"),
            [
                block
                for why in old
                for block in (Paragraph(f"**{why.names}**"), bullets(why.sentences))
            ],
        )
    if warned := words.warnings(status, say):
        lines = [f"**{why.names}** {sentence}" for why in warned for sentence in why.sentences]
        yield Details(say("Warnings of checks"), [bullets(lines)])
    for name, survived in home.survivals.items():
        yield Heading(3, say("What is left of each source in {dataset}", dataset=name))
        yield bullets(survived)


def _ui(status: Status, say: Say) -> Iterator[Link]:
    """Pages of the Dagster UI, which serves this one too."""
    yield say("the road in the Dagster UI"), ROAD, say("make ui serves it")
    newest = sorted(_of(status, DATASET), key=lambda a: str(a.built_at))
    if newest:
        asset = newest[-1].asset
        yield say("{asset} in the Dagster UI", asset=asset), f"/assets/{asset}?view=overview", ""
    yield say("runs, and start one"), "/runs", ""


ROAD = "/assets/model_v9?view=lineage&lineageScope=upstream&lineageDepth=3"
"""What leads to model_v9, with its states: other versions and reports are one click away."""


def _of(status: Status, kind: str) -> list[Artifact]:
    return [a for a in status.built if a.kind == kind]
