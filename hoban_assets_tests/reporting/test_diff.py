"""What differs between two datasets: images, boxes, splits; and of which sides."""

import pytest
from differing import (
    FALLEN,
    HELMET,
    NO_HELMET,
    PERSON,
    Label,
    Photo,
    Shelf,
    diff_of,
    lines,
)

from hoban_assets.errors import HobanError
from hoban_assets.language import speaker
from hoban_assets.reporting.diff.difference import difference
from hoban_assets.reporting.diff.document import summary_text
from hoban_assets.reporting.diff.sides import parse, side_of, with_previous

HEAD = Label(HELMET, row=0)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def test_the_same_rows_in_another_order_are_no_difference(shelf):
    photos = [Photo("s/1.jpg", [HEAD, Label(PERSON, row=1, x=0.2)]), Photo("s/2.jpg")]
    assert diff_of(shelf, photos, photos[::-1]).is_same


def test_images_boxes_and_splits_are_counted(shelf):
    stays = Photo("s/stays.jpg", [HEAD])
    moves = Photo("s/moves.jpg", [HEAD], split="val")
    goes = Photo("s/goes.jpg", [HEAD, Label(FALLEN, row=1, x=0.1)])
    comes = Photo("s/comes.jpg", [HEAD])
    result = diff_of(shelf, [stays, moves, goes], [stays, moves.but(split="train"), comes])
    assert result.images == {
        "common": 2,
        "same_content": 0,
        "removed": 1,
        "added": 1,
        "other_file": 0,
        "moved_split": 1,
    }
    assert result.boxes["gone_with_images"] == 2
    assert result.boxes["come_with_images"] == 1
    assert lines(result.splits, "before", "after", "images") == [("val", "train", 1)]
    assert result.val == {"old": 1, "new": 0, "common": 0, "trained_on_before": 0}
    (helmet, fallen) = result.classes
    assert (helmet["before"], helmet["after"], helmet["removed"], helmet["added"]) == (3, 3, 1, 1)
    assert (fallen["before"], fallen["after"], fallen["removed"]) == (1, 0, 1)


def test_validation_images_that_the_old_side_trained_on_are_warned_of(shelf):
    before, after = Photo("s/1.jpg", [HEAD], "train"), Photo("s/1.jpg", [HEAD], "val")
    result = diff_of(shelf, [before], [after])
    assert result.val["trained_on_before"] == 1
    assert "must not be judged on them" in summary_text(result, speaker("en"))


def test_every_kind_of_change_of_a_box_is_told_apart_in_one_image(shelf):
    before = [
        Label(HELMET, row=0, x=0.1),  # stays
        Label(HELMET, row=1, x=0.3),  # another class, same place
        Label(PERSON, row=2, x=0.5),  # moved a little, same row
        Label(PERSON, row=3, x=0.7),  # becomes an ignore region
        Label(PERSON, row=4, x=0.9, ignore=True),  # becomes a label again
        Label(FALLEN, row=5, y=0.1),  # goes
    ]
    after = [
        before[0],
        before[1].but(class_name=NO_HELMET),
        before[2].but(x=0.55),
        before[3].but(ignore=True),
        before[4].but(ignore=False),
        Label(FALLEN, row=6, y=0.9),  # new
    ]
    result = diff_of(shelf, [Photo("s/1.jpg", before)], [Photo("s/1.jpg", after)])
    assert result.boxes == {
        "gone_with_images": 0,
        "come_with_images": 0,
        "removed": 1,
        "added": 1,
        "to_ignore": 1,
        "from_ignore": 1,
        "class_changed": 1,
        "moved": 1,
        "class_changed_and_moved": 0,
    }
    assert lines(result.relabelled, "before", "after", "boxes") == [(HELMET, NO_HELMET, 1)]


def test_a_line_taken_out_of_a_label_file_does_not_shift_the_others(shelf):
    before = [Label(HELMET, row=r, x=0.1 + 0.2 * r) for r in range(4)]
    after = [label.but(row=label.row - 1) for label in before[1:]]
    result = diff_of(shelf, [Photo("s/1.jpg", before)], [Photo("s/1.jpg", after)])
    assert (result.boxes["removed"], result.boxes["moved"], result.boxes["added"]) == (1, 0, 0)


def test_a_row_that_moved_far_is_still_the_same_label(shelf):
    far = [Photo("s/1.jpg", [Label(HELMET, row=0, x=0.1)])]
    result = diff_of(shelf, far, [Photo("s/1.jpg", [Label(NO_HELMET, row=0, x=0.9)])])
    assert result.boxes["class_changed_and_moved"] == 1
    assert result.boxes["removed"] == result.boxes["added"] == 0


@pytest.mark.parametrize(("x", "is_same_object"), [(0.56, True), (0.57, False)])
def test_without_a_row_boxes_are_the_same_from_iou_a_half(shelf, x, is_same_object):
    # two boxes 0.2 wide, 0.06 (0.07) apart: IoU 0.14/0.26 = 0.54 (0.13/0.27 = 0.48)
    result = diff_of(
        shelf, [Photo("s/1.jpg", [Label(PERSON)])], [Photo("s/1.jpg", [Label(PERSON, x=x)])]
    )
    assert (result.boxes["moved"] == 1) is is_same_object
    assert (result.boxes["removed"] == result.boxes["added"] == 1) is not is_same_object


def test_boxes_are_matched_one_to_one_the_best_pair_first(shelf):
    before = [Label(PERSON, x=0.50), Label(PERSON, x=0.54)]
    after = [Label(PERSON, x=0.55), Label(PERSON, x=0.59)]
    # 0.54-0.55 overlap most; for 0.50 only 0.59 is left, IoU 0.11/0.29, which is another object
    result = diff_of(shelf, [Photo("s/1.jpg", before)], [Photo("s/1.jpg", after)])
    assert (result.boxes["moved"], result.boxes["removed"], result.boxes["added"]) == (1, 1, 1)


def test_noise_below_six_decimals_is_no_move(shelf):
    before = [Photo("s/1.jpg", [Label(PERSON, x=0.1234565)])]
    after = [Photo("s/1.jpg", [Label(PERSON, x=0.1234565 - 1e-9)])]
    assert diff_of(shelf, before, after).is_same


def test_the_same_photograph_of_another_source_is_matched_by_content(shelf):
    before = [Photo("helmet_30k/a.jpg", [HEAD], content="A"), Photo("helmet_30k/b.jpg", [HEAD])]
    after = [Photo("helmet_60k/x.jpg", [HEAD.but(row=7)], content="A")]
    result = diff_of(shelf, before, after)
    assert result.images["common"] == result.images["same_content"] == 1
    assert result.images["removed"] == 1
    assert lines(result.same_content, "before", "after", "images") == [
        ("helmet_30k", "helmet_60k", 1)
    ]
    assert sum(result.boxes.values()) == 1  # the head that left with b.jpg


def test_of_two_copies_one_is_matched_and_one_is_known_to_be_the_same(shelf):
    before = [Photo("s/a.jpg", content="A"), Photo("s/b.jpg", content="A")]
    result = diff_of(shelf, before, [Photo("s/c.jpg", content="A")])
    assert (result.images["common"], result.images["removed"]) == (1, 1)
    assert lines(result.removed_because, "rule", "images") == [("same_photograph_kept", 1)]


def test_images_without_a_hash_are_not_matched(shelf):
    before, after = Photo("s/a.jpg", content=""), Photo("s/b.jpg", content="")
    result = diff_of(shelf, [before], [after])
    assert (result.images["common"], result.images["removed"]) == (0, 1)


def test_another_file_under_the_same_id_is_told(shelf):
    before, after = Photo("s/1.jpg", content="A"), Photo("s/1.jpg", content="B")
    assert diff_of(shelf, [before], [after]).images["other_file"] == 1


def test_two_builds_of_one_asset_are_compared_by_number(shelf):
    first = shelf.put("dataset_v9", [Photo("s/1.jpg"), Photo("s/2.jpg")])
    second = shelf.put("dataset_v9", [Photo("s/1.jpg")])
    with shelf.asking() as ask:
        sides = with_previous(ask, "dataset_v9", "sub")
        assert [side.materialization_id for side in sides] == [first, second]
        assert difference(ask, *sides).images["removed"] == 1
        assert side_of(ask, "dataset_v9", "full", first).images == 2  # a number says which


def test_what_cannot_be_compared_says_what_can(shelf):
    shelf.keep = 1
    first = shelf.put("dataset_v9", [Photo("s/1.jpg"), Photo("s/2.jpg")])
    second = shelf.put("dataset_v9", [Photo("s/1.jpg")])
    with shelf.asking() as ask:
        with pytest.raises(HobanError, match=f"pruned.*dataset_v9@{second}"):
            side_of(ask, "dataset_v9", "sub", first)
        with pytest.raises(HobanError, match=f"no materialisation 99.*dataset_v9@{second}"):
            side_of(ask, "dataset_v9", "sub", 99)
        with pytest.raises(HobanError, match="only materialisation"):
            with_previous(ask, "dataset_v9", "sub")
        with pytest.raises(HobanError, match="never been built"):
            side_of(ask, "dataset_v9", "full")


def test_names_are_read_as_people_type_them():
    known = ["dataset_v9", "coco_person"]
    assert parse("v9", known) == ("dataset_v9", None)
    assert parse("dataset_v9@12", known) == ("dataset_v9", 12)
    assert parse("coco_person", known) == ("coco_person", None)
    assert parse("nothing", known) == ("nothing", None)
    with pytest.raises(HobanError, match="number"):
        parse("v9@last", known)
