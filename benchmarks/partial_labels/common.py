"""What the drawn and the real photographs of the proof share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import yaml

from benchmarks.harness import CHECKOUT
from hoban_assets.classes import CLASS_IDS, CLASS_NAMES
from hoban_assets.curation.features import thumbnail_features
from hoban_assets.curation.quality import AreaLimits, limit_areas
from hoban_assets.evaluation.pictures import Boxes, Pictures, content_of
from hoban_assets.evaluation.sets import displayed_size
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings
from hoban_assets.tables import (
    BOXES_SCHEMA,
    DECISIONS_SCHEMA,
    IMAGES_SCHEMA,
    as_frame,
    as_table,
    frame_of,
)

NAIVE, MASKED, COMPLETED, FULL = ARMS = ("naive", "masked", "completed", "full")
"""What is not labelled is background; it does not count; a teacher has completed it (and the rest
does not count); it is labelled."""
EVERYWHERE = "all"
"""Slice of all photographs that judge."""
RECIPE = CHECKOUT / "hoban_assets" / "defs" / "versions" / "v12" / "defs.yaml"
Objects = Sequence[Sequence[Any]]
"""Class and x y w h (centre, shares of the image) of each object of a photograph."""
_SCHEMAS = {"images": IMAGES_SCHEMA, "boxes": BOXES_SCHEMA, "decisions": DECISIONS_SCHEMA}


@dataclass(frozen=True)
class Schedule:
    """How long each training of a part is; the same for every way."""

    seeds: int
    epochs: int
    size: int
    """Of the image, in pixels."""
    mosaic_off: int
    """Last epochs without mosaic."""

    @property
    def epochs_and_size(self) -> tuple[int, int]:
        """What a training of it says of itself."""
        return self.epochs, self.size


class Part(Protocol):
    """Photographs to train on, and others to be judged on."""

    name: str
    arms: tuple[str, ...]
    weights: str
    """Of the start: a .yaml, or a .pt."""

    @property
    def settings(self) -> Settings:
        """Where all of it lies."""

    def tree(self, arm: str, seed: int, masked: Path | None, size: int) -> Path:
        """Publish, once, what a way is trained on. `masked`: weights of the masked training."""

    def judged_on(self) -> Pictures:
        """Photographs that no training sees, with everything that is on them."""


class Thumbnails:
    """Features without fastdup."""

    engine = "thumbnail"

    def __init__(self, raw: Path) -> None:
        """Read photographs below `raw`."""
        self.raw = raw

    def __call__(self, samples: Samples) -> np.ndarray:
        """See `pipeline.features.FeatureExtractor`."""
        return self.of_files(samples.images.file)

    def of_files(self, files: Iterable[str]) -> np.ndarray:
        """Features of files below the raw root: float [n, features], of length 1."""
        return thumbnail_features([self.raw / file for file in files], 1)


def recipe() -> Recipe:
    """Return the recipe of version 12."""
    return Recipe.model_validate(yaml.safe_load(RECIPE.read_text(encoding="utf-8"))["attributes"])


def settings_of(folder: Path, raw: Path, weights: str) -> Settings:
    """Settings of a part: all of it lies in its folder."""
    return Settings.from_env(
        {
            "HOBAN_RAW_ROOT": str(raw),
            "HOBAN_DATA_ROOT": str(folder / "data"),
            "HOBAN_WEIGHTS": weights,
            "HOBAN_DEVICE": "cpu",
            "HOBAN_WORKERS": "1",
        }
    )


def keep_samples(samples: Samples, folder: Path) -> None:
    """Write the rows of a dataset beside it."""
    for name, schema in _SCHEMAS.items():
        pq.write_table(as_table(getattr(samples, name), schema), folder / f"{name}.parquet")


def kept_samples(folder: Path) -> Samples:
    """Read what `keep_samples` wrote."""
    tables = {name: pq.read_table(folder / f"{name}.parquet") for name in _SCHEMAS}
    return Samples(**{name: as_frame(tables[name], schema) for name, schema in _SCHEMAS.items()})


def in_full(
    samples: Samples,
    known: Mapping[str, Objects],
    classes: Sequence[str],
    area: Mapping[Any, AreaLimits],
) -> Samples:
    """The same images, those of train with every object of `classes` that `known` has of them."""
    images = samples.images
    whole = (images.split == "train") & images.file.isin(known)
    rows = [
        (image_id, name, *box)
        for image_id, file in zip(images.image_id[whole], images.file[whole], strict=True)
        for name, *box in known[file]
    ]
    columns = ("image_id", "class_name", "x_center", "y_center", "width", "height")
    drawn = {c: [row[i] for row in rows] for i, c in enumerate(columns)}
    added = frame_of(
        {
            **drawn,
            "class_id": [CLASS_IDS[name] for name in drawn["class_name"]],
            "area": np.multiply(drawn["width"], drawn["height"]),
            "origin": ["human"] * len(rows),
        },
        BOXES_SCHEMA,
    )
    boxes = samples.boxes
    stay = ~boxes.image_id.isin(images.image_id[whole]) | ~boxes.class_name.isin(classes)
    labelled = [
        tuple(n for n in CLASS_NAMES if n in own or (everything and n in classes))
        for everything, own in zip(whole, images.labelled_classes, strict=True)
    ]
    full = replace(
        samples,
        images=images.assign(labelled_classes=pd.Series(labelled, images.index, dtype=object)),
        boxes=pd.concat([boxes[stay], added], ignore_index=True),
    )
    return limit_areas(full, area)


def fully_labelled(
    title: str,
    photographs: Iterable[tuple[str, Path, Objects]],
    classes: Sequence[str],
    area: Mapping[Any, AreaLimits],
) -> Pictures:
    """Pictures of which everything is known. An object outside of its limits is an ignore region.

    Args:
        title: what they are called.
        photographs: source, file and objects of each.
        classes: that are known; the others are not judged.
        area: limits of a class, shares of the image.
    """
    seen = list(photographs)
    labels: list[tuple[int, int, Any]] = []
    regions: list[tuple[int, int, Any]] = []
    for index, (_, _, objects) in enumerate(seen):
        for name, x, y, w, h in objects:
            limit = area.get(name, AreaLimits())
            inside = limit.least <= w * h <= limit.most and w * h < (limit.outlier or 2)
            corners = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            (labels if inside else regions).append((index, CLASS_IDS[name], corners))
    files = tuple(file for _, file, _ in seen)
    return Pictures(
        title,
        CLASS_NAMES,
        tuple(map(str, files)),
        files,
        np.array([displayed_size(file) for file in files]),
        np.array([source for source, _, _ in seen], str),
        np.array(list(map(str, files)), str),
        np.array(["val"] * len(seen), str),
        np.tile(np.isin(CLASS_NAMES, list(classes)), (len(seen), 1)),
        _boxes(labels),
        _boxes(regions),
        tuple(map(content_of, files)),
    )


def _boxes(rows: list[tuple[int, int, Any]]) -> Boxes:
    if not rows:
        return Boxes.none()
    image, class_id, corners = zip(*rows, strict=True)
    return Boxes(np.array(image), np.array(class_id), np.array(corners, float))
