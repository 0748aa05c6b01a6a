"""What is trained on and what is judged: the drawn sample, whose every object is known."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import yaml

from benchmarks.harness import CHECKOUT, fresh
from hoban_assets.classes import CLASS_IDS, CLASS_NAMES
from hoban_assets.curation.features import thumbnail_features
from hoban_assets.curation.quality import limit_areas
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.dataset import build_dataset
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.pipeline.stage_build import build_stage
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.sample_data import generate
from hoban_assets.sample_data.output import TRUTH
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

RECIPE = CHECKOUT / "hoban_assets" / "defs" / "versions" / "v9" / "defs.yaml"
OTHER_SEED = 1000
UNLIKE = "WiderPerson"
"""A source that version 9 does not read: its photographs are of another kind."""
Photograph = tuple[str, str, Path, list[list[Any]]]
"""Name, source, file, and class and x y w h of each object."""
_SCHEMAS = {"images": IMAGES_SCHEMA, "boxes": BOXES_SCHEMA, "decisions": DECISIONS_SCHEMA}


class Thumbnails:
    """Features without fastdup; the same for both ways."""

    engine = "thumbnail"

    def __init__(self, raw: Path) -> None:
        """Read photographs below `raw`."""
        self.raw = raw

    def __call__(self, samples: Samples) -> np.ndarray:
        """See `pipeline.features.FeatureExtractor`."""
        return thumbnail_features([self.raw / file for file in samples.images.file], 1)


def recipe() -> Recipe:
    """Return the recipe of version 9."""
    return Recipe.model_validate(yaml.safe_load(RECIPE.read_text())["attributes"])


def settings_of(folder: Path) -> Settings:
    """Settings of a proof: all of it lies in its folder."""
    return Settings.from_env(
        {
            "HOBAN_RAW_ROOT": str(folder / "raw"),
            "HOBAN_DATA_ROOT": str(folder / "data"),
            "HOBAN_WEIGHTS": "yolo26n.yaml",
        }
    )


def published(folder: Path, images: int) -> Path:
    """Draw the sample and publish the dataset of version 9, without Dagster; once."""
    tree, raw = folder / "dataset_v9", folder / "raw"
    if tree.is_dir():
        return tree
    generate(fresh(raw), images)
    settings = settings_of(folder)
    from hoban_assets.declared.stages import STAGES

    stages, features = {s.name: s for s in STAGES}, Thumbnails(raw)
    ledger = Ledger(lambda line: None)
    built = {
        name: build_stage(stages[name], "sub", settings, features, ledger).samples
        for name in recipe().inputs_of("sub")
    }
    samples = build_dataset(recipe(), "sub", built, features, ledger).samples
    for name, schema in _SCHEMAS.items():
        pq.write_table(as_table(getattr(samples, name), schema), folder / f"{name}.parquet")
    return publish(samples, raw, tree).path


def samples_of(folder: Path) -> Samples:
    """Rows of the dataset that `published` made."""
    tables = {n: pq.read_table(folder / f"{n}.parquet") for n in _SCHEMAS}
    return Samples(**{n: as_frame(tables[n], schema) for n, schema in _SCHEMAS.items()})


def in_full(samples: Samples, known: dict[str, list[list[Any]]]) -> Samples:
    """The same images, those of train with every object that was drawn on them."""
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
    others = samples.boxes[~samples.boxes.image_id.isin(images.image_id[whole])]
    labelled = [
        CLASS_NAMES if everything else classes
        for everything, classes in zip(whole, images.labelled_classes, strict=True)
    ]
    full = replace(
        samples,
        images=images.assign(labelled_classes=pd.Series(labelled, images.index, dtype=object)),
        boxes=pd.concat([others, added], ignore_index=True),
    )
    return limit_areas(full, recipe().area)


def validation(folder: Path, tree: Path) -> Iterator[Photograph]:
    """The validation photographs of the dataset, with all that is on them."""
    known = json.loads((folder / "raw" / TRUTH).read_text(encoding="utf-8"))
    manifest = pd.read_parquet(tree / "manifest.parquet")
    manifest = manifest[(manifest.split == "val") & manifest.file.isin(known)]
    for name, source, file in zip(manifest.name, manifest.source, manifest.file, strict=True):
        yield name, source, tree / "images" / "val" / name, known[file]


def fresh_ones(folder: Path, images: int) -> Iterator[Photograph]:
    """Photographs of another seed, of which no training has seen a scene."""
    raw = folder / "raw of another seed"
    if not (raw / TRUTH).is_file():
        generate(fresh(raw), images, seed=OTHER_SEED)
    known = json.loads((raw / TRUTH).read_text(encoding="utf-8"))
    for index, (file, objects) in enumerate(sorted(known.items())):
        if not file.startswith(UNLIKE):
            yield f"{index}.jpg", file.partition("/")[0], raw / file, objects


def truth_tree(whole: Path, photographs: Iterator[Photograph]) -> Path:
    """Make a tree of photographs that are labelled with all that is on them."""
    for kind in ("images", "labels"):
        fresh(whole / kind / "val").mkdir(parents=True)
    rows = []
    for name, source, image, objects in photographs:
        os.link(image, whole / "images" / "val" / name)
        labels, regions = [], []
        for class_name, *box in objects:
            limits = recipe().area.get(class_name)
            share, index = box[2] * box[3], CLASS_NAMES.index(class_name)
            if limits and not (limits.least or 0) <= share <= (limits.most or 1):
                regions.append(dict(zip(("class_id", *"xywh"), (index, *box), strict=True)))
            else:
                labels.append(" ".join(map(str, (index, *box))))
        label = whole / "labels" / "val" / f"{name.rpartition('.')[0]}.txt"
        label.write_text("\n".join([*labels, ""]))
        rows.append(
            {
                "name": name,
                "split": "val",
                "source": source,
                "labelled_classes": list(CLASS_NAMES),
                "boxes": len(labels),
                "ignore_regions": regions,
            }
        )
    pd.DataFrame(rows).to_parquet(whole / "manifest.parquet")
    names = dict(enumerate(CLASS_NAMES))
    content = {"path": str(whole.absolute()), "train": "images/val", "val": "images/val"}
    (whole / "data.yaml").write_text(json.dumps({**content, "nc": len(names), "names": names}))
    return whole
