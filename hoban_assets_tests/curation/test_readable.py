"""A source is refused where too many of its rows or images have one fault."""

import pytest

from hoban_assets.curation.readable import OF_IMAGES, OF_ROWS, rows_readable
from hoban_assets.samples import Samples

ROW_RULES = sorted(set().union(*OF_ROWS.values()))
IMAGE_RULES = sorted(set().union(*OF_IMAGES.values()))


def source(rule, faults, sound, *, removed=1, stage="read", name="s"):
    """`sound` images of one box, and `faults` decisions, each about an image of its own."""
    ids = [f"{name}/{k}.jpg" for k in range(sound)]
    return Samples.of(
        images={"image_id": ids, "source": [name] * sound, "file": ids},
        boxes={"image_id": ids, "class_id": [0] * sound, "class_name": ["x"] * sound},
        decisions={
            "image_id": [f"{name}/bad{k}.jpg" for k in range(faults)],
            "stage": [stage] * faults,
            "rule": [rule] * faults,
            "action": ["drop"] * faults,
            "boxes_removed": [removed] * faults,
            "images_removed": [1] * faults,
        },
    )


@pytest.mark.parametrize("rule", ROW_RULES + IMAGE_RULES)
def test_many_faults_of_any_kind_stop_the_build(rule):
    check = rows_readable(source(rule, 4, 60))
    assert not check.passed and check.blocking
    assert "4 of 64" in check.text


@pytest.mark.parametrize(("faults", "sound"), [(3, 57), (2, 0), (0, 0), (0, 5)])
def test_few_faults_do_not(faults, sound):
    assert rows_readable(source("class_out_of_range", faults, sound)).passed


def test_each_source_is_judged_by_itself():
    good, bad = source("box_malformed", 0, 500, name="good"), source("box_malformed", 5, 5)
    check = rows_readable(Samples.concat([good, bad]))
    assert check.text == "s: rows that are no box 5 of 10"


def test_rows_of_classes_that_nobody_uses_do_not_dilute_it():
    parts = source("class_out_of_range", 4, 10), source("class_not_used", 5, 0, removed=1000)
    assert not rows_readable(Samples.concat(parts)).passed


def test_what_later_steps_drop_is_no_fault_of_reading():
    assert rows_readable(source("half_labelled", 9, 1, stage="dedupe")).passed


def test_pictures_that_were_reduced_as_their_boxes_prove_are_in_order():
    assert rows_readable(source("size_scaled", 50, 0)).passed
