"""`hoban summary`: a version at a glance."""

import pandas as pd
from builders import samples_of
from built_world import World
from road import STAGES

from hoban_assets.catalog.answers import asking
from hoban_assets.reporting.blocks import Table
from hoban_assets.reporting.summary import version_summary

METRIC_COLUMNS = ["epoch", "split", "source", "class_name", "metric", "value"]
METRICS = [
    (1, "val_labelled", "all", "all", "mAP50", 0.8),
    (1, "val_labelled", "all", "person", "mAP50", 0.8),
    (1, "val_labelled", "all", "background", "confused_as:person", 3.0),
]


def test_a_background_has_pictures_and_of_boxes_says_none(tmp_path):
    world = World.in_folder(tmp_path)
    pictures = {"coco/a.jpg": [("person", 0.1)], "coco/b.jpg": []}
    samples = samples_of(pictures, split=["train", "val"])
    for name in STAGES:
        world.build_stage(name)
    world.build_dataset("dataset_v9", samples=samples)
    world.build_model("model_v9", metrics=pd.DataFrame(METRICS, columns=METRIC_COLUMNS))
    with asking(world.settings.catalog_path, 5) as ask:
        found = [b for b in version_summary(ask, "v9", "sub") if isinstance(b, Table)]
    assert [row["class"] for row in found[1].rows] == ["all", "person"]
    assert found[0].rows == [
        {"class": "person", "split": "train", "images": 1, "boxes": 1},
        {"class": "background", "split": "val", "images": 1, "boxes": None},
    ]
