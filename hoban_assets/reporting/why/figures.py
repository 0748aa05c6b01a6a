"""What the catalog knows of one image: asked here, judged in `findings`, told in `document`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hoban_assets.asset_names import DATASET, kind_of
from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.naming import image_tag
from hoban_assets.reporting.why import sql

WORST_IMAGES = "worst_images.json"
COUNTED = ("missed", "false", "confused")


@dataclass(frozen=True)
class Build:
    """The current materialisation of an asset with rows, in one partition."""

    materialization_id: int
    asset: str
    partition: str
    inputs: tuple[str, ...]
    recipe: Mapping[str, Any]

    @property
    def is_dataset(self) -> bool:
        """Whether it is a version that models train on, and no stage."""
        return kind_of(self.asset) == DATASET

    @property
    def name(self) -> str:
        """``dataset_v9 [sub]``."""
        return f"{self.asset} [{self.partition}]"


@dataclass(frozen=True)
class Passage:
    """The image in one build; it left rows there."""

    build: Build
    image: Row | None
    """None where the build does not have it any more."""
    boxes: tuple[Row, ...]
    """Labels and ignore regions, in the order of the label file."""
    decisions: tuple[Row, ...]
    """In the order in which they were taken."""
    group: Mapping[str, int] = field(default_factory=dict)
    """Split to how many images of its group are there, itself included; of datasets."""
    labels: Mapping[str, int] = field(default_factory=dict)
    """Class to how many labels the build holds; only where a quota left the image out."""


@dataclass(frozen=True)
class Mistakes:
    """What a model got wrong on the image, as its last evaluation recorded."""

    model: str
    partition: str
    split: str
    """On which side of the split the image is for this model."""
    listed: int = 0
    """How many images with mistakes the evaluation recorded; only the worst are."""
    rank: int | None = None
    """Its place among them, the worst is 1; None where it is not listed."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """missed, false, confused."""
    boxes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Life:
    """Everything that is known of one image."""

    image_id: str
    builds: tuple[Build, ...]
    """Every current build with rows, upstream first, `sub` before `full`."""
    passages: tuple[Passage, ...]
    """Of those builds in which it left rows, in their order."""
    witnesses: Mapping[str, Passage]
    """Id of an image that was kept instead to where it is found."""
    mistakes: tuple[Mistakes, ...] = ()

    @property
    def image(self) -> Row | None:
        """Its facts, from the first build that has it."""
        return next((p.image for p in self.passages if p.image is not None), None)

    @property
    def file(self) -> str | None:
        """The photograph below the raw root, where any row tells it."""
        if self.image is not None:
            return str(self.image["file"])
        named = (d["file"] for p in self.passages for d in p.decisions)
        ending = self.image_id.rpartition("/")[2]
        return next((str(f) for f in named if f and str(f).endswith(f"/{ending}")), None)

    def passage(self, build: Build) -> Passage | None:
        """Its rows in a build."""
        return next((p for p in self.passages if p.build == build), None)


def life_of(ask: Ask, image_id: str) -> Life:
    """Ask for everything about one image; its tables are scanned once each."""
    builds = tuple(_build(row) for row in ask(sql.BUILDS))
    images = {row["materialization_id"]: row for row in ask(sql.IMAGES, {"ids": [image_id]})}
    decisions = _by_build(ask(sql.DECISIONS, {"id": image_id}))
    witnesses = sorted({d["witness"] for ds in decisions.values() for d in ds if d["witness"]})
    kept = ask(sql.IMAGES, {"ids": witnesses}) if witnesses else []
    boxes: dict[tuple[int, str], list[Row]] = {}
    for row in ask(sql.BOXES, {"ids": [image_id, *witnesses]}):
        boxes.setdefault((row["materialization_id"], row["image_id"]), []).append(row)

    def passage(build: Build, name: str, image: Row | None, decided: Sequence[Row]) -> Passage:
        mine = tuple(boxes.get((build.materialization_id, name), ()))
        return Passage(build, image, mine, tuple(decided))

    passages = [
        _with_counts(ask, passage(b, image_id, images.get(number), decisions.get(number, ())))
        for b in builds
        if (number := b.materialization_id) in images or number in decisions
    ]
    places = {b.materialization_id: b for b in builds}
    found = {
        row["image_id"]: passage(places[row["materialization_id"]], row["image_id"], row, ())
        for row in sorted(kept, key=lambda r: places[r["materialization_id"]].is_dataset)[::-1]
    }
    return Life(image_id, builds, tuple(passages), found)


def mistakes_on(ask: Ask, life: Life) -> tuple[Mistakes, ...]:
    """What every model whose dataset has the image got wrong on it.

    Read from ``worst_images.json`` of its run folder, which an evaluation writes of the images
    with the most mistakes; a model without one is left out.
    """
    found = []
    for row in ask(sql.MODELS):
        passages = [
            p
            for p in life.passages
            if p.image is not None
            and p.build.asset == row["input"]
            and p.build.partition == row["partition"]
        ]
        if passages and row["path"]:
            split = str(passages[0].image["split"])  # type: ignore[index]
            read = _worst(Path(row["path"]) / WORST_IMAGES)
            if read is not None:
                found.append(_mistakes(row, split, read, image_tag(life.image_id)))
    return tuple(found)


def _mistakes(model: Row, split: str, worst: Sequence[Row], tag: str) -> Mistakes:
    told = Mistakes(model["asset"], model["partition"], split, len(worst))
    for rank, row in enumerate(worst, 1):
        if f"-{tag}." in str(row.get("name")):
            counts: dict[str, int] = {key: int(row.get(key) or 0) for key in COUNTED}
            return Mistakes(
                told.model,
                told.partition,
                split,
                told.listed,
                rank,
                counts,
                tuple(row.get("boxes") or ()),
            )
    return told


def _worst(file: Path) -> list[Row] | None:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return [row for row in read if isinstance(row, dict)] if isinstance(read, list) else None


def _build(row: Row) -> Build:
    return Build(
        row["materialization_id"],
        row["asset"],
        row["partition"],
        tuple(row["inputs"] or ()),
        json.loads(row["recipe"] or "{}"),
    )


def _by_build(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row["materialization_id"], []).append(row)
    return found


def _with_counts(ask: Ask, passage: Passage) -> Passage:
    """Add how large its group is, and how full the quotas were that left it out."""
    number = passage.build.materialization_id
    group: dict[str, int] = {}
    if passage.build.is_dataset and passage.image is not None:
        rows = ask(sql.GROUP, {"number": number, "group": passage.image["group_id"]})
        group = {str(row["split"]): row["images"] for row in rows}
    is_over = any(d["rule"] == "over_quota" for d in passage.decisions)
    rows = ask(sql.LABELS, {"number": number}) if is_over else []
    labels = {row["class_name"]: row["labels"] for row in rows}
    return Passage(passage.build, passage.image, passage.boxes, passage.decisions, group, labels)
