"""A masked training as a whole (the session's `trained` run is one), and how its epochs are judged.

That it goes on masked after a kill, and in several ranks: test_training_run, test_training_ranks.
"""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from training_tools import WORKERS, plan_for

from hoban_assets.training.metrics import read_metrics


def of_all(metrics, split, metric):
    rows = metrics[(metrics.class_name == "all") & (metrics.source == "all")]
    rows = rows[(rows.split == split) & (rows.metric == metric)]
    return dict(zip(rows.epoch, rows.value, strict=True))


def test_each_epoch_has_the_label_aware_figure_beside_the_stock_one(trained):
    metrics = read_metrics(trained.plan.run_dir / "metrics.jsonl")
    fitness = of_all(metrics, "val", "fitness")
    fair = of_all(metrics, "epoch_labelled", "mAP50-95")
    assert fitness.keys() == fair.keys() == of_all(metrics, "val", "mAP50-95").keys() == {1, 2}
    for epoch, value in fitness.items():
        assert math.isclose(value, fair[epoch], abs_tol=1e-5)
    best = json.loads((trained.plan.run_dir / "finished.json").read_text())["best_epoch"]
    assert fitness[best] == max(fitness.values())


def test_its_log_says_how_it_is_trained_and_judged(trained):
    assert "partial labels: mask" in trained.output
    assert all("label-aware " in line for line in trained.epochs)


@pytest.fixture
def validator(monkeypatch, ultralytics, tmp_path):
    """An epoch's validation of one image of persons, on which helmets are not labelled."""
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_fitness
    import yolo_image_facts
    from ultralytics.models.yolo.detect import DetectionValidator

    names = {0: "helmet", 1: "person"}
    regions = [{"class_id": 1, "x": 0.8, "y": 0.8, "w": 0.2, "h": 0.2}]
    manifest = [
        {"name": "a.jpg", "source": "s", "labelled_classes": ["person"], "ignore_regions": regions}
    ]
    stock = DetectionValidator(
        args={"task": "detect", "mode": "val", "plots": False}, save_dir=tmp_path
    )
    facts, excludes = yolo_image_facts.image_facts(manifest, names), np.zeros((2, 2), bool)
    excludes[PERSON, HELMET] = True
    made = yolo_fitness.EpochValidator(facts, stock, excludes)
    made.device, made.data, made.args.split = "cpu", {"val": ""}, "val"
    made.init_metrics(SimpleNamespace(names=names))
    return made


def see(validator, detections):
    """Show one image, with one labelled person at the upper left."""
    import torch

    corners = torch.tensor([[0.0, 0, 40, 40], [50, 50, 70, 70], [71, 71, 89, 89]])
    chosen = [at for at, _ in detections]
    pred = {
        "bboxes": corners[chosen],
        "cls": torch.tensor([float(c) for _, c in detections]),
        "conf": torch.linspace(0.9, 0.5, len(detections)),
    }
    batch = {
        "img": torch.zeros(1, 3, 100, 100),
        "batch_idx": torch.zeros(1),
        "cls": torch.tensor([[1.0]]),
        "bboxes": torch.tensor([[0.2, 0.2, 0.4, 0.4]]),
        "ori_shape": [(100, 100)],
        "ratio_pad": [((1.0, 1.0), (0.0, 0.0))],
        "im_file": ["/data/images/val/a.jpg"],
    }
    validator.update_metrics([pred], batch)


def judged(validator, detections):
    """(label-aware fitness, stock mAP50-95) of what is seen."""
    see(validator, detections)
    validator.gather_stats()
    stats = validator.get_stats()
    return stats["fitness"], stats["metrics/mAP50-95(B)"]


UPPER_LEFT, MIDDLE, IN_REGION = 0, 1, 2
HELMET, PERSON = 0, 1


def test_the_fitness_leaves_out_what_nobody_labelled(validator):
    """A false person of more confidence costs both; on an ignore region only the stock figure."""
    fair, stock = judged(validator, [(IN_REGION, PERSON), (UPPER_LEFT, PERSON)])
    assert fair == pytest.approx(1.0)
    assert stock < 0.6
    rows = {
        (row["class_name"], row["metric"]): row["value"] for row in validator.epoch_rows(epoch=3)
    }
    assert rows["all", "mAP50-95"] == rows["person", "mAP50-95"] == pytest.approx(fair)


def test_a_false_alarm_of_a_labelled_class_lowers_the_fitness_too(validator):
    fair, stock = judged(validator, [(MIDDLE, PERSON), (UPPER_LEFT, PERSON)])
    assert fair == pytest.approx(stock, abs=0.01)  # AP by COCO and by Ultralytics
    assert fair < 0.6


def test_a_detection_of_a_class_that_is_not_labelled_changes_nothing(validator):
    with_helmet, _ = judged(validator, [(MIDDLE, HELMET), (UPPER_LEFT, PERSON)])
    assert with_helmet == pytest.approx(1.0)


def test_what_a_label_rules_out_can_be_judged_although_nobody_labels_it(validator):
    """Here a person is never a helmet, so one in the place of a labelled person is wrong."""
    see(validator, [(UPPER_LEFT, HELMET), (MIDDLE, HELMET), (UPPER_LEFT, PERSON)])
    (known,) = validator.metrics.stats["known"]
    assert known.tolist() == [True, False, True]


def test_the_best_weights_are_those_of_the_best_fitness(ultralytics):
    """What a trainer compares is `fitness` of its validator, and nothing else."""
    import torch
    from ultralytics.engine.trainer import BaseTrainer

    given = iter([{"fitness": 0.5, "metrics/mAP50-95(B)": 0.1}, {"fitness": 0.4, "x": 0.9}])
    trainer = SimpleNamespace(
        ema=None, validator=lambda _: next(given), best_fitness=None, loss=torch.zeros(1)
    )
    assert [BaseTrainer.validate(trainer)[1] for _ in range(2)] == [0.5, 0.4]
    assert trainer.best_fitness == 0.5


def test_a_mask_is_another_training_and_naive_keeps_its_folder(tmp_path, squares):
    naive, chosen, masked = (
        plan_for(tmp_path, squares, **choice)
        for choice in ({}, {"partial_labels": "naive"}, {"partial_labels": "mask"})
    )
    assert naive.run_dir == chosen.run_dir != masked.run_dir
    assert masked.as_json()["partial_labels"] == "mask"


def test_a_background_photograph_without_labels_is_trained_as_its_source_says(
    monkeypatch, ultralytics
):
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_image_facts
    import yolo_tiles

    manifest = [
        {"name": "all.jpg", "source": "b", "labelled_classes": ["a", "b"], "ignore_regions": None},
        {"name": "none.jpg", "source": "b", "labelled_classes": None, "ignore_regions": []},
    ]
    photographs = yolo_tiles.Photographs(
        yolo_image_facts.image_facts(manifest, {0: "a", 1: "b"}), 2
    )
    for name, bits in (("all.jpg", 0), ("none.jpg", 3)):
        found = yolo_tiles.at_anchors(photographs.canvas(name, 32, 32), 32, 32, (8, 16, 32))
        assert np.unique(found).tolist() == [bits]
