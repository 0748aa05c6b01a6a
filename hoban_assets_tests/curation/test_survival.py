"""What is left of each source, and which rules took the rest."""

import pytest
from builders import samples_of

from hoban_assets.curation.quality import AreaLimits, drop_without_labels, limit_areas
from hoban_assets.curation.survival import (
    QUOTA,
    Survival,
    sources_survive,
    survivals,
    survivals_of,
)
from hoban_assets.language import speaker


@pytest.fixture
def found():
    stage = samples_of(
        {
            "site/1.jpg": [("person", 0.001), ("person", 0.002)],
            "site/2.jpg": [("person", 0.001)],
            "site/3.jpg": [("person", 0.3)],
            "site/4.jpg": [("person", 0.2)],
            "other/1.jpg": [("person", 0.3)],
        }
    )
    limits = {"person": AreaLimits(least=0.02)}
    dataset = drop_without_labels(limit_areas(stage.without_decisions(), limits))
    twin = (dataset.images.image_id == "site/4.jpg").to_numpy()
    dataset = dataset.drop_images(twin, stage="dedupe", rule="near_duplicate")
    return survivals([stage], dataset)


def test_an_image_without_a_label_left_was_taken_by_the_rule_that_took_its_labels(found):
    site, other = found
    assert (site.source, site.before, site.after) == ("site", 4, 1)
    assert site.lost == {"area_too_small": 2, "near_duplicate": 1}
    assert (other.before, other.after, other.lost) == (1, 1, {})


def test_it_says_in_one_line_what_was_lost_and_why(found):
    assert found[0].said(speaker("en")) == "site 4 -> 1: 2 below area.least, 1 near-duplicates"
    assert "area.least 미만" in found[0].said(speaker("ko"))


def test_a_source_that_hardly_survives_warns(found):
    assert sources_survive(found, 0.2).passed
    warned = sources_survive(found, 0.5)
    assert not warned.passed
    assert not warned.blocking
    assert warned.text == "site 4 -> 1: 2 below area.least, 1 near-duplicates"


def test_what_only_the_quota_left_out_counts_as_survived():
    assert Survival("a", 100, 10, {QUOTA: 90}).share == 1
    assert Survival("a", 100, 10, {QUOTA: 40, "crowded": 50}).share == 0.5


def test_the_record_of_the_check_holds_all_of_it(found):
    assert survivals_of(sources_survive(found, 0.2).numbers) == found
