"""What a training leaves, counts, survives and refuses: each shown by a real worker."""

import json
import signal
import subprocess
import sys
import time

from training_tools import (
    SITE,
    finish,
    plan_for,
    publish_squares,
    run_worker,
    start_worker,
)

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.training.metrics import class_table, read_metrics, value_of

DEADLINE_S = 240


def wait_until(condition, process):
    """Poll a file's content; fails when the worker ends before, or at the deadline."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < end
        time.sleep(0.01)


def progress(plan):
    file = plan.run_dir / "progress.json"
    return json.loads(file.read_text()) if file.exists() else {"epoch": 0, "stop": False}


def test_a_run_ends_well_and_keeps_what_a_person_needs(trained):
    assert trained.status == 0, trained.output
    kept = {file.name for file in trained.plan.run_dir.iterdir() if file.is_file()}
    assert kept >= {
        *("best.pt", "last.pt", "args.yaml", "results.csv", "results.png", "metrics.jsonl"),
        *("BoxPR_curve.png", "confusion_matrix.png", "finished.json", "plan.json"),
    }


def test_there_is_one_line_an_epoch(trained):
    assert [line.split("  ")[0] for line in trained.epochs] == ["epoch 1/2", "epoch 2/2"]
    assert all("mAP50 " in line and "box " in line and " s, " in line for line in trained.epochs)


def test_counts_are_logged_before_the_first_epoch(trained):
    first = trained.output.splitlines()[:2]
    assert first == [
        "train: 12 images, 24 boxes, as published",
        "val: 4 images, 8 boxes, as published",
    ]


def test_the_arguments_are_the_plan_s(trained):
    import yaml

    args = yaml.safe_load((trained.plan.run_dir / "args.yaml").read_text())
    assert (args["optimizer"], args["lr0"], args["cos_lr"]) == ("SGD", 0.01, True)
    assert (args["seed"], args["deterministic"], args["amp"]) == (0, True, False)
    assert args["save_dir"] == str(trained.plan.run_dir / "train")


def test_metrics_have_losses_overall_and_class_values_of_each_epoch(trained):
    metrics = read_metrics(trained.plan.run_dir / "metrics.jsonl")
    assert sorted(set(metrics.epoch)) == [1, 2]
    for epoch in (1, 2):
        rows = metrics[metrics.epoch == epoch]
        assert {"box_loss", "cls_loss", "lr"} <= set(rows[rows.split == "train"].metric)
        overall = rows[(rows.split == "val") & (rows.class_name == "all")]
        assert {"precision", "recall", "mAP50", "mAP50-95", "fitness"} <= set(overall.metric)
        scores = rows[(rows.split == "val") & ~rows.metric.str.startswith("predicted_as/")]
        assert set(scores.class_name) == {"all", *CLASS_NAMES}
    assert not metrics.duplicated(["epoch", "split", "source", "class_name", "metric"]).any()


def test_a_class_is_judged_only_on_images_whose_source_labels_it(trained):
    best = json.loads((trained.plan.run_dir / "finished.json").read_text())["best_epoch"]
    metrics = read_metrics(trained.plan.run_dir / "metrics.jsonl")
    stock = class_table(metrics, best, "val")
    fair = class_table(metrics, best)
    assert stock.images[list(CLASS_NAMES)].tolist() == [4] * 4
    assert fair.images[list(CLASS_NAMES)].tolist() == [2] * 4
    assert fair.labels["all"] == stock.labels["all"] == 8
    assert value_of(metrics, "mAP50", best) == fair.mAP50["all"]
    helmet = metrics[(metrics.source == "helmet") & (metrics.metric == "mAP50")]
    assert set(helmet.class_name) == {"all", *CLASS_NAMES[:2]}  # missing, not zero


def test_nothing_asks_the_network(trained):
    assert trained.status == 0
    asked = trained.plan.run_dir.parents[3] / "network.txt"
    assert not asked.exists(), asked.read_text()


def test_the_guard_of_the_network_test_sees_a_call(tmp_path):
    code = "import socket; socket.getaddrinfo('one.one.one.one', 0)"
    note = tmp_path / "network.txt"
    env = {"PYTHONPATH": str(SITE), "HOBAN_TEST_NETWORK": str(note)}
    ended = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True)
    assert ended.returncode != 0
    assert "getaddrinfo one.one.one.one" in note.read_text()


def test_the_published_dataset_is_left_as_it_was(trained, squares):
    found = {file.name for file in squares.rglob("*") if file.is_file()}
    assert not [name for name in found if name.endswith((".cache", ".npy"))]
    assert len(found) == 2 + 2 * 16


def test_a_finished_run_is_not_trained_again(trained):
    before = (trained.plan.run_dir / "best.pt").stat().st_mtime_ns
    again = run_worker(trained.plan)
    assert (again.status, again.epochs) == (0, [])
    assert "nothing to train" in again.output
    assert (trained.plan.run_dir / "best.pt").stat().st_mtime_ns == before


def weights_of(file):
    import torch

    return torch.load(file, weights_only=False)["model"].state_dict()


def test_a_killed_run_ends_as_one_that_was_not(tmp_path, squares, trained):
    """To the last bit, as the CPU allows: weights, and every figure of every epoch."""
    plan = plan_for(tmp_path, squares, partial_labels="mask")

    first = start_worker(plan, plots=False)
    wait_until(lambda: progress(plan)["epoch"] == 1, first)
    first.kill()
    killed = finish(plan, first)
    assert len(killed.epochs) <= 1

    with (plan.run_dir / "train" / "weights" / "last.pt").open("rb+") as half:
        half.truncate(1000)  # Ultralytics overwrites it in place: a kill can leave this
    with (plan.run_dir / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 2, "split": "val", "source": "al')  # and this

    second = start_worker(plan, plots=False)
    wait_until(lambda: progress(plan)["stop"], second)
    second.send_signal(signal.SIGTERM)
    stopped = finish(plan, second)
    assert "resuming after epoch 1/2" in stopped.output
    assert "partial labels: mask" in stopped.output
    assert (stopped.status, "the next start goes on" in stopped.output) == (143, True)

    third = run_worker(plan, plots=False)
    assert (third.status, third.epochs) == (0, []), third.output
    assert "only the evaluation is missing" in third.output
    assert read_metrics(plan.run_dir / "metrics.jsonl").equals(
        read_metrics(trained.plan.run_dir / "metrics.jsonl")
    )
    for name in ("best.pt", "last.pt"):
        mine, other = (weights_of(run.run_dir / name) for run in (plan, trained.plan))
        assert mine.keys() == other.keys()
        assert all(mine[key].equal(other[key]) for key in mine), name
    assert json.loads((plan.run_dir / "finished.json").read_text())["resumed"] == []
    rows = (plan.run_dir / "results.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["1", "2"]
    assert (plan.run_dir / "results.png").is_file()


def test_images_and_rows_that_ultralytics_drops_stop_the_run_before_the_first_epoch(tmp_path):
    dataset = publish_squares(tmp_path / "dataset_v9")
    labels = dataset / "labels" / "train"
    (labels / "helmet-train-0.txt").write_text("9 0.5 0.5 0.2 0.2\n")
    twice = labels / "person-train-1.txt"
    twice.write_text(twice.read_text().splitlines()[0] + "\n" + twice.read_text())
    plan = plan_for(tmp_path, dataset)
    wanted = plan.expected["train"]
    run = run_worker(plan, plots=False)
    assert (run.status, run.epochs) == (1, [])
    said = json.loads((plan.run_dir / "failed.json").read_text())["problem"]
    assert f"sees 11 images and {wanted['boxes'] - 2} boxes in train" in said
    assert "12 images and 24 boxes were published" in said
    assert "helmet-train-0.jpg: dropped, with 2 boxes (ignoring corrupt image/label: Label " in said
    assert "materialise the dataset again" in run.output
