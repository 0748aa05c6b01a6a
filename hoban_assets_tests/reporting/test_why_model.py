"""Why a model does what it does: the sentences, and the numbers of the catalog behind them."""

import pytest
from builders import samples_of

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog
from hoban_assets.curation.quality import AreaLimits, limit_areas, limit_crowding
from hoban_assets.evaluation.mistakes import Mistake
from hoban_assets.language import plain, speaker
from hoban_assets.reporting.why_model import figures
from hoban_assets.reporting.why_model.document import as_json, document, field_of, reasons
from hoban_assets.reporting.why_model.figures import (
    Answer,
    ModelWhy,
    Neighbour,
    Taken,
    Unlabelled,
)
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

SMALL = Taken("area_too_small", "ignore", 84, 31, 0.02)
MISSED = Mistake("missed", "person", (0.1, 0.1, 0.2, 0.3))


def told(mistake=MISSED, taken=(SMALL,), partial_labels="naive", unlabelled=(390, 538, 0)):
    near = tuple(
        Neighbour(f"fall/{n}.jpg", "fall", 0.9, class_name="fallen", is_region=n == 0)
        for n in range(3)
    )
    around = (Neighbour("fall/0.jpg", "fall", 0.9, {"fallen": 1}, ("fallen",)),)
    images, of, completed = unlabelled
    answer = Answer(
        mistake, near, around, taken, Unlabelled(images, of, completed, {"fall": images}), 900
    )
    recipe = {"similarity": 0.9, "duplicates": "event", "quota": {"sub": 3000, "full": 30000}}
    return ModelWhy(
        *("model_v9 [sub]", "dataset_v9", "sub", recipe, partial_labels),
        *("coco/1.jpg", "coco", "val", ("person",), "benchmark_site", {"person": 0.4}),
        *((mistake,), (answer,), 200, 538),
    )


def said(why, say=plain):
    return list(reasons(why, why.answers[0], say))


def test_what_the_model_takes_it_for_is_said_first():
    assert said(told())[0] == "Of the 3 nearest boxes of train: fallen 2."
    assert said(told())[1].startswith("1 of the nearest boxes are ignore regions")


def test_sources_that_do_not_label_it_are_counted_with_the_field_that_ends_it():
    (sentence,) = [s for s in said(told()) if "do not label" in s]
    assert "390 of 538 training photographs (72 %)" in sentence
    assert "1 of the 1 nearest photographs" in sentence
    assert "`partial_labels: mask` in the recipe ends that" in sentence
    masked = said(told(partial_labels="mask"))
    assert any("`complete:` add its boxes" in s for s in masked)
    assert not any("do not label" in s for s in said(told(unlabelled=(390, 538, 390))))


def test_what_a_rule_took_of_this_size_is_said_with_field_and_boxes():
    sentence = said(told())[-1]
    assert "31 boxes of person that are about as large as this one (2.00 %)" in sentence
    assert "`area: { person: { least: 0.02 } }` in the recipe decides that, over 84" in sentence
    none_alike = Taken("area_too_small", "ignore", 84, 0, 0.02)
    assert not any("do not count" in s for s in said(told(taken=(none_alike,))))


@pytest.mark.parametrize(
    ("taken", "field"),
    [
        (SMALL, "area: { person: { least: 0.02 } }"),
        (Taken("area_outlier", "drop", 1, 1, 0.2), "area: { person: { outlier: 0.2 } }"),
        (Taken("area_too_large", "drop", 1, 1, 0.7), "area: { person: { most: 0.7 } }"),
        (Taken("crowded", "drop", 1, 1, 10.0), "max_persons: 10"),
        (Taken("near_duplicate", "drop", 1, 1, 0.9), "similarity: 0.9, duplicates: event"),
        (Taken("over_quota", "drop", 1, 1, None), "quota: { sub: 3000 }"),
        (Taken("crowd", "ignore", 1, 1, None, at_stage=True), ""),
        (Taken("copies_contradict", "drop", 1, 1, None), ""),
    ],
)
def test_each_rule_names_the_field_that_decides_it(taken, field):
    assert field_of(taken, "person", told().recipe, "sub") == field


def test_a_false_alarm_of_an_unlabelled_class_may_be_right():
    why = told(Mistake("unjudged", "fallen", (0, 0, 0.5, 0.5), "fallen", 0.8))
    assert "nobody labelled that class there" in str(list(document(why, plain)))


def test_a_picture_without_mistakes_says_so():
    why = told()
    fine = ModelWhy(**{**vars(why), "mistakes": (), "answers": ()})
    assert "Nothing is wrong on this picture" in str(list(document(fine, plain)))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_json_and_document_hold_the_same_mistakes(language):
    why, say = told(), speaker(language)
    data = as_json(why, say)
    assert (data["answers"][0]["number"], data["answers"][0]["taken"][0]["boxes"]) == (1, 84)
    assert data["answers"][0]["reasons"] == said(why, say)
    assert str(list(document(why, say))).count("fall/0.jpg") == 2


def test_boxes_are_taken_from_the_catalog_once_and_by_their_class(tmp_path):
    labels = {f"s/{n}.jpg": [("person", 0.001)] for n in range(3)}
    labels |= {"s/crowd.jpg": [("person", 0.1)] * 12, "s/good.jpg": [("person", 0.1)]}
    stage = samples_of(labels)
    rows = limit_crowding(stage.without_decisions(), "person", 10)
    rows = limit_areas(rows, {"person": AreaLimits(least=0.01)})
    catalog = Catalog(tmp_path / "catalog.duckdb")
    catalog.record("coco_person", "sub", Build("1", samples=stage))
    catalog.record(
        "dataset_v9", "sub", Build("2", inputs={"coco_person": "1"}, samples=rows, recipe={})
    )
    with asking(catalog.path) as ask:
        recipe = figures.recipe_row(ask, "dataset_v9", "sub")
        found = figures.taken_of(ask, "dataset_v9", "sub", recipe["stages"], "person", 0.09)
        none = figures.taken_of(ask, "dataset_v9", "sub", recipe["stages"], "fallen", 0.09)
    assert {(t.rule, t.boxes, t.alike) for t in found} == {
        ("crowded", 12, 12),
        ("area_too_small", 3, 0),
    }
    assert none == ()


def test_reviews_of_a_model_are_recorded_later_and_replaced(tmp_path):
    catalog = Catalog(tmp_path / "catalog.duckdb")
    number = catalog.record("model_v9", "sub", Build("1"))

    def review(*ids):
        rule = ["label_swapped"] * len(ids)
        rows = {"image_id": list(ids), "rule": rule, "action": ["review"] * len(ids)}
        catalog.put_decisions(number, "label_errors", frame_of(rows, DECISIONS_SCHEMA))
        found = catalog.query("SELECT asset, image_id, stage FROM decisions ORDER BY image_id")
        return found.to_dict("records")

    one = {"asset": "model_v9", "stage": "label_errors"}
    assert review("a", "b") == [{**one, "image_id": "a"}, {**one, "image_id": "b"}]
    assert review("c") == [{**one, "image_id": "c"}]
    assert review() == []
