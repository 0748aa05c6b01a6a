"""Completed labels: human boxes as they were, evidence with each added one, val left alone."""

import pandas as pd
import pytest
from builders import samples_of
from teaching_tools import predictions

from hoban_assets.curation.completion.aside import boxes_on, join_train, set_aside
from hoban_assets.curation.completion.complete import complete
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.curation.quality import AreaLimits
from hoban_assets.ledger import Ledger

HEADS = ("person_with_helmet", "person_without_helmet")
LEFT, RIGHT = (0.1, 0.2, 0.3, 0.9), (0.7, 0.2, 0.9, 0.9)


def photographs(**columns):
    images = {"s/a.jpg": [("person_with_helmet", 0.01)], "s/b.jpg": [("person_with_helmet", 0.01)]}
    return samples_of(images, labelled=HEADS, **columns)


def done(samples, *rows, most=30):
    found = predictions(*rows, file="s/a.jpg")
    return complete(samples, found, {"person": 1}, {"person": Limits()}, most)


def test_human_boxes_stay_and_added_ones_carry_their_evidence():
    before = photographs()
    after = done(before, (0.9, LEFT), (0.3, RIGHT), (0.06, (0.4, 0.0, 0.6, 0.1))).samples
    human = after.boxes[after.boxes.origin == "human"].reset_index(drop=True)
    pd.testing.assert_frame_equal(human, before.boxes)
    added = after.boxes[(after.boxes.origin == "teacher") & (after.boxes.row < -1)]
    assert added["ignore"].tolist() == [False, True]
    assert added.score.tolist() == pytest.approx([0.9, 0.3])
    assert added.teacher.tolist() == ["t", "t"]
    assert added.row.tolist() == [-2, -3]  # never that of a label
    assert added.cross_check.tolist() == ["no_head", "no_head"]


def test_every_image_is_completed_in_the_classes_that_it_lacks_also_where_nothing_was_found():
    after = done(photographs(), (0.9, LEFT)).samples
    assert after.images.completed_classes.tolist() == [("person",), ("person",)]
    assert after.images.labelled_classes.tolist() == [HEADS, HEADS]


def test_a_class_that_is_labelled_is_not_completed():
    samples = samples_of({"s/a.jpg": [("person", 0.1)]}, labelled=("person",))
    after = done(samples, (0.9, LEFT))
    assert after.samples.images.completed_classes.tolist() == [()]
    assert after.boxes_in == 1


def test_nothing_is_lost_of_what_went_in():
    before = photographs()
    made = done(before, (0.9, LEFT), (0.85, LEFT), (0.3, RIGHT), (0.06, (0.4, 0.0, 0.6, 0.1)))
    ledger = Ledger(log=lambda line: None)
    ledger.record("complete", 2, made.boxes_in, made.samples, made.samples.decisions, 0.0)
    assert ledger.unbalanced() == []


def test_the_version_of_rows_is_that_of_before_where_nothing_is_completed():
    before = photographs()
    nothing = complete(before, predictions(), {}, {}, 30).samples
    assert nothing.data_version() == before.data_version()
    assert done(before, (0.9, LEFT)).samples.data_version() != before.data_version()


def split_dataset():
    added = done(photographs(), (0.9, LEFT)).samples
    human, aside = set_aside(added)
    images = human.images.assign(split=["train", "val"])
    return type(human)(images, human.boxes, human.decisions), aside


def test_what_waits_aside_leaves_what_people_labelled():
    human, aside = set_aside(done(photographs(), (0.9, LEFT)).samples)
    assert human.data_version() == photographs().data_version()
    assert bool(aside)
    assert not set_aside(photographs())[1]


def test_only_train_is_completed():
    samples, aside = split_dataset()
    joined = join_train(samples, aside, {})
    on_train = joined.boxes[joined.boxes.image_id == "s/a.jpg"]
    assert (on_train.origin == "teacher").any()
    on_val = joined.boxes[joined.boxes.image_id == "s/b.jpg"]
    assert on_val.origin.tolist() == ["human"]
    assert joined.images.completed_classes.tolist() == [("person",), ()]
    dropped = joined.decisions[joined.decisions.rule == "val_is_not_completed"]
    assert dropped.image_id.tolist() == ["s/b.jpg"]
    ledger = Ledger(log=lambda line: None)
    boxes_in = len(samples.boxes) + boxes_on(aside, samples)
    new = joined.decisions.iloc[len(samples.decisions) :]
    ledger.record("join", 2, boxes_in, joined, new, 0.0)
    assert ledger.unbalanced() == []


def test_a_teachers_box_outside_the_area_limits_is_an_ignore_region():
    samples, aside = split_dataset()
    joined = join_train(samples, aside, {"person": AreaLimits(least=0.5)})
    boxes = joined.boxes[(joined.boxes.origin == "teacher") & joined.boxes.score.notna()]
    assert boxes["ignore"].all()
