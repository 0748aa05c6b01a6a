import numpy as np
import pytest
from builders import rules, samples_of

from hoban_assets.ledger import Ledger
from hoban_assets.samples import Samples, stable_shares
from hoban_assets.tables import BOXES_SCHEMA, IMAGES_SCHEMA, as_frame, as_table

TWO = {"s/a": [("person", 0.1), ("fallen", 0.2)], "s/b": [("person", 0.3)]}


def test_dropping_an_image_takes_its_boxes_along_and_says_how_many():
    after = samples_of(TWO).drop_images([True, False], stage="q", rule="r", value=[0.5])
    assert after.images.image_id.tolist() == ["s/b"]
    assert after.boxes.image_id.tolist() == ["s/b"]
    decision = after.decisions.iloc[0]
    assert (decision.image_id, decision.value, decision.action) == ("s/a", "0.5", "drop")
    assert (decision.images_removed, decision.boxes_removed) == (1, 2)


def test_dropping_a_box_names_the_row_of_the_label_file():
    after = samples_of(TWO).drop_boxes([False, True, False], stage="q", rule="r")
    assert len(after.images) == 2
    decision = after.decisions.iloc[0]
    assert (decision.file, decision.row, decision.boxes_removed) == ("s/a.txt", 1, 1)


def test_an_ignored_box_stays_but_is_no_label():
    after = samples_of(TWO).ignore_boxes([True, False, False], stage="q", rule="r")
    assert len(after.boxes) == 3
    assert len(after.labels) == 2
    assert after.decisions.boxes_removed.sum() == 0
    assert rules(after) == [("s/a", "r", "ignore")]


def test_the_given_samples_are_never_changed():
    before = samples_of(TWO)
    version = before.data_version()
    before.ignore_boxes([True, True, True], stage="q", rule="r")
    before.drop_images([True, True], stage="q", rule="r")
    assert before.data_version() == version
    assert before.decisions.empty


def test_same_rows_in_any_order_have_the_same_data_version():
    one = samples_of(TWO)
    other = samples_of(dict(reversed(TWO.items())))
    assert one.data_version() == other.data_version()
    assert one.data_version() == one.drop_boxes([False] * 3, stage="q", rule="r").data_version()


@pytest.mark.parametrize("column", ["width", "content_hash", "split", "labelled_classes"])
def test_any_changed_value_changes_the_data_version(column):
    one = samples_of(TWO)
    changed = {"width": 641, "content_hash": "x", "split": "val", "labelled_classes": ("person",)}
    images = one.images.copy()
    images.at[0, column] = changed[column]
    assert Samples(images, one.boxes, one.decisions).data_version() != one.data_version()


def test_where_a_label_was_found_is_not_what_it_says():
    one = samples_of(TWO)
    images = one.images.assign(label_file="labels/all.json")
    boxes = one.boxes.assign(row=one.boxes.row + 7)
    assert Samples(images, boxes, one.decisions).data_version() == one.data_version()


def test_of_split_images_groups_count_by_who_is_together_and_not_by_name():
    def version(*groups: str | None, split: str | None = "train") -> str:
        named = dict(zip(TWO | {"s/c": []}, groups, strict=True))
        one = samples_of({**TWO, "s/c": []}, groups=named, split=[split] * 3)
        return one.data_version()

    assert version("x", "x", "y") == version("p", "p", "q") != version("x", "y", "y")
    assert version("x", "x", "y", split=None) != version("p", "p", "q", split=None)


def test_decisions_alone_do_not_change_the_data_version():
    one = samples_of(TWO)
    reviewed = one.with_decisions(
        one.ignore_boxes([True, False, False], stage="q", rule="r").decisions
    )
    assert reviewed.data_version() == one.data_version()


def test_arrow_round_trip_keeps_every_value():
    one = samples_of(TWO)
    back = Samples(
        as_frame(as_table(one.images, IMAGES_SCHEMA), IMAGES_SCHEMA),
        as_frame(as_table(one.boxes, BOXES_SCHEMA), BOXES_SCHEMA),
        one.decisions,
    )
    assert back.data_version() == one.data_version()
    assert back.images.labelled_classes[0] == one.images.labelled_classes[0]


def test_concat_refuses_an_image_that_comes_twice():
    with pytest.raises(ValueError, match="s/a"):
        Samples.concat([samples_of(TWO), samples_of(TWO)])


def test_shares_are_the_same_in_every_process_and_spread_evenly():
    shares = stable_shares(f"image {i}" for i in range(4000))
    assert stable_shares(["image 0"])[0] == shares[0]
    assert abs(np.histogram(shares, bins=4, range=(0, 1))[0] - 1000).max() < 120


def test_ledger_finds_a_stage_that_loses_rows_unseen():
    ledger = Ledger(log=lambda line: None)
    honest = ledger.step(
        "honest",
        lambda s: s.drop_images([True, False], stage="q", rule="r"),
        samples_of(TWO),
    )
    assert ledger.unbalanced() == []
    ledger.step(
        "loses", lambda s: Samples(s.images.iloc[:0], s.boxes.iloc[:0], s.decisions), honest
    )
    assert [s.stage for s in ledger.unbalanced()] == ["loses"]
