import pytest
from differing import FALLEN, HELMET, NO_HELMET, PERSON, Decided, Label, Photo, Shelf, lines

from hoban_assets.errors import HobanError
from hoban_assets.language import speaker
from hoban_assets.reporting.diff.difference import difference
from hoban_assets.reporting.diff.document import by_rule, document, summary_text
from hoban_assets.reporting.diff.examples import examples
from hoban_assets.reporting.diff.sides import parse, side_of, with_previous
from hoban_assets.reporting.markdown import markdown

HEAD = Label(HELMET, row=0)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def found(shelf, old="dataset_v8", new="dataset_v9"):
    with shelf.asking() as ask:
        return difference(ask, side_of(ask, old, "sub"), side_of(ask, new, "sub"))


def diff_of(shelf, before, after, decisions=()):
    """Difference of two datasets of the given photos."""
    shelf.put("dataset_v8", before, made_from=["raw/s"])
    shelf.put("dataset_v9", after, decisions, made_from=["raw/s"])
    return found(shelf)


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


@pytest.fixture
def road(shelf):
    """Two stages and two datasets; each image of v8 leaves v9 in a way of its own."""
    images = {
        name: Photo(f"coco/{name}.jpg", [Label(PERSON, row=0)])
        for name in ("stays", "double", "small", "broken", "lost", "strange")
    }
    helmet = Photo("helmet_30k/h.jpg", [HEAD], content="H")
    again = Photo("helmet_60k/h.jpg", [HEAD], content="H")
    alone = Photo("helmet_30k/alone.jpg", [HEAD])
    shelf.put("coco_person", list(images.values()), made_from=["raw/coco"])
    shelf.put("helmet_30k", [helmet, alone], made_from=["raw/helmet_30k"])
    shelf.put(
        "dataset_v8", [*images.values(), helmet, alone], made_from=["coco_person", "helmet_30k"]
    )
    read_again = [images[n] for n in ("stays", "double", "small", "strange")]
    shelf.put(
        "coco_person",
        read_again,
        [
            Decided("coco/broken.jpg", "undecodable", "facts", value="truncated"),
            Decided("coco/double.jpg", "clipped", "read", "repair", images=0, row=0),
        ],
        made_from=["raw/coco"],
    )
    shelf.put("helmet_60k", [again], made_from=["raw/helmet_60k"])
    shelf.put(
        "dataset_v9",
        [images["stays"]],
        [
            Decided("coco/small.jpg", "area_too_small", "area", "ignore", images=0, row=0),
            Decided("coco/small.jpg", "no_label_left", "labels", boxes=1),
            Decided(
                "coco/double.jpg",
                "near_duplicate",
                value="0.95",
                threshold=0.9,
                witness="coco/stays.jpg",
                boxes=1,
            ),
            Decided("helmet_60k/h.jpg", "over_quota", "quota", boxes=1),
        ],
        made_from=["coco_person", "helmet_60k"],
    )
    return shelf


def test_every_image_that_is_gone_has_the_rule_that_removed_it(road):
    result = found(road)
    assert lines(result.removed_because, "rule", "asset", "stage", "source", "images") == sorted(
        [
            ("near_duplicate", "dataset_v9", "dedupe", "coco", 1),
            ("no_decision_recorded", "coco_person", None, "coco", 1),  # coco/strange.jpg
            ("no_label_left", "dataset_v9", "labels", "coco", 1),
            ("not_read", "coco_person", None, "coco", 1),  # coco/lost.jpg
            ("over_quota", "dataset_v9", "quota", "helmet_30k", 1),  # as helmet_60k/h.jpg
            ("source_not_used", None, None, "helmet_30k", 1),
            ("undecodable", "coco_person", "facts", "coco", 1),
        ],
        key=str,
    )
    assert sum(row["images"] for row in result.removed_because) == result.images["removed"] == 7
    assert sum(row["boxes"] for row in result.removed_because) == 7


def test_examples_name_the_witness_and_the_copy(road):
    with road.asking() as ask:
        difference(ask, side_of(ask, "dataset_v8", "sub"), side_of(ask, "dataset_v9", "sub"))
        rows = {row["image_id"]: row for row in examples(ask, 1)["removed"]}
    assert rows["coco/double.jpg"]["witness"] == "coco/stays.jpg"
    assert rows["coco/double.jpg"]["value"] == "0.95"
    assert rows["coco/small.jpg"]["cause"] == "area_too_small"
    assert rows["helmet_30k/h.jpg"]["copy"] == "helmet_60k/h.jpg"


def test_the_way_back_is_answered_by_the_other_side(road):
    result = found(road, "dataset_v9", "dataset_v8")
    assert result.images["added"] == 7
    assert {row["rule"] for row in result.added_because} >= {"near_duplicate", "source_not_used"}
    assert result.removed_because == []


def test_upstream_decisions_are_those_of_the_rows_that_went_in(road):
    # Built since, but dataset_v9 knows nothing of it.
    road.put(
        "coco_person",
        [Photo("coco/stays.jpg")],
        [Decided("coco/lost.jpg", "label_missing", "read")],
        made_from=["raw/coco"],
    )
    rules = {row["rule"] for row in found(road).removed_because}
    assert "label_missing" not in rules
    assert "not_read" in rules


def same_stage_built_again(shelf):
    """A stage built twice: the same rows, but another rule took s/1.jpg; v9 is of the first."""
    kept, gone = Photo("s/0.jpg"), Photo("s/1.jpg")
    shelf.put("dataset_v8", [kept, gone])
    shelf.put("stage", [kept], [Decided("s/1.jpg", "then", "read")], made_from=["raw/s"])
    shelf.put("dataset_v9", [kept], made_from=["stage"])
    shelf.put("stage", [kept], [Decided("s/1.jpg", "since", "read")], made_from=["raw/s"])


@pytest.mark.parametrize(("keep", "rule"), [(5, "then"), (1, "since")])
def test_of_two_builds_of_the_same_rows_the_one_of_then_counts_while_it_is_known(shelf, keep, rule):
    shelf.keep = keep
    same_stage_built_again(shelf)
    assert lines(found(shelf).removed_because, "rule", "asset") == [(rule, "stage")]


def test_a_decision_of_the_dataset_itself_comes_before_one_upstream(shelf):
    kept, gone = Photo("s/0.jpg"), Photo("s/1.jpg")
    shelf.put("dataset_v8", [kept, gone])
    shelf.put("stage", [kept], [Decided("s/1.jpg", "upstream")], made_from=["raw/s"])
    shelf.put("dataset_v9", [kept], [Decided("s/1.jpg", "own")], made_from=["stage"])
    assert lines(found(shelf).removed_because, "rule", "asset") == [("own", "dataset_v9")]


def test_pruned_decisions_are_called_not_known(road):
    road.keep = 1
    road.put("coco_person", [Photo("coco/other.jpg")], made_from=["raw/coco"])
    assert lines(found(road).removed_because, "rule", "source", "images") == [
        ("near_duplicate", "coco", 1),
        ("no_label_left", "coco", 1),
        ("not_known_any_more", "coco", 3),
        ("over_quota", "helmet_30k", 1),
        ("source_not_used", "helmet_30k", 1),
    ]


def test_lost_labels_have_the_rule_of_their_row(shelf):
    before = [Label(PERSON, row=0, x=0.1), Label(PERSON, row=1, x=0.5), Label(PERSON, row=2, x=0.9)]
    after = [before[0].but(ignore=True), before[2]]
    decisions = [
        Decided("s/1.jpg", "area_too_small", "area", "ignore", images=0, row=0, threshold=0.02),
        Decided("s/1.jpg", "area_outlier", "area", images=0, boxes=1, row=1),
    ]
    result = diff_of(shelf, [Photo("s/1.jpg", before)], [Photo("s/1.jpg", after)], decisions)
    assert lines(result.boxes_because, "change", "rule", "asset", "boxes") == [
        ("removed", "area_outlier", "dataset_v9", 1),
        ("to ignore region", "area_too_small", "dataset_v9", 1),
    ]


def test_what_a_person_drew_or_took_out_says_so(shelf):
    old, taken_out = Label(PERSON, 0, 0.2), Label(FALLEN, 1, 0.5)
    decisions = [
        Decided("s/1.jpg", "box_added", "corrections", "correct", images=0),
        Decided("s/1.jpg", "box_removed", "corrections", "correct", images=0, boxes=1, row=1),
    ]
    before = [Photo("s/1.jpg", [old, taken_out])]
    after = [Photo("s/1.jpg", [old, Label(PERSON, -1, 0.8)])]
    result = diff_of(shelf, before, after, decisions)
    assert lines(result.boxes_because, "change", "rule", "class_name", "boxes") == [
        ("added", "box_added", PERSON, 1),
        ("removed", "box_removed", FALLEN, 1),
    ]


def test_totals_add_up(road):
    result = found(road)
    images, boxes = result.images, result.boxes
    assert result.new.images == result.old.images - images["removed"] + images["added"]
    lost = boxes["gone_with_images"] + boxes["removed"] + boxes["to_ignore"]
    won = boxes["come_with_images"] + boxes["added"] + boxes["from_ignore"]
    assert result.new.boxes == result.old.boxes - lost + won


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


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_summary_comes_first_and_names_what_happened(road, language):
    title, _, summary, *_ = told = list(document(found(road), speaker(language)))
    assert title.text.startswith("dataset_v8@")
    assert [row["images"] for row in summary.rows] == [8, -7, 1]
    text = markdown(told)
    assert text.startswith("# dataset_v8@")
    assert "near_duplicate" in text


def test_reasons_are_summed_over_sources():
    reason = {"rule": "crowded", "cause": None, "asset": "d", "stage": "s", "threshold": 10.0}
    rows = [reason | {"source": s, "images": n, "boxes": n} for s, n in (("a", 1), ("b", 2))]
    (line,) = by_rule(rows, speaker("en"))
    assert (line["images"], line["boxes"], line["sources"]) == (3, 3, "b 2, a 1")


def test_what_full_decided_is_the_reason_for_a_sub_that_was_taken_from_it(shelf):
    kept, twin = Photo("s/0.jpg"), Photo("s/1.jpg")
    shelf.put("stage", [kept, twin], made_from=["raw/s"])
    shelf.put("dataset_v8", [kept, twin], made_from=["stage"])
    why = [Decided("s/1.jpg", "near_duplicate", witness="s/0.jpg")]
    shelf.put("dataset_v9", [kept], why, partition="full", made_from=["stage"])
    shelf.versions["dataset_v9 (full)"] = shelf.versions["dataset_v9"]
    shelf.put("dataset_v9", [kept], made_from=["stage", "dataset_v9 (full)"])
    assert lines(found(shelf).removed_because, "rule", "asset", "images") == [
        ("near_duplicate", "dataset_v9", 1)
    ]
