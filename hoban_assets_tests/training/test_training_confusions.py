"""What is counted at one confidence: confusions, misses, false alarms, and the worst images."""

import json

import numpy as np
import pandas as pd
import pytest
from test_training_evaluate import (  # noqa: F401 - a fixture
    BODY,
    FAR,
    HEAD,
    Images,
    evaluate,
    image,
)
from training_tools import run_worker

from hoban_assets.training.metrics import class_table, read_metrics, value_of

ALL = ["helmet", "bare", "person"]


def rows_of(images):
    images.validator.get_stats()
    return list(images.validator.rows(epoch=1))


def counts(images, split="val_labelled"):
    """(true, predicted) -> count, where it is not 0."""
    return {
        (row["class_name"], row["metric"].removeprefix("predicted_as/")): row["value"]
        for row in rows_of(images)
        if row["split"] == split and row["metric"].startswith("predicted_as/") and row["value"]
    }


@pytest.fixture
def site(evaluate, tmp_path):  # noqa: F811
    """One image labelled for all classes, one for heads only, one without any object."""
    manifest = [
        image("a.jpg", "site", ALL),
        image("b.jpg", "heads", ["helmet", "bare"]),
        image("c.jpg", "empty", ALL),
    ]
    images = Images(evaluate, manifest, tmp_path)
    images.see("a.jpg", [(0, HEAD), (2, BODY)], [(1, HEAD, 0.9), (0, FAR, 0.6)])
    images.see("b.jpg", [(1, HEAD)], [(1, HEAD, 0.9), (2, BODY, 0.9), (0, FAR, 0.1)])
    images.see("c.jpg", [], [(2, BODY, 0.8), (2, FAR, 0.2)])
    return images


def test_labels_are_found_mixed_up_or_missed_and_detections_match_or_do_not(site):
    assert counts(site) == {
        ("helmet", "bare"): 1,
        ("bare", "bare"): 1,
        ("person", "background"): 1,
        ("background", "helmet"): 1,  # FAR on a.jpg; on b.jpg it is below the confidence
        ("background", "person"): 1,  # on c.jpg; on b.jpg nobody labels persons
    }


def test_the_stock_count_takes_what_no_one_labelled_for_a_false_alarm(site):
    assert counts(site, "val")["background", "person"] == 2


def test_zeros_are_written_too_so_that_nothing_is_told_from_unknown(site):
    cells = [row for row in rows_of(site) if row["metric"].startswith("predicted_as/")]
    assert len(cells) == 2 * (4 * 4 - 1)


def test_false_alarms_on_images_without_any_object_are_counted_apart(site):
    rows = {(r["class_name"], r["metric"]): r["value"] for r in rows_of(site)}
    assert rows["all", "empty_images"] == 1
    assert [rows[name, "false_positives_on_empty"] for name in ALL] == [0, 0, 1]


def test_an_image_with_an_ignore_region_is_not_empty(evaluate, tmp_path):  # noqa: F811
    images = Images(evaluate, [image("a.jpg", "site", ALL, [(0, *HEAD)])], tmp_path)
    images.see("a.jpg", [], [(2, BODY, 0.9)])
    rows = {r["metric"]: r["value"] for r in rows_of(images)}
    assert rows["empty_images"] == 0


def test_a_detection_on_an_ignore_region_is_no_false_alarm(evaluate, tmp_path):  # noqa: F811
    images = Images(evaluate, [image("a.jpg", "site", ALL, [(0, *FAR)])], tmp_path)
    images.see("a.jpg", [(0, HEAD)], [(0, HEAD, 0.9), (0, FAR, 0.9)])
    assert counts(images) == {("helmet", "helmet"): 1}


def test_the_worst_images_come_first_with_their_boxes(site):
    worst = site.validator.fair.worst_images()
    assert [w["name"] for w in worst] == ["a.jpg", "c.jpg"]
    first = worst[0]
    assert (first["missed"], first["false"], first["confused"]) == (1, 1, 1)
    kinds = sorted((b["kind"], b["class_name"]) for b in first["boxes"])
    assert kinds == [
        *[("not_found", "helmet"), ("not_found", "person")],
        *[("wrong", "bare"), ("wrong", "helmet")],
    ]
    missed = next(b for b in first["boxes"] if b["class_name"] == "person")
    assert missed["box"] == pytest.approx(list(BODY), abs=0.001)
    assert missed["confidence"] is None


def test_only_so_many_of_the_worst_images_are_kept(evaluate, tmp_path):  # noqa: F811
    names = [f"{index:02}.jpg" for index in range(30)]
    images = Images(evaluate, [image(name, "site", ALL) for name in names], tmp_path)
    for index, name in enumerate(names):
        images.see(name, [(0, HEAD)] * (1 + (index == 29)), [])
    worst = images.validator.fair.worst_images()
    assert len(worst) == 20
    assert worst[0]["name"] == "29.jpg"


def test_curves_have_the_area_that_is_the_ap(site):
    site.validator.get_stats()
    curves = site.validator.curves()
    assert len(curves["recall"]) == 101
    assert list(curves["classes"]) == ALL  # each has a label somewhere
    bare = curves["classes"]["bare"]
    assert len(bare["precision"]) == len(bare["f1"]) == 101
    found = {
        (r["split"], r["source"], r["class_name"], r["metric"]): r["value"]
        for r in site.validator.rows(1)
    }
    area = np.trapezoid(bare["precision"], curves["recall"])
    assert area == pytest.approx(found["val_labelled", "all", "bare", "mAP50"], abs=0.02)


def test_counts_do_not_disturb_the_table_of_classes(site, tmp_path):
    file = tmp_path / "metrics.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows_of(site)))
    metrics = read_metrics(file)
    table = class_table(metrics, 1)
    assert list(table.index) == ["all", *ALL]
    assert set(table.columns) == {"images", "labels", "precision", "recall", "mAP50", "mAP50-95"}
    assert value_of(metrics, "empty_images", 1) == 1
    assert not metrics.duplicated(["epoch", "split", "source", "class_name", "metric"]).any()


def test_a_worker_leaves_curves_and_worst_images(trained):
    run = trained.plan.run_dir
    assert json.loads((run / "curves.json").read_text())["classes"].keys() <= {
        *("person_with_helmet", "person_without_helmet", "person", "fallen")
    }
    worst = json.loads((run / "worst_images.json").read_text())
    assert {w["name"] for w in worst} <= set(
        pd.read_parquet(trained.plan.dataset_path / "manifest.parquet").name
    )
    assert not list(run.glob("*.new"))


def test_a_run_that_an_older_worker_evaluated_is_evaluated_again_and_not_trained(trained):
    run = trained.plan.run_dir
    marker = run / "finished.json"
    finished = json.loads(marker.read_text())
    newest = finished.pop("evaluation")
    marker.write_text(json.dumps(finished))
    (run / "curves.json").unlink()
    weights, before = (run / "best.pt").read_bytes(), read_metrics(run / "metrics.jsonl")
    again = run_worker(trained.plan, plots=False)
    assert again.status == 0, again.output
    assert again.epochs == []
    assert "evaluating again" in again.output
    assert (run / "curves.json").is_file()
    assert (run / "best.pt").read_bytes() == weights
    assert json.loads(marker.read_text())["evaluation"] == newest
    assert len(read_metrics(run / "metrics.jsonl")) == len(before)
    assert not (run / "config").exists()
    assert "nothing to train" in run_worker(trained.plan, plots=False).output
