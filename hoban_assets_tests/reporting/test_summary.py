"""`hoban summary`: a version at a glance."""

from builders import samples_of
from built_world import World
from road import STAGES

from hoban_assets.catalog.answers import asking
from hoban_assets.reporting.blocks import Table
from hoban_assets.reporting.summary import version_summary


def test_a_background_has_pictures_and_of_boxes_says_none(tmp_path):
    world = World.in_folder(tmp_path)
    pictures = {"coco/a.jpg": [("person", 0.1)], "coco/b.jpg": []}
    samples = samples_of(pictures, split=["train", "val"])
    for name in STAGES:
        world.build_stage(name)
    world.build_dataset("dataset_v9", samples=samples)
    with asking(world.settings.catalog_path, 5) as ask:
        found = [b for b in version_summary(ask, "v9", "sub") if isinstance(b, Table)]
    assert found[0].rows == [
        {"class": "person", "split": "train", "images": 1, "boxes": 1},
        {"class": "background", "split": "val", "images": 1, "boxes": None},
    ]
