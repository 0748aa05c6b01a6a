"""The check that a new version is not worse than the one before."""

from dataclasses import replace

import pytest
from results_catalog import PERSON, final, train

from hoban_assets.evaluation.regression import (
    FIGURES,
    Figures,
    figures_of,
    no_regression,
    previous_version,
)


def figures(model, overall, validation="same", **per_class):
    return Figures(model, overall, per_class, validation)


def test_there_is_nothing_to_compare_the_first_model_with():
    check = no_regression(figures("model_v5", 0.4), None)
    assert check.passed
    assert "nothing to compare with" in check.text


@pytest.mark.parametrize(("now", "passed"), [(0.52, True), (0.49, True), (0.47, False)])
def test_the_mean_may_fall_within_the_tolerance(now, passed):
    check = no_regression(figures("model_v9", now), figures("model_v8", 0.5), tolerance=0.02)
    assert check.passed == passed
    assert check.numbers["change"] == pytest.approx(now - 0.5)


def test_a_class_that_fell_is_named_although_the_mean_rose():
    before = figures("model_v8", 0.5, person=0.6, fallen=0.4)
    check = no_regression(figures("model_v9", 0.55, person=0.5, fallen=0.6), before)
    assert not check.passed
    assert "person 0.600 -> 0.500" in check.text
    assert "fallen" not in check.text


def test_a_class_that_is_no_longer_judged_is_named():
    before = figures("model_v8", 0.5, person=0.6, fallen=0.4)
    check = no_regression(figures("model_v9", 0.6, person=0.6), before)
    assert check.passed
    assert "no longer judged, no validation label: fallen" in check.text


def test_different_validation_images_are_said_to_be_different():
    def text(validation):
        before = figures("model_v8", 0.5, validation=validation)
        return no_regression(figures("model_v9", 0.5), before).text

    assert "not strictly comparable" in text("other")
    assert "not strictly comparable" in text(None)
    assert "not strictly comparable" not in text("same")


def test_models_that_were_judged_by_other_rules_are_not_compared_and_the_way_out_is_said():
    before, now = figures("model_v8", 0.5), figures("model_v9", 0.4)
    check = no_regression(replace(now, evaluation=3), before)
    assert check.passed
    assert "model_v8 was evaluated by other rules; materialise it again" in check.text
    assert not no_regression(replace(now, evaluation=3), replace(before, evaluation=3)).passed


def test_it_warns_where_nothing_could_be_judged():
    assert not no_regression(figures("model_v9", None), figures("model_v8", 0.5)).passed


def test_the_version_before_is_the_nearest_number_below_that_was_trained():
    trained = ["model_v10", "model_v5", "model_v9", "model_v9b", "model_v11", "other"]
    assert previous_version("model_v10", trained) == "model_v9b"
    assert previous_version("model_v9", trained) == "model_v5"
    assert previous_version("model_v5", trained) is None


def test_the_catalog_answers_with_the_figures_of_every_model_of_a_partition(tmp_path):
    train(tmp_path, "model_v8", final(3))
    catalog = train(tmp_path, "model_v9", final(7, matrix=None))
    rows = catalog.query(FIGURES, ["sub"]).to_dict("records")
    before = figures_of(rows, "model_v8")
    assert before is not None
    assert (before.overall, before.validation) == (0.491, "dataset_v8 version")
    assert before.per_class[PERSON] == pytest.approx(0.36)
    assert figures_of(rows, "model_v5") is None
