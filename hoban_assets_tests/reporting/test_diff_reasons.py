"""Which rule took what is gone in the newer dataset."""

import pytest
from differing import (
    FALLEN,
    HELMET,
    PERSON,
    Decided,
    Label,
    Photo,
    Shelf,
    diff_of,
    found,
    lines,
)

from hoban_assets.language import speaker
from hoban_assets.reporting.diff.difference import difference
from hoban_assets.reporting.diff.document import by_rule, document
from hoban_assets.reporting.diff.examples import examples
from hoban_assets.reporting.diff.sides import side_of
from hoban_assets.reporting.markdown import markdown

HEAD = Label(HELMET, row=0)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def filled(shelf):
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


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    """A filled shelf that is only looked at."""
    return filled(Shelf(tmp_path_factory.mktemp("road")))


@pytest.fixture
def own_road(shelf):
    """A filled shelf that a test changes."""
    return filled(shelf)


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


def test_upstream_decisions_are_those_of_the_rows_that_went_in(own_road):
    # Built since, but dataset_v9 knows nothing of it.
    own_road.put(
        "coco_person",
        [Photo("coco/stays.jpg")],
        [Decided("coco/lost.jpg", "label_missing", "read")],
        made_from=["raw/coco"],
    )
    rules = {row["rule"] for row in found(own_road).removed_because}
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


def test_pruned_decisions_are_called_not_known(own_road):
    own_road.keep = 1
    own_road.put("coco_person", [Photo("coco/other.jpg")], made_from=["raw/coco"])
    assert lines(found(own_road).removed_because, "rule", "source", "images") == [
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
