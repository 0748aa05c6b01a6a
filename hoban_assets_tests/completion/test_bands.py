"""Which predictions become boxes, ignore regions and background, and what labels say of them."""

import numpy as np
import pytest
from teaching_tools import BODY, HEAD, HEADS, candidates, labelled

from hoban_assets.curation.completion.bands import part
from hoban_assets.curation.completion.limits import Limits

WORN = "person_with_helmet"
LIMITS = Limits(box=0.5, ignore=0.15, confirmed=0.12)


def moved(box: tuple, x: float) -> tuple:
    return box[0] + x, box[1], box[2] + x, box[3]


def test_scores_part_into_box_ignore_region_and_background_where_nothing_can_be_asked():
    found = candidates((0.5, BODY), (0.49, moved(BODY, 0.32)), (0.14, moved(BODY, -0.32)))
    parted = part("person", found, labelled(classes=frozenset()), LIMITS)
    assert parted.band.tolist() == ["box", "ignore", "background"]
    assert parted.verdict.tolist() == [None, None, None]


def test_a_labelled_head_at_the_top_confirms_a_body_of_a_low_score():
    parted = part("person", candidates((0.2, BODY)), labelled((WORN, HEAD)), LIMITS)
    assert parted.band.tolist() == ["box"]
    assert parted.verdict.tolist() == ["head_found"]
    assert parted.limit.tolist() == [0.12]
    assert len(parted.regions) == 0


@pytest.mark.parametrize(
    "head", [(0.45, 0.5, 0.55, 0.6), (0.9, 0.1, 1.0, 0.2), (0.36, 0.1, 0.64, 0.75)]
)
def test_a_head_elsewhere_or_as_large_as_the_body_confirms_nothing(head):
    parted = part("person", candidates((0.2, BODY)), labelled((WORN, head)), LIMITS)
    assert parted.band.tolist() == ["ignore"]
    assert parted.verdict.tolist() == ["no_head"]


def test_one_head_confirms_one_of_several_boxes_and_the_others_are_not_boxes():
    wide = (0.2, 0.1, 0.9, 0.8)
    parted = part("person", candidates((0.3, wide), (0.3, BODY)), labelled((WORN, HEAD)), LIMITS)
    assert sorted(parted.band.tolist()) == ["box", "ignore"]
    assert parted.verdict[parted.band == "ignore"].tolist() == ["head_of_another"]


def test_a_box_around_two_labelled_persons_is_no_box():
    heads = labelled((WORN, moved(HEAD, -0.08)), (WORN, moved(HEAD, 0.08)))
    parted = part("person", candidates((0.3, BODY)), heads, LIMITS)
    assert parted.verdict.tolist() == ["several_heads"]
    assert parted.band.tolist() == ["ignore"]


def test_where_a_head_has_no_body_its_region_reaches_from_the_head_down():
    parted = part("person", candidates(), labelled((WORN, HEAD)), LIMITS)
    (region,) = parted.regions
    np.testing.assert_allclose(region, [0.35, 0.10, 0.65, 0.80])


def test_a_region_ends_at_the_edge_of_the_picture():
    parted = part("person", candidates(), labelled((WORN, (0.0, 0.8, 0.1, 0.95))), LIMITS)
    assert parted.regions.min() >= 0 and parted.regions.max() <= 1


def test_a_head_without_labels_of_heads_is_asked_for_nowhere():
    other = labelled(("fallen", BODY), classes=frozenset({"fallen"}))
    parted = part("person", candidates((0.2, moved(BODY, 0.35))), other, LIMITS)
    assert parted.verdict.tolist() == [None]
    assert len(parted.regions) == 0


def test_a_labelled_body_confirms_a_head_of_a_low_score():
    bodies = labelled(("person", BODY), classes=frozenset({"person"}))
    found = candidates((0.2, HEAD), (0.2, (0.45, 0.6, 0.55, 0.7)))
    parted = part(WORN, found, bodies, LIMITS)
    said = dict(zip(parted.verdict.tolist(), parted.band.tolist(), strict=True))
    assert said == {"body_found": "box", "no_body": "ignore"}


def test_a_person_over_a_labelled_fallen_one_is_that_one():
    fallen = labelled(("fallen", BODY), classes=frozenset({"fallen"}))
    parted = part("person", candidates((0.9, BODY)), fallen, LIMITS)
    assert parted.band.tolist() == ["merged"]


def test_a_fallen_one_over_a_labelled_person_is_not_known():
    person = labelled(("person", BODY), classes=frozenset({"person"}))
    parted = part("fallen", candidates((0.9, BODY)), person, LIMITS)
    assert parted.band.tolist() == ["ignore"]
    assert parted.verdict.tolist() == ["same_object"]


def test_what_a_person_has_drawn_is_not_added_again():
    by_hand = labelled(("person", BODY), (WORN, HEAD))
    parted = part("person", candidates((0.9, moved(BODY, 0.02))), by_hand, LIMITS)
    assert parted.band.tolist() == ["merged"]
    assert len(parted.regions) == 0


def test_a_body_around_a_labelled_head_is_not_taken_for_it():
    tight = (0.44, 0.09, 0.56, 0.30)
    parted = part("person", candidates((0.9, tight)), labelled((WORN, HEAD)), LIMITS)
    assert parted.band.tolist() == ["box"]


def test_more_boxes_than_allowed_become_ignore_regions():
    rows = [(0.9 - k / 100, (k / 10, 0.1, k / 10 + 0.08, 0.5)) for k in range(8)]
    parted = part("person", candidates(*rows), labelled(classes=frozenset()), LIMITS, most=3)
    assert parted.band.tolist() == ["box"] * 3 + ["ignore"] * 5


def test_two_persons_who_overlap_stay_two_where_each_has_a_head():
    near = moved(BODY, 0.05)
    heads = labelled((WORN, moved(HEAD, -0.06)), (WORN, moved(HEAD, 0.11)), classes=HEADS)
    parted = part("person", candidates((0.9, BODY), (0.85, near)), heads, LIMITS)
    assert (parted.band == "box").sum() >= 1
    alone = part("person", candidates((0.9, BODY), (0.85, near)), labelled(), LIMITS)
    assert alone.band.tolist() == ["box", "merged"]
