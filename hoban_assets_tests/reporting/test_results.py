"""Results of a trained model, from catalogs whose right answers are known by hand."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from results_catalog import (
    BARE,
    FALLEN,
    PERSON,
    RISING,
    WORN,
    confusions,
    course,
    final,
    train,
)

import hoban_assets.reporting as reporting
from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Run
from hoban_assets.errors import HobanError
from hoban_assets.language import plain, speaker
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.results.as_json import as_json
from hoban_assets.reporting.results.asking import model_results
from hoban_assets.reporting.results.document import class_row, document, epoch_table, write_results
from hoban_assets.reporting.results.figures import ClassResult
from hoban_assets.reporting.results.findings import findings
from hoban_assets.reporting.results.trend import trend
from hoban_assets.settings import Settings

FOLDER = Path(reporting.__file__).parent
ENGLISH = speaker("en")


def results_of(root, rows, model="model_v8", **choices):
    catalog = train(root, model, rows, **choices)
    with asking(catalog.path) as ask:
        return model_results(ask, model, "sub")


def said(results):
    return [f.said(ENGLISH) for f in findings(results)]


@pytest.fixture
def v8(tmp_path):
    return results_of(tmp_path, course(RISING) + final(30))


def of_class(results, name):
    return next(c for c in results.classes if c.class_name == name)


def test_figures_are_the_label_aware_ones_of_the_best_epoch(v8):
    assert v8.best_epoch == 30
    assert v8.overall.ap50 == 0.801
    assert v8.stock["mAP50"] == 0.6
    assert [c.class_name for c in v8.classes] == [WORN, BARE, PERSON, FALLEN]
    assert of_class(v8, PERSON).ap50 == 0.6


def test_misses_and_false_positives_come_from_the_confusions(v8):
    person = of_class(v8, PERSON)
    assert (person.labels, person.missed, person.found) == (300, 114, 186)
    assert person.missed_share == pytest.approx(0.38)
    assert person.false_positives == 380
    assert person.detections == 186 + 4 + 380
    assert person.false_on_empty == 30
    assert v8.overall.false_positives == 605
    assert v8.empty_images == 100


def test_confusions_are_sorted_and_the_helmet_pair_is_marked(v8):
    assert [(c.true, c.predicted, c.count, c.helmet_pair) for c in v8.confusions] == [
        (WORN, BARE, 60, True),
        (BARE, WORN, 49, True),
        (FALLEN, PERSON, 4, False),
    ]
    assert v8.confusions[0].share == pytest.approx(0.1)


def test_what_the_team_found_by_hand_in_v8_is_said_in_plain_words(v8):
    sentences = said(v8)
    assert f"{PERSON}: 114 of 300 labels are missed (38 %)." in sentences
    assert any(s.startswith("Helmet mix-ups: 109.") and "with: 49" in s for s in sentences)
    assert f"{PERSON}: 380 of 570 detections (67 %) match no label." in sentences
    assert "33 false alarms on 100 empty images." in sentences
    assert any("fallen_v2i" in s and "0.50" in s for s in sentences)
    assert not any("fall_v1i" in s for s in sentences)


def test_a_class_that_most_training_images_do_not_label_is_told_as_the_cause(v8):
    assert of_class(v8, PERSON).train_labels == 2
    assert of_class(v8, PERSON).unlabelled_share == 0.5  # 2 helmet images of 4 in train
    missed = next(f for f in findings(v8) if "are missed" in f.text)
    assert missed.remedies_said(ENGLISH)[0].startswith("50 % of the training images")
    assert v8.trained_backgrounds == 1


def test_an_older_evaluation_shows_what_there_is_and_says_what_is_missing(tmp_path):
    old = results_of(tmp_path, course(RISING) + final(30, matrix=None))
    assert not old.has_confusions
    person = of_class(old, PERSON)
    assert (person.ap50, person.missed, person.false_positives) == (0.6, None, None)
    assert person.missed_share == pytest.approx(0.3)
    (note,) = (f for f in findings(old) if "older version" in f.text)
    assert "--select model_v8 --partition sub" in note.remedies_said(ENGLISH)[0]


def test_a_model_without_a_label_aware_evaluation_falls_back_to_the_stock_figures(tmp_path):
    results = results_of(tmp_path, course([0.1, 0.3, 0.2]))
    assert results.best_epoch == 2
    assert results.overall.ap50 == pytest.approx(0.6)
    assert not any("not judged" in sentence for sentence in said(results))


def test_a_class_without_a_label_in_validation_is_not_judged(tmp_path):
    rows = [r for r in final(30) if r[3] != FALLEN]
    matrix = {PERSON: {PERSON: 200}, WORN: {WORN: 9}, BARE: {BARE: 9}, "background": {FALLEN: 3}}
    rows += confusions(30, "val_labelled", matrix)
    results = results_of(tmp_path, course(RISING) + rows)
    assert of_class(results, FALLEN).missed_share is None
    assert f"No label in validation, so not judged: {FALLEN} ." in said(results)


def test_a_model_that_finds_almost_nothing_gets_one_reason_instead_of_many(tmp_path):
    nothing = {name: {"background": 100} for name in (WORN, BARE, PERSON, FALLEN)}
    results = results_of(tmp_path, course([0.0] * 30) + final(30, matrix=nothing))
    worst, *others = findings(results)
    assert "hardly learned" in worst.text
    assert worst.level == "bad"
    assert not any(f.level == "bad" for f in others)


def test_a_dataset_that_was_built_again_says_nothing_of_the_training(tmp_path):
    catalog = train(tmp_path, "model_v8", final(30))
    catalog.record("dataset_v8", "sub", Build("other", data_version="newer"), Run("run", "1"))
    with asking(catalog.path) as ask:
        results = model_results(ask, "model_v8", "sub")
    assert not results.dataset_is_current
    assert of_class(results, PERSON).train_labels is None
    assert "dataset_v8 was built again after this training." in said(results)


def test_a_model_that_was_never_trained_is_an_error_with_the_command(tmp_path):
    catalog = train(tmp_path, "model_v8", final(30))
    with asking(catalog.path) as ask, pytest.raises(HobanError) as error:
        model_results(ask, "model_v8", "full")
    assert "--partition full" in error.value.way_out


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ([0.1, 0.2, 0.3], "too_short"),
        (RISING, "improving"),
        ([0.3] * 30, "levelled"),
        ([0.3] * 29 + [0.301], "levelled"),
        ([*RISING[:20], *[0.2 - 0.001 * k for k in range(20)]], "levelled"),
        ([0.1, 0.4, *[0.4 - 0.005 * k for k in range(28)]], "overfitted"),
        ([0.4, *RISING], "overfitted"),
    ],
)
def test_the_course_of_a_training_is_judged_by_its_last_epochs(values, state):
    assert trend(dict(enumerate(values, 1))).state == state


def test_the_last_epochs_and_the_best_one_are_shown(tmp_path):
    values = [0.1, 0.4, *[0.4 - 0.005 * k for k in range(28)]]
    results = results_of(tmp_path, course(values) + final(2), epochs=300)
    assert [row["epoch"] for row in epoch_table(results)] == [2, 26, 27, 28, 29, 30]
    assert [row["best"] for row in epoch_table(results)] == ["*", "", "", "", "", ""]
    assert any(s.startswith("It overfitted: best at epoch 2 of 30") for s in said(results))
    assert any(s.startswith("Ended after 30 of 300 epochs") for s in said(results))


def test_json_holds_the_matrix_the_shares_and_the_findings(v8):
    whole = json.loads(json.dumps(as_json(v8, ENGLISH), default=str))
    assert whole["matrix"][WORN][BARE] == 60
    assert whole["classes"][2]["missed_share"] == pytest.approx(0.38)
    assert whole["errors"] == 605 + v8.overall.missed + sum(c.count for c in v8.confusions)


def test_problems_come_by_how_many_errors_each_explains(v8):
    problems = [f for f in findings(v8) if f.level in ("bad", "warn")]
    errors = [f.errors for f in problems]
    assert errors == sorted(errors, reverse=True)
    assert (problems[0].values["name"], errors[0]) == (PERSON, 380)
    assert "Explains 380 of" in str(list(document(v8, ENGLISH)))
    assert [f.level for f in findings(v8)][-1] in ("good", "info")


@pytest.mark.parametrize("way", ["mask", "naive"])
def test_terminal_and_page_say_how_the_model_was_trained(v8, way):
    told = markdown(document(replace(v8, partial_labels=way), ENGLISH))
    assert f"Trained with partial_labels: {way}" in told


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_holds_its_pictures_and_needs_nothing_else(tmp_path, language):
    run = tmp_path / "run"
    (run / "images").mkdir(parents=True)
    for name in ("BoxPR_curve.png", "images/a.jpg"):
        Image.new("RGB", (2000, 1000), "#336699").save(run / name)
    (run / "data.yaml").write_text(f"path: {run}\nval: images\n")
    box = {"kind": "not_found", "class_name": PERSON, "confidence": None, "box": [0.5, 0.5, 1, 0.2]}
    counts = {"source": "coco", "missed": 7, "false": 0, "confused": 0}
    worst = [{"name": name, **counts, "boxes": [box]} for name in ("a.jpg", "gone.jpg")]
    (run / "worst_images.json").write_text(json.dumps(worst))
    train(tmp_path, "model_v8", course(RISING) + final(30), path=str(run))
    settings = Settings.from_env({"HOBAN_DATA_ROOT": str(tmp_path), "HOBAN_LANG": language})
    lines: list[str] = []
    report = write_results(settings, "sub", lines.append, "model_v8")
    page, document = (file.read_text() for file in report.files)
    assert [f.name for f in report.files] == ["model_v8-sub.html", "model_v8-sub.md"]
    assert page.count("data:image/jpeg") == 2  # the curve, and the one worst image that is there
    assert 'src="http' not in page
    assert "38.0 %" in page
    assert ("안전모 미착용" in document) == (language == "ko")
    assert report.numbers["false_positives"] == 605
    assert "data:image/jpeg" in report.preview
    assert lines


def test_markdown_names_each_class_and_each_check(v8):
    text = markdown(document(v8, ENGLISH))
    for wanted in (f"| {PERSON} |", "38.0 %", "map50: mAP50 0.801", "fallen_v2i"):
        assert wanted in text


def test_precision_and_recall_stand_at_the_confidence_of_the_counts():
    counts = {"missed": 3, "false_positives": 2, "found": 6, "detections": 8, "false_on_empty": 0}
    one = ClassResult("person", 10, 0.5, 0.3, precision=0.9, recall=0.9, **counts)
    assert (one.precision_there, one.recall_there) == (6 / 8, 6 / 10)
    row = class_row(one, plain)
    assert (row["precision"], row["recall"]) == (6 / 8, 6 / 10)
    nothing = replace(one, found=None, detections=None)
    assert (nothing.precision_there, nothing.recall_there) == (None, None)
