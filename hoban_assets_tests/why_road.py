"""A catalog with two datasets over one stage, in which every kind of end occurs once."""

from __future__ import annotations

import json
from pathlib import Path

from builders import samples_of

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.naming import image_tag
from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

STAGE = "helmet_60k"
FOLDER = "helmet_60k/helmet_60k"
PERSON, HELMET = "person", "person_with_helmet"
TRAINED, JUDGED, SMALL, TWIN, OVER, BARE = (
    f"{STAGE}/helmet_wearing/images/{name}.jpg"
    for name in ("trained", "judged", "small", "twin", "over", "bare")
)
RECIPE = {"quota": {"sub": 1, "full": 9}, "quota_unit": "boxes"}


def stage() -> Samples:
    """Six images were read; one lost its only row, `small` and `trained` had repairs."""
    boxes = {
        TRAINED: [(HELMET, 0.25), (HELMET, 0.04)],
        JUDGED: [(HELMET, 0.09)],
        SMALL: [(HELMET, 0.0001)],
        TWIN: [(HELMET, 0.25)],
        OVER: [(HELMET, 0.16)],
        BARE: [],
    }
    read = samples_of(
        boxes,
        file=[f"{FOLDER}{i.removeprefix(STAGE)}" for i in boxes],
        label_file=[_label(i) for i in boxes],
        groups={TRAINED: "clip", OVER: "clip"},
    )
    read = read.with_decisions(
        decisions(
            [TRAINED, "read", "clipped", "repair", 0, "[-64, 120, 480, 360]", 0.5, 0],
            [TRAINED, "read", "class_not_used", "drop", None, "01 x2", None, 0],
            [TRAINED, "read", "outside_image", "drop", 5, "[600, 0, 900, 480]", 0.5, 0],
        )
    )
    return read.drop_images(read.images.image_id == BARE, stage="labels", rule="no_label_left")


def datasets(made: Samples) -> tuple[Samples, Samples]:
    """The first keeps the image `twin`, the second has every kind of end."""
    start = made.without_decisions()
    whole = _split(start, dict.fromkeys(start.images.image_id, "train"))
    ids = start.images.image_id
    late = start.ignore_boxes(
        start.boxes.image_id == SMALL,
        stage="area",
        rule="area_too_small",
        value=[0.0001],
        threshold=0.02,
    )
    late = late.drop_images(
        ids == SMALL, stage="labels", rule="no_label_left", value=["1 ignore regions"]
    )
    late = late.drop_images(
        late.images.image_id == TWIN,
        stage="dedupe",
        rule="near_duplicate",
        value=[0.9712],
        threshold=0.9,
        witness=[TRAINED],
    )
    late = late.drop_images(late.images.image_id == OVER, stage="quota", rule="over_quota")
    return whole, _split(late, {TRAINED: "train", JUDGED: "val"})


def recorded(root: Path) -> Catalog:
    """Record the stage, dataset_v1 and dataset_v2, and a model of the second."""
    catalog = Catalog(root / "catalog.duckdb", deadline=5)
    made = stage()
    catalog.record(STAGE, "sub", Build("s", samples=made), Run("run", "code"))
    catalog.record(
        "other", "sub", Build("o", samples=samples_of({"other/a.jpg": []})), Run("run", "code")
    )
    for name, samples in zip(("dataset_v1", "dataset_v2"), datasets(made), strict=True):
        catalog.record(
            name,
            "sub",
            Build(name, samples=samples, inputs={STAGE: "1"}, recipe=RECIPE),
            Run("run", "code"),
        )
    catalog.record(
        "dataset_v3",
        "sub",
        Build("3", samples=samples_of({"other/a.jpg": []}), inputs={"other": "1"}),
        Run("run", "code"),
    )
    run = root / "models" / "v2"
    run.mkdir(parents=True)
    worst = [
        {"name": "x-0000.jpg"},
        {
            "name": f"s-judged-{image_tag(JUDGED)}.jpg",
            "missed": 1,
            "false": 2,
            "confused": 0,
            "boxes": [],
        },
    ]
    (run / "worst_images.json").write_text(json.dumps(worst), encoding="utf-8")
    catalog.record(
        "model_v2",
        "sub",
        Build("m", path=str(run), data_version="1", inputs={"dataset_v2": "1"}),
        Run("run", "code"),
    )
    return catalog


def decisions(*rows: list[object]) -> object:
    columns = ("image_id", "stage", "rule", "action", "row", "value", "threshold", "images_removed")
    listed = {name: [row[at] for row in rows] for at, name in enumerate(columns)}
    files = [_label(str(row[0])) for row in rows]
    return frame_of({**listed, "file": files}, DECISIONS_SCHEMA)


def _label(image_id: str) -> str:
    path = image_id.removeprefix(STAGE).replace("images", "labels")
    return f"{FOLDER}{path}".replace(".jpg", ".json")


def _split(samples: Samples, sides: dict[str, str]) -> Samples:
    images = samples.images.assign(split=samples.images.image_id.map(sides))
    return Samples(images, samples.boxes, samples.decisions)
