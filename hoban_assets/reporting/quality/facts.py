"""What the catalog knows about the quality of each source: one statement a question.

All of it is aggregated in SQL, so that a catalog of a million boxes answers in half a second.
Rows are keyed by ``asset`` (the stage) and ``source``; the source of a dropped image is the first
part of its image id (`samples.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_first
from hoban_assets.reporting.quality import sql as sql

READING = ("read", "facts")
"""Steps of a stage in which rows and images are read and opened."""


@dataclass(frozen=True)
class Limits:
    """The remedies that are tried: what recipes would do (see `curation.quality`)."""

    area: Mapping[str, Mapping[str, float]]
    """Class to the fields of its area limits: least, most, outlier."""
    max_persons: int


SUGGESTED = Limits(
    area={
        "person_with_helmet": {"least": 0.02, "outlier": 0.20},
        "person_without_helmet": {"least": 0.01, "outlier": 0.20},
        "person": {"least": 0.02},
        "fallen": {"least": 0.005, "most": 0.70},
    },
    max_persons=10,
)
"""The limits that version 9 uses: on a set of about 60,000 photographs they took
mAP50 from 0.801 to 0.868 with the same amount of data."""


@dataclass(frozen=True)
class Facts:
    """Answers about the stages of one partition, rows in the order of asset and source."""

    partition: str
    image_size: int
    limits: Limits
    stages: list[Row]
    """asset, recipe (parsed), created_at."""
    images: list[Row]
    """One row a source: images, groups, blurred, dark, labelled_classes, ..."""
    boxes: list[Row]
    """One row a source and class: labels, regions, bands, pixels, shapes, ..."""
    crowding: list[Row]
    """One row a source with persons: mean, most, crowded images and their boxes, worst image."""
    fields: list[Row]
    """One row a source and class: what `least`, `most` and `outlier` would each touch alone."""
    together: list[Row]
    """One row a source: what is left after all remedies, in the order of a recipe."""
    overlaps: list[Row]
    """Pairs of boxes that nearly coincide: class_name, other_class, pairs, images."""
    decisions: list[Row]
    """One row a source, stage, rule and action, with up to three examples."""
    duplicates: list[Row]
    """One row an asset, datasets among them, and source: images and boxes removed as
    near-duplicates, how many of these are `alike` (the same moment), and how many of the alike
    were labelled otherwise than the one that was kept (`disagreeing`)."""
    datasets: list[Row]
    """Current dataset versions: asset, recipe (parsed)."""


def stage_names(ask: Ask, partition: str) -> list[str]:
    """Stages that hold images in this partition: everything but datasets and models."""
    return [row["asset"] for row in ask(sql.STAGES, {"partition": partition})]


def gathered(ask: Ask, partition: str, stages: Sequence[str], image_size: int) -> Facts:
    """Ask for the facts of `stages`, of all where none is named.

    Raises:
        HobanError: there is none, or one of them is no stage.
    """
    known = stage_names(ask, partition)
    if not known:
        raise HobanError(
            f"no stage was built yet for partition {partition}",
            build_first(partition),
        )
    wrong = [name for name in stages if name not in known]
    if wrong:
        raise HobanError(
            f"{wrong[0]} is no stage: quality is judged before datasets are made",
            f"name one of {', '.join(known)}",
        )
    return quality_facts(ask, partition, list(stages) or known, image_size)


def quality_facts(
    ask: Ask,
    partition: str,
    assets: Sequence[str],
    image_size: int,
) -> Facts:
    """Ask everything about `assets` (stages) of a partition; `image_size` in pixels."""
    scope: dict[str, Any] = {"partition": partition, "assets": list(assets)}
    table = [
        {"class_name": name, "least": 0.0, "most": 1.0, "outlier": 9.0, **fields}
        for name, fields in SUGGESTED.area.items()
    ]
    decisions = ask(sql.DECISIONS, scope)
    images = ask(sql.IMAGES, {**scope, "blurred": sql.BLURRED, "dark": sql.DARK})
    remedies = ask(sql.REMEDIES, {**scope, "limits": table, "most_persons": SUGGESTED.max_persons})
    return Facts(
        partition=partition,
        image_size=image_size,
        limits=SUGGESTED,
        stages=[
            _with_recipe(row)
            for row in ask(sql.STAGES, {"partition": partition})
            if row["asset"] in set(assets)
        ],
        images=_with_lost(images, decisions),
        boxes=ask(sql.BOXES, {**scope, "size": float(image_size)}),
        crowding=[r for r in remedies if r["part"] == "crowd"],
        fields=[r for r in remedies if r["part"] == "field"],
        together=[r for r in remedies if r["part"] == "left"],
        overlaps=ask(sql.OVERLAPS, {**scope, "same": sql.SAME_BOX, "conflict": sql.CONFLICT}),
        decisions=decisions,
        duplicates=ask(sql.DUPLICATES, {"partition": partition}),
        datasets=[_with_recipe(r) for r in ask(sql.DATASETS, {"partition": partition})],
    )


NOTHING: Row = {
    **dict.fromkeys(("images", "groups", "blurred", "dark", "width", "height"), 0),
    **dict.fromkeys(("typical", "labelled_classes")),
}
"""Facts of a source of which reading left no image."""


def _with_lost(images: Sequence[Row], decisions: Sequence[Row]) -> list[Row]:
    """Add the sources of which only decisions tell, as all their images were dropped."""
    known = {(row["asset"], row["source"]) for row in images}
    told = {(d["asset"], d["source"]) for d in decisions if d["images"] and d["stage"] in READING}
    lost = [{**NOTHING, "asset": asset, "source": source} for asset, source in told - known]
    return sorted([*images, *lost], key=lambda row: (row["asset"], row["source"]))


def _with_recipe(row: Row) -> Row:
    return {**row, "recipe": json.loads(row["recipe"] or "{}")}
