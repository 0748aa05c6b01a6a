"""Small catalogs whose differences are known by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.classes import CLASS_IDS
from hoban_assets.reporting.diff.difference import Difference, difference
from hoban_assets.reporting.diff.sides import side_of
from hoban_assets.samples import Samples

HELMET, NO_HELMET, PERSON, FALLEN = CLASS_IDS


@dataclass(frozen=True)
class Label:
    """One box: class, centre, size, row of the label file."""

    class_name: str
    row: int = -1
    x: float = 0.5
    y: float = 0.5
    width: float = 0.2
    height: float = 0.2
    ignore: bool = False

    def but(self, **other: Any) -> Label:
        return replace(self, **other)


@dataclass(frozen=True)
class Photo:
    """One image; its content is its name unless said otherwise, '' for not known."""

    image_id: str
    labels: Sequence[Label] = ()
    split: str | None = "train"
    content: str | None = None

    def but(self, **other: Any) -> Photo:
        return replace(self, **other)


@dataclass(frozen=True)
class Decided:
    """One decision; `images` and `boxes` are what it took away."""

    image_id: str
    rule: str
    stage: str = "dedupe"
    action: str = "drop"
    images: int = 1
    boxes: int = 0
    row: int | None = None
    value: str | None = None
    threshold: float | None = None
    witness: str | None = None


def _content(photo: Photo) -> str | None:
    return f"bytes of {photo.image_id}" if photo.content is None else photo.content or None


def samples(photos: Sequence[Photo], decisions: Sequence[Decided] = ()) -> Samples:
    flat = [(photo.image_id, label) for photo in photos for label in photo.labels]
    return Samples.of(
        {
            "image_id": [p.image_id for p in photos],
            "source": [p.image_id.split("/")[0] for p in photos],
            "file": [p.image_id for p in photos],
            "content_hash": [_content(p) for p in photos],
            "split": [p.split for p in photos],
        },
        {
            "image_id": [image for image, _ in flat],
            "class_id": [CLASS_IDS[b.class_name] for _, b in flat],
            "class_name": [b.class_name for _, b in flat],
            "x_center": [b.x for _, b in flat],
            "y_center": [b.y for _, b in flat],
            "width": [b.width for _, b in flat],
            "height": [b.height for _, b in flat],
            "area": [b.width * b.height for _, b in flat],
            "origin": ["human"] * len(flat),
            "ignore": [b.ignore for _, b in flat],
            "row": [b.row for _, b in flat],
        },
        {
            "image_id": [d.image_id for d in decisions],
            "stage": [d.stage for d in decisions],
            "rule": [d.rule for d in decisions],
            "action": [d.action for d in decisions],
            "row": [d.row for d in decisions],
            "value": [d.value for d in decisions],
            "threshold": [d.threshold for d in decisions],
            "witness": [d.witness for d in decisions],
            "images_removed": [d.images for d in decisions],
            "boxes_removed": [d.boxes for d in decisions],
        },
    )


@dataclass
class Shelf:
    """A catalog that is filled line by line."""

    root: Path
    keep: int = 5
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.root / "catalog.duckdb", deadline=5, keep=self.keep)

    def put(
        self,
        asset: str,
        photos: Sequence[Photo] = (),
        decisions: Sequence[Decided] = (),
        made_from: Sequence[str] = (),
        partition: str = "sub",
        **more: Any,
    ) -> int:
        """Record rows; `made_from` are assets of before, or raw/ sources."""
        rows = samples(photos, decisions)
        inputs = {name: self.versions.get(name, "as it is") for name in made_from}
        self.versions[asset] = more.pop("data_version", rows.data_version())
        return self.catalog.record(
            asset,
            partition,
            Build("key", samples=rows, inputs=inputs, data_version=self.versions[asset], **more),
            Run("run", "code"),
        )

    def put_model(
        self,
        version: str,
        figures: Mapping[str, float],
        *,
        partition: str = "sub",
        labels: int = 1000,
        confusions: Mapping[tuple[str, str], int] | None = None,
        split: str = "val_labelled",
        **arguments: Any,
    ) -> int:
        """Record a model: AP50 by class ('all' too); the other figures follow from it."""
        rows = [
            {"split": which, "class_name": name, "metric": metric, "value": value * share}
            for which in dict.fromkeys((split, "val"))
            for name, value in figures.items()
            for metric, share in (
                ("mAP50", 1.0 if which == split else 0.5),
                ("mAP50-95", 0.5),
                ("precision", 0.9),
                ("recall", 0.8),
            )
        ]
        rows += [
            {"split": split, "class_name": name, "metric": "labels", "value": float(labels)}
            for name in figures
        ]
        names = [*(name for name in figures if name != "all"), "background"]
        rows += [  # the worker writes the whole matrix, zeros as well
            {
                "split": split,
                "class_name": true,
                "metric": f"predicted_as/{found}",
                "value": confusions.get((true, found), 0),
            }
            for true in names
            for found in names
            if confusions
        ]
        dataset = f"dataset_{version}"
        return self.catalog.record(
            f"model_{version}",
            partition,
            Build(
                "key",
                metrics=pd.DataFrame(rows).assign(epoch=3, source="all"),
                path=str(self.root / "models" / version),
                inputs={dataset: self.versions.get(dataset, "unknown")},
                recipe={"model": "/w/yolo26m.pt", "epochs": 30, "imgsz": 640, **arguments},
                data_version="weights",
            ),
            Run("run", "code"),
        )

    def asking(self) -> Any:
        return asking(self.root / "catalog.duckdb", 5)


def found(shelf: Shelf, old: str = "dataset_v8", new: str = "dataset_v9") -> Difference:
    """Difference of what two assets hold in `sub`."""
    with shelf.asking() as ask:
        return difference(ask, side_of(ask, old, "sub"), side_of(ask, new, "sub"))


def diff_of(
    shelf: Shelf,
    before: Sequence[Photo],
    after: Sequence[Photo],
    decisions: Sequence[Decided] = (),
) -> Difference:
    """Difference of two datasets of the given photos."""
    shelf.put("dataset_v8", before, made_from=["raw/s"])
    shelf.put("dataset_v9", after, decisions, made_from=["raw/s"])
    return found(shelf)


def lines(rows: Sequence[Mapping[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    """Chosen columns of rows, sorted as text."""
    return sorted((tuple(row[c] for c in columns) for row in rows), key=str)
