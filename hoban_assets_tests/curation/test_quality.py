import pytest
from builders import rules, samples_of

from hoban_assets.curation.quality import (
    AreaLimits,
    drop_without_labels,
    limit_areas,
    limit_crowding,
    merge_equal_labels,
    verify_backgrounds,
)

V9 = {
    "person_with_helmet": AreaLimits(least=0.02, outlier=0.20),
    "person_without_helmet": AreaLimits(least=0.01, outlier=0.20),
    "person": AreaLimits(least=0.02),
    "fallen": AreaLimits(least=0.005, most=0.70),
}


@pytest.mark.parametrize(
    ("name", "area", "outcome"),
    [
        ("person_with_helmet", 0.02, None),
        ("person_with_helmet", 0.0199, "area_too_small"),
        ("person_with_helmet", 0.1999, None),
        ("person_with_helmet", 0.20, "area_outlier"),
        ("person_without_helmet", 0.01, None),
        ("person_without_helmet", 0.0099, "area_too_small"),
        ("person_without_helmet", 0.25, "area_outlier"),
        ("person", 0.02, None),
        ("person", 0.0199, "area_too_small"),
        ("person", 0.99, None),
        ("fallen", 0.005, None),
        ("fallen", 0.0049, "area_too_small"),
        ("fallen", 0.70, None),
        ("fallen", 0.71, "area_too_large"),
    ],
)
def test_area_limits_of_version_9_at_their_edges(name, area, outcome):
    after = limit_areas(samples_of({"s/a": [(name, area)]}), V9)
    assert after.decisions.rule.tolist() == ([outcome] if outcome else [])
    assert len(after.labels) == (0 if outcome else 1)


def test_a_small_box_becomes_an_ignore_region_and_a_doubtful_one_goes():
    before = samples_of({"s/a": [("person", 0.001), ("person_with_helmet", 0.3), ("person", 0.5)]})
    after = limit_areas(before, V9)
    assert after.boxes.ignore.tolist() == [True, False]
    assert after.labels.area.tolist() == [0.5]
    assert rules(after) == [
        ("s/a", "area_outlier", "drop"),
        ("s/a", "area_too_small", "ignore"),
    ]
    assert after.decisions.set_index("rule").threshold["area_too_small"] == 0.02


def test_an_image_with_more_than_ten_persons_goes_small_ones_counted():
    before = samples_of({"s/ten": [("person", 0.03)] * 10, "s/eleven": [("person", 0.03)] * 11})
    small = limit_areas(before, {"person": AreaLimits(least=0.5)})
    assert limit_crowding(small, "person", 10).images.image_id.tolist() == ["s/ten"]


def test_an_image_whose_labels_were_all_ignored_is_no_background():
    before = samples_of({"s/a": [("person", 0.001)], "bg/b": []})
    after = drop_without_labels(limit_areas(before, V9), backgrounds=frozenset({"bg"}))
    assert after.images.image_id.tolist() == ["bg/b"]
    assert ("s/a", "no_label_left", "drop") in rules(after)


def test_a_background_with_a_box_or_labelled_elsewhere_is_thrown_out():
    before = samples_of(
        {"bg/boxed": [("person", 0.1)], "bg/known": [], "bg/empty": [], "s/x": [("person", 0.1)]},
        content_hash=["1", "2", "3", "2"],
    )
    after = verify_backgrounds(before, frozenset({"bg"}), frozenset({"2"}))
    assert after.images.image_id.tolist() == ["bg/empty", "s/x"]
    assert rules(after) == [
        ("bg/boxed", "background_has_label", "drop"),
        ("bg/known", "background_labelled_elsewhere", "drop"),
    ]


def test_labels_that_would_be_written_alike_are_merged():
    before = samples_of({"s/a": [("person", 0.25), ("person", 0.25), ("fallen", 0.25)]})
    close = before.boxes.assign(x_center=[0.5, 0.5 + 1e-9, 0.5])
    after = merge_equal_labels(type(before)(before.images, close, before.decisions))
    assert after.labels.class_name.tolist() == ["person", "fallen"]
