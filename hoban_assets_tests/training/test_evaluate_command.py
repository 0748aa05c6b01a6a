"""`hoban evaluate`, and figures that are those of the training's own evaluation."""

import json
import shutil

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from training_tools import SIZE, WORKERS
from typer.testing import CliRunner

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.cli import app
from hoban_assets.errors import HobanError
from hoban_assets.evaluation.detecting import detect
from hoban_assets.evaluation.sets import published
from hoban_assets.settings import Settings
from hoban_assets.training.metrics import LABEL_AWARE
from hoban_assets.training.plan import RULED_OUT


@pytest.fixture
def run(tmp_path, monkeypatch):
    for name, value in (("DATA_ROOT", tmp_path), ("DEVICE", "cpu"), ("LANG", "en"), ("BATCH", 4)):
        monkeypatch.setenv(f"HOBAN_{name}", str(value))

    def call(*arguments):
        result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return call


def labelled_as_found(squares, tree, weights, settings) -> None:
    """Copy `squares`; labels of val are a part of what the weights find there, moved a little.

    Two epochs find nothing that is there, and figures of 0 agree with everything. The photographs
    of val become oblong, so that nothing is right by symmetry.
    """
    shutil.copytree(squares, tree)
    for file in (tree / "images" / "val").iterdir():
        cv2.imwrite(str(file), cv2.imread(str(file))[:40])
    manifest = pd.read_parquet(tree / "manifest.parquet")
    rng = np.random.default_rng(0)
    val = published(tree, "val")
    val = val.take(val.parts == "val")
    found = detect(weights, val, settings).detections
    assert len(found) > 20
    for image, file in enumerate(val.files):
        mine = np.flatnonzero(found.boxes.image == image)
        lines = []
        for row in mine[np.argsort(-found.confidence[mine])][:40:3]:
            class_id, (x1, y1, x2, y2) = found.boxes.class_id[row], found.boxes.corners[row]
            if min(x2 - x1, y2 - y1) < 0.03:
                continue
            x, y = (x1 + x2) / 2 + rng.normal(0, 0.03) * (x2 - x1), (y1 + y2) / 2
            if val.labelled[image, class_id]:
                lines.append(f"{class_id} {x:.6f} {y:.6f} {x2 - x1:.6f} {y2 - y1:.6f}")
        (tree / "labels" / "val" / f"{file.stem}.txt").write_text("\n".join(lines))
        manifest.loc[manifest.name == file.name, "boxes"] = len(lines)
    manifest.to_parquet(tree / "manifest.parquet")


def test_the_figures_are_those_that_a_training_ends_with(
    run, trained, squares, tmp_path, monkeypatch, ultralytics
):
    monkeypatch.syspath_prepend(str(WORKERS))
    from yolo_evaluate import LabelAwareValidator
    from yolo_image_facts import excluding, image_facts

    weights, tree = trained.plan.run_dir / "best.pt", tmp_path / "dataset_v9"
    settings = Settings.from_env()
    labelled_as_found(squares, tree, weights, settings)
    before = sorted(tree.rglob("*"))
    found = json.loads(run(weights, tree, "--json"))
    assert sorted(tree.rglob("*")) == before  # no label cache, nothing beside the photographs
    assert found["image_size"] == SIZE
    assert found["confidence"]["chosen_on"].endswith("(train)")

    data = tmp_path / "data.yaml"
    data.write_text(
        json.dumps(
            {
                "path": str(tree),
                "train": "images/train",
                "val": "images/val",
                "names": dict(enumerate(CLASS_NAMES)),
            }
        )
    )
    manifest = pq.read_table(tree / "manifest.parquet").to_pylist()
    args = {"model": str(weights), "data": str(data), "imgsz": SIZE, "batch": 4, "rect": True}
    args |= {"task": "detect", "mode": "val", "device": "cpu", "workers": 0, "plots": False}
    names = dict(enumerate(CLASS_NAMES))
    excludes = excluding({"ruled_out": RULED_OUT}, names)
    validator = LabelAwareValidator(
        image_facts(manifest, names), args, tmp_path / "validated", excludes
    )
    validator()
    recorded = {
        (row["split"], row["source"], row["class_name"], row["metric"]): row["value"]
        for row in validator.rows(1)
    }
    shown = published(tree, "val")
    shown = shown.take(shown.parts == "val")
    ours = detect(weights, shown, settings).detections
    names = [file.name for file in shown.files]
    for image, file in enumerate(validator.image_names):
        mine = np.sort(ours.confidence[ours.boxes.image == names.index(file)])
        assert mine == pytest.approx(np.sort(validator.per_image["conf"][image]), abs=1e-5)
    whole = [line for line in found["figures"] if line["kind"] == "all"]
    assert len(whole) > 2
    for line in whole:
        # Not of IoUs above, nor the stock figures: after two epochs so many detections are equally
        # sure that their order decides those.
        expected = recorded[LABEL_AWARE, "all", line["class_name"], "mAP50"]
        assert expected > 0.1
        assert line["values"]["mAP50"] == pytest.approx(expected, abs=0.01)


def test_predictions_of_another_program_are_judged_alike(run, squares, tmp_path):
    rows = []
    for row in pd.read_parquet(squares / "manifest.parquet").to_dict("records"):
        label = squares / "labels" / row["split"] / row["name"].replace(".jpg", ".txt")
        for line in label.read_text().splitlines():
            number, x, y, w, h = map(float, line.split())
            box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
            said = {"file": row["name"], "class_name": CLASS_NAMES[int(number)], "score": 0.9}
            rows.append(json.dumps({**said, "box": box}))
    file = tmp_path / "perfect.jsonl"
    file.write_text("\n".join(rows))
    output = run(file, squares)
    assert "4 pictures of 4 cameras or clips" in output
    found = json.loads(run(file, squares, "--json"))
    assert {line["values"]["mAP50"] for line in found["figures"]} == {1.0}


def test_a_mistake_says_the_way_out(run, squares, tmp_path):
    (tmp_path / "w.txt").touch()
    for arguments, message in (
        (["none.pt", squares], "none.pt is not there"),
        ([tmp_path / "w.txt", squares], "no weights and no predictions"),
        ([squares / "a.json", squares], "is not there"),
        ([tmp_path / "p.jsonl", squares, "--on", "test"], "has no 'test'.*one of train, val"),
        ([tmp_path / "p.jsonl", "v8"], "dataset_v8 .* was not built yet.*hoban build v8"),
        ([tmp_path / "p.jsonl", "coco_person"], "coco_person .* was not built yet"),
        ([tmp_path / "p.jsonl", "dataset_v99"], "no folder and no source"),
    ):
        (tmp_path / "p.jsonl").write_text("")
        with pytest.raises(HobanError, match=message):
            run(*arguments)
