import re

import pytest
from differing import FALLEN, HELMET, NO_HELMET, PERSON, Label, Photo, Shelf
from PIL import Image

from hoban_assets.errors import HobanError
from hoban_assets.language import speaker
from hoban_assets.reporting.comparison.data import as_json
from hoban_assets.reporting.comparison.document import document, figures, verdict
from hoban_assets.reporting.comparison.figures import (
    compare,
    margin,
    recipe_changes,
    trained_models,
)
from hoban_assets.reporting.comparison.writing import write_comparison
from hoban_assets.reporting.markdown import markdown
from hoban_assets.settings import Settings

SAY = speaker("en")
V8 = {"all": 0.801, HELMET: 0.80, NO_HELMET: 0.80, PERSON: 0.60, FALLEN: 0.90}
V9 = {"all": 0.868, HELMET: 0.81, NO_HELMET: 0.70, PERSON: 0.80, FALLEN: 0.90}
AREA = {PERSON: {"least": 0.02, "most": 1.0, "outlier": None}}


@pytest.fixture
def shelf(tmp_path):
    """Datasets v8 and v9 share two of three validation images; both models are trained."""
    shelf = Shelf(tmp_path)
    common = [Photo(f"s/{i}.jpg", [Label(PERSON, row=0)], split="val") for i in range(2)]
    train = [Photo("s/train.jpg", [Label(HELMET, row=0)])]
    shelf.put(
        "dataset_v8",
        [*common, *train, Photo("s/old.jpg", split="val")],
        made_from=["raw/s"],
        recipe={"version": "v8", "stages": ["helmet_30k"], "quota": {"sub": 3, "full": 10}},
    )
    shelf.put(
        "dataset_v9",
        [*common, *train, Photo("s/new.jpg", split="val")],
        made_from=["raw/s"],
        recipe={
            "version": "v9",
            "stages": ["helmet_60k"],
            "quota": {"sub": 3, "full": 30},
            "area": AREA,
        },
    )
    shelf.put_model("v8", V8)
    shelf.put_model("v9", V9)
    return shelf


def compared(shelf, *models, partition="sub"):
    with shelf.asking() as ask:
        return compare(ask, models or ("model_v8", "model_v9"), partition)


def settings_of(shelf, language="en"):
    return Settings.from_env({"HOBAN_DATA_ROOT": str(shelf.root), "HOBAN_LANG": language})


def test_the_verdict_says_which_is_better_and_in_which_class(shelf):
    found = compared(shelf)
    (other,) = found.others
    assert verdict(found.base, other, SAY) == [
        "model_v9 is better than model_v8: mAP50 0.868 against 0.801 (+0.067).",
        "Better: person 0.600 → 0.800 (+0.200).",
        "Worse: person_without_helmet 0.800 → 0.700 (-0.100).",
        "No clear difference: person_with_helmet 0.800 → 0.810 (+0.010), "
        "fallen 0.900 → 0.900 (+0.000).",
    ]


def test_the_first_model_named_is_the_base(shelf):
    found = compared(shelf, "model_v9", "model_v8")
    assert found.others[0].overall.difference == pytest.approx(-0.067)
    assert found.others[0].overall.direction == "worse"


def test_a_difference_that_chance_explains_is_called_none(shelf):
    # 0.60 against 0.80 of 10 labels each: 1.96 * sqrt(0.024 + 0.016) = 0.39
    assert margin(0.6, 0.8, 10, 10) == pytest.approx(0.392)
    shelf.put_model("v8", V8, labels=10)
    shelf.put_model("v9", V9, labels=10)
    found = compared(shelf)
    assert {step.direction for step in found.others[0].steps} == {"same"}
    assert "about as good" in verdict(found.base, found.others[0], SAY)[0]
    assert any("Few labels" in text for text, _ in found.others[0].warnings)


def test_figures_of_a_class_stand_below_each_other_with_the_difference(shelf):
    rows = {(r["class"], r["model"]): r for r in figures(compared(shelf))}
    assert rows["person", "model_v8"]["AP50"].note == ""
    assert rows["person", "model_v9"]["AP50"].value == 0.8
    assert rows["person", "model_v9"]["AP50"].note == "+0.200"
    assert rows["person", "model_v9"]["AP50-95"].note == "+0.100"
    assert rows["all (stock)", "model_v9"]["AP50"].value == pytest.approx(0.434)  # half of it
    assert [name for name, _ in rows][::2] == ["all", "all (stock)", *list(V8)[1:]]


def test_missed_and_false_positives_are_compared_where_both_were_counted(shelf):
    counts = {
        (PERSON, PERSON): 80, (PERSON, "background"): 20,
        ("background", PERSON): 7, ("background", "background"): 0,
    }  # fmt: skip
    shelf.put_model("v9", {"all": 0.9, PERSON: 0.9}, confusions=counts)
    rows = {(r["class"], r["model"]): r for r in figures(compared(shelf))}
    assert rows["person", "model_v9"]["missed_share"].value == 0.2
    assert rows["person", "model_v9"]["false_positives"].value == 7
    assert rows["person", "model_v8"]["missed_share"].value is None
    assert rows["person", "model_v9"]["missed_share"].note == ""


def test_recipes_are_compared_in_the_fields_of_this_partition(shelf):
    (other,) = compared(shelf).others
    assert [str(change) for change in other.recipe] == [
        "stages: helmet_30k -> helmet_60k",
        "area.person.least: 0 -> 0.02",
    ]
    full = recipe_changes(
        {"quota": {"sub": 3, "full": 10}}, {"quota": {"sub": 3, "full": 30}}, "full"
    )
    assert [str(change) for change in full] == ["quota.full: 10 -> 30"]


def test_a_recipe_that_was_never_recorded_is_not_called_equal(shelf):
    shelf.put("dataset_v9", [Photo("s/0.jpg", split="val")])
    shelf.put_model("v9", V9)
    found = compared(shelf)
    assert found.others[0].recipe is None
    told = markdown(document(found, SAY))
    assert "### Recipe\n\nNot recorded." in told
    assert "### Training\n\nNothing differs." in told


def test_trainings_are_compared_without_where_they_ran(shelf):
    shelf.put_model("v9", V9, model="/elsewhere/yolo26m.pt", device="0", workers=8, lr0=0.02)
    (other,) = compared(shelf).others
    assert [str(change) for change in other.training] == ["lr0: - -> 0.02"]


def test_data_are_those_that_each_model_was_trained_on(shelf):
    shelf.put("dataset_v9", [Photo("s/later.jpg")], made_from=["raw/s"])
    (other,) = compared(shelf).others
    assert other.data.images["common"] == 3
    assert other.data.val == {"old": 3, "new": 3, "common": 2, "trained_on_before": 0}


def test_what_cannot_be_compared_is_said(shelf):
    shelf.put_model("v9", V9, imgsz=320, epochs=300, model="/w/yolo26n.yaml", split="val")
    texts = "\n".join(t.format(**v) for t, v in compared(shelf).others[0].warnings)
    assert "2 of the 3 of model_v9 (67 %)" in texts
    assert "Other image size: model_v8 640, model_v9 320 pixels." in texts
    assert "model_v8 yolo26m.pt, model_v9 yolo26n.yaml" in texts
    assert "Other number of epochs: model_v8 30, model_v9 300." in texts
    assert "model_v9 has no label-aware evaluation" in texts


def test_other_pictures_and_budgets_are_said_before_a_winner_is(shelf):
    shelf.put_model("v9", V9, imgsz=320, epochs=300)
    text = markdown(document(compared(shelf), SAY))
    assert text.index("Other validation images") < text.index("model_v9 is ")
    assert text.index("Other number of epochs") < text.index("model_v9 is ")


def test_the_same_data_and_settings_need_no_warning(shelf):
    for version, values in (("v8", V8), ("v9", V9)):
        shelf.put(f"dataset_{version}", [Photo("s/0.jpg", split="val")])
        shelf.put_model(version, values)
    (other,) = compared(shelf).others
    assert other.warnings == ()
    assert other.data.is_same


def test_pruned_rows_cost_the_data_part_only(shelf):
    shelf.keep = 1
    shelf.put("dataset_v8", [Photo("s/later.jpg")])
    found = compared(shelf)
    (other,) = found.others
    assert other.data is None
    assert other.overall.direction == "better"
    assert [change.field for change in other.recipe] == ["stages", "area.person.least"]
    assert any("pruned" in text for text, _ in other.warnings)
    assert "Not known: rows were pruned." in markdown(document(found, SAY))


def test_json_holds_numbers(shelf):
    answer = as_json(compared(shelf))
    assert answer["comparisons"][0]["differences"]["person"]["AP50"] == pytest.approx(0.2)
    assert answer["comparisons"][0]["recipe"][0] == {
        "field": "stages",
        "before": ["helmet_30k"],
        "after": ["helmet_60k"],
    }
    assert answer["models"][1]["classes"][0]["AP50"] == 0.868


def test_models_are_listed_oldest_version_first(shelf):
    shelf.put_model("v10", V9)
    shelf.put_model("v7", V8, partition="full")
    with shelf.asking() as ask:
        assert trained_models(ask, "sub") == ["model_v8", "model_v9", "model_v10"]
        assert trained_models(ask) == ["model_v7", "model_v8", "model_v9", "model_v10"]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_holds_bars_matrices_and_nothing_from_outside(shelf, language):
    for version in ("v8", "v9"):
        folder = shelf.root / "models" / version
        folder.mkdir(parents=True)
        Image.new("RGB", (3000, 2250)).save(folder / "confusion_matrix_normalized.png")
    names = ["model_v8", "model_v9"]
    report = write_comparison(settings_of(shelf, language), "sub", print, names)
    assert [f.name for f in report.files] == [
        "model_v8-model_v9-sub.html",
        "model_v8-model_v9-sub.md",
    ]
    page = report.files[0].read_text(encoding="utf-8")
    assert page.count('<img src="data:image/jpeg;base64,') == 2
    assert page.count("<rect") == 2 * 2 * 5 * 3  # two a bar, two models, five rows, three charts
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert report.numbers["mAP50_difference/model_v9"] == pytest.approx(0.067)
    assert ("모델 비교" in page) is (language == "ko")


def test_without_names_every_model_of_the_partition_is_compared(shelf):
    shelf.put_model("v10", V9)
    report = write_comparison(settings_of(shelf), "sub", print)
    assert report.files[0].name == "all-sub.html"
    assert set(report.numbers) >= {"mAP50/model_v8", "mAP50/model_v9", "mAP50/model_v10"}
    assert "gone with the run folder" in report.files[0].read_text(encoding="utf-8")


def test_with_one_model_or_none_the_page_says_so(shelf):
    none = write_comparison(settings_of(shelf), "full", print)
    assert "No model is trained" in none.preview
    shelf.put_model("v9", V9, partition="full")
    one = write_comparison(settings_of(shelf), "full", print)
    assert "Only one model" in one.files[0].read_text(encoding="utf-8")


def test_a_model_that_was_never_trained_is_an_error_with_the_command(shelf):
    with pytest.raises(HobanError, match="model_v9"):
        compared(shelf, "model_v9", "model_v8", partition="full")
