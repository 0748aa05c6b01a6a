import numpy as np
from builders import samples_of

from hoban_assets.curation.checks import folders_declared, quotas_reached
from hoban_assets.curation.selection import ALL, choose_backgrounds, choose_by_quota, count_quotas

HELMET, HEAD, PERSON = "person_with_helmet", "person_without_helmet", "person"


def many(source, count, *boxes):
    return {f"{source}/{i}": list(boxes) for i in range(count)}


def test_a_quota_counts_boxes_and_overshoots_by_less_than_one_image():
    after = choose_by_quota(samples_of(many("s", 50, *[(PERSON, 0.1)] * 3)), {PERSON: 20})
    assert after.box_counts()[PERSON] == 21
    assert set(after.decisions.rule) == {"over_quota"}


def test_a_quota_can_count_images():
    before = samples_of(many("s", 50, *[(PERSON, 0.1)] * 3))
    assert len(choose_by_quota(before, {PERSON: 20}, unit="images").images) == 20


def test_an_image_with_two_classes_counts_for_both_and_is_kept_once():
    both = many("both", 10, (HELMET, 0.1), (HEAD, 0.1))
    before = samples_of({**both, **many("helmet", 40, (HELMET, 0.1))})
    after = choose_by_quota(before, {HELMET: 12, HEAD: 10})
    assert after.box_counts()[HEAD] == 10
    assert after.box_counts()[HELMET] == 12
    assert after.images.image_id.is_unique
    assert after.images.source.value_counts().to_dict() == {"both": 10, "helmet": 2}


def test_a_class_that_falls_short_is_counted_with_its_candidates():
    before = samples_of(many("s", 7, (HEAD, 0.1)))
    counts = count_quotas(before, choose_by_quota(before, {HEAD: 10}), {HEAD: 10})
    assert [(c.class_name, c.candidates, c.chosen, c.missing) for c in counts] == [(HEAD, 7, 7, 3)]


def test_without_a_quota_everything_is_taken_and_nothing_falls_short():
    before = samples_of(many("s", 7, (HEAD, 0.1)))
    after = choose_by_quota(before, {HEAD: ALL})
    assert len(after.images) == 7
    found = quotas_reached(count_quotas(before, after, {HEAD: ALL}), "boxes", (3, ALL))
    assert found.passed
    assert found.text == "no quota: all there is was taken"


def test_a_folder_that_is_left_out_on_purpose_does_not_warn_and_is_named():
    found = folders_declared(["fall_extra"], {"fall_extra"})
    assert found.passed
    assert "fall_extra" in found.text
    assert not folders_declared(["fall_extra", "fall_new"], {"fall_extra"}).passed


def test_chosen_images_stay_chosen_when_data_is_added():
    small = many("s", 100, (PERSON, 0.1))
    first = choose_by_quota(samples_of(small), {PERSON: 30}).images.image_id
    grown = samples_of({**small, **many("new", 20, (PERSON, 0.1))})
    second = choose_by_quota(grown, {PERSON: 30}).images.image_id
    gone = set(first) - set(second)
    new = set(second) - set(first)
    assert len(gone) == len(new) > 0
    assert all(image.startswith("new/") for image in new)


def test_the_order_of_the_rows_does_not_matter():
    images = many("s", 60, (PERSON, 0.1), (HELMET, 0.05))
    one = choose_by_quota(samples_of(images), {PERSON: 20, HELMET: 25})
    other = choose_by_quota(samples_of(dict(reversed(images.items()))), {PERSON: 20, HELMET: 25})
    assert set(one.images.image_id) == set(other.images.image_id)


def test_the_largest_boxes_can_come_first():
    images = {f"s/{i}": [(PERSON, 0.01 * (i + 1))] for i in range(20)}
    after = choose_by_quota(samples_of(images), {PERSON: 5}, order="area")
    assert np.allclose(sorted(after.labels.area), [0.16, 0.17, 0.18, 0.19, 0.20])


def test_backgrounds_are_chosen_by_themselves():
    before = samples_of({**many("bg", 30), **many("s", 5, (PERSON, 0.1))})
    after = choose_backgrounds(choose_by_quota(before, {PERSON: 5}), 10)
    assert after.images.source.value_counts().to_dict() == {"bg": 10, "s": 5}
