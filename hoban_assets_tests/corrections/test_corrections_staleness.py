"""A changed correction makes out of date what has read its picture, and nothing else."""

import pytest
from built_world import SUB, World
from correcting import box, correction, undo

from hoban_assets.catalog.answers import asking
from hoban_assets.corrections.log import append, read_log
from hoban_assets.corrections.standing import standing
from hoban_assets.freshness.corrected import corrections_now
from hoban_assets.ingredients import as_corrected
from hoban_assets.pipeline.corrected import corrections_in


@pytest.fixture(scope="module")
def v9(tmp_path_factory) -> World:
    world = World.in_folder(tmp_path_factory.mktemp("v9"))
    world.build_v9()
    return world


@pytest.fixture
def world(v9, tmp_path) -> World:
    return v9.copied_to(tmp_path)


def correct(world, image_id="coco_person/0.jpg", **more):
    row = correction(image_id, (), (box(),), **more)
    append(world.settings.corrections, [row])
    return row


def states(world):
    return {
        name: world.state(name) for name in ("coco_person", "helmet_60k", "dataset_v9", "model_v9")
    }


def rebuild(world, name):
    """Record the stage as a build does: with the corrections of what it has read."""
    rows = world.catalog.load(name, SUB)
    version = corrections_in(rows, standing(read_log(world.settings.corrections)).active)
    raw = {k: v for k, v in world.catalog.ingredients(name, SUB)["inputs"].items() if "raw" in k}
    world.build_stage(name, inputs={**raw, **as_corrected(version)})


def test_exactly_what_has_read_the_picture_is_out_of_date(world):
    assert set(states(world).values()) == {"up to date"}
    correct(world)
    assert world.why("coco_person") == ["corrected"]
    assert states(world) == {
        "coco_person": "stale",
        "helmet_60k": "up to date",
        "dataset_v9": "stale",  # what it is made from is
        "model_v9": "stale",
    }


@pytest.mark.parametrize("known_by", ["id", "bytes"])
def test_a_build_with_the_correction_is_up_to_date_until_it_is_undone(world, known_by):
    id_ = "coco_person/0.jpg" if known_by == "id" else "coco_person/name of before.jpg"
    row = correct(world, id_, content_hash="hash of coco_person/0.jpg")
    rebuild(world, "coco_person")
    assert world.state("coco_person") == "up to date"
    append(world.settings.corrections, [undo(row)])
    assert world.why("coco_person") == ["corrected"]
    rebuild(world, "coco_person")
    assert world.state("coco_person") == "up to date"


def test_a_picture_that_nobody_has_read_makes_nothing_out_of_date(world):
    correct(world, "coco_person/not in this part.jpg")
    assert set(states(world).values()) == {"up to date"}


def test_a_second_word_on_the_same_picture_counts_only_where_it_says_something_else(world):
    correct(world)
    rebuild(world, "coco_person")
    correct(world, author="lee")
    assert world.state("coco_person") == "up to date"
    append(
        world.settings.corrections,
        [correction("coco_person/0.jpg", (), (box(0.3),), author="park")],
    )
    assert world.why("coco_person") == ["corrected"]


def test_what_a_build_records_is_what_the_catalog_tells_later(world):
    correct(world)
    with asking(world.settings.catalog_path) as ask:
        now = corrections_now(ask, world.settings)
    active = standing(read_log(world.settings.corrections)).active
    assert now == {
        ("coco_person", SUB): corrections_in(world.catalog.load("coco_person", SUB), active)
    }
