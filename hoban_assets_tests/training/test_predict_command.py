"""`hoban predict` on photographs and a video, by the weights of the one training."""

import importlib
import json
import zipfile

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.errors import HobanError
from hoban_assets.evaluation import confidences, exporting, predicting
from hoban_assets.evaluation.judging import Confidences


@pytest.fixture
def run(tmp_path, monkeypatch):
    for name, value in (("DATA_ROOT", tmp_path), ("DEVICE", "cpu"), ("LANG", "en")):
        monkeypatch.setenv(f"HOBAN_{name}", str(value))

    def call(*arguments):
        result = CliRunner().invoke(app, ["predict", *map(str, arguments)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return call


def video(file, frames=4):
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=2)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            picture = np.full((48, 64, 3), 60 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())


def test_photographs_and_videos_are_looked_at_and_drawn(
    run, trained, squares, tmp_path, monkeypatch
):
    site = tmp_path / "현장 1"
    (site / "b").mkdir(parents=True)
    photograph = next((squares / "images" / "val").iterdir())
    (site / "b" / "사진.jpg").write_bytes(photograph.read_bytes())
    video(site / "clip.mp4")
    (site / "half.jpg").write_bytes(photograph.read_bytes()[:20])
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    weights = trained.plan.run_dir / "best.pt"
    arguments = ("--confidence", 0.001, "--every", 2, "--save", "--to", "out")
    found = json.loads(run(weights, site, *arguments, "--json"))
    assert found["files"] == 3
    assert list(found["unread"]) == ["half.jpg"]
    rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    assert sum(each["boxes"] for each in found["counts"]) == len(rows) > 0
    assert {row.get("frame") for row in rows if row["file"] == "clip.mp4"} == {0, 2}
    assert {row.get("second") for row in rows if row["file"] == "clip.mp4"} == {0, 1}
    corners = np.array([row["box"] for row in rows])
    assert corners.min() >= 0 and corners.max() <= 1 and (corners[:, :2] < corners[:, 2:]).all()
    drawn = cv2.imdecode(np.fromfile(out / "pictures" / "b" / "사진.jpg", np.uint8), 1)
    assert drawn.shape == cv2.imread(str(photograph)).shape
    with av.open(str(out / "pictures" / "clip.mp4")) as written:
        assert len(list(written.decode(video=0))) == 2


def test_a_jpeg_without_its_end_is_a_photograph(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(predicting.WORKER.parent))
    decoded = importlib.import_module("yolo_pictures").decoded
    picture = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    whole = cv2.imencode(".jpg", picture)[1].tobytes()
    for content in (whole, whole[:-40]):
        (tmp_path / "사진.jpg").write_bytes(content)
        assert decoded(tmp_path / "사진.jpg").shape == (64, 64, 3)
    for content in (b"", b"text", whole[:20]):
        (tmp_path / "a.jpg").write_bytes(content)
        assert decoded(tmp_path / "a.jpg") is None


def test_what_is_no_photograph_is_named(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as checkpoint:
        checkpoint.writestr("w/data.pkl", b"")
    (tmp_path / "empty").mkdir()
    for target, message in (("none", "is not there"), ("empty", "no photograph and no video")):
        with pytest.raises(HobanError, match=message):
            run(tmp_path / "w.pt", tmp_path / target)
    (tmp_path / "p.jsonl").write_text("")
    with pytest.raises(HobanError, match="no weights"):
        run(tmp_path / "p.jsonl", tmp_path)
    (tmp_path / "w.pt").write_bytes(b"")
    with pytest.raises(HobanError, match="is empty"):
        run(tmp_path / "w.pt", tmp_path)


def test_confidences_are_kept_with_the_model(tmp_path):
    assert confidences.stored(tmp_path) is None
    chosen = Confidences({"person": 0.4}, "benchmark_site", ("fallen",))
    confidences.store(tmp_path, chosen)
    assert confidences.stored(tmp_path) == chosen
    kept = tmp_path / confidences.STORED
    told = json.loads(kept.read_text())
    by_other_rules = {**told, "evaluation": told["evaluation"] - 1}
    for text in ("{", json.dumps(by_other_rules)):
        kept.write_text(text)
        assert confidences.stored(tmp_path) is None


@pytest.mark.parametrize(("after", "kept"), [(0.896, True), (0.894, False)])
def test_an_export_that_finds_other_objects_is_not_handed_out(tmp_path, monkeypatch, after, kept):
    def write(script, job, progress):
        from pathlib import Path

        Path(job["out"]).write_bytes(b"onnx")

    from hoban_assets.evaluation.subjects import Subject

    monkeypatch.setattr(exporting, "run_worker", write)
    monkeypatch.setattr(exporting, "_figures", lambda *_: {"person": (0.9, after)})
    file = tmp_path / "best.onnx"
    export = (Subject("model_v9", tmp_path / "best.pt"), [], file, None)
    if kept:
        assert exporting.export_onnx(*export).figures == {"person": (0.9, after)}
    else:
        with pytest.raises(HobanError, match=r"person 0.900 -> 0.894"):
            exporting.export_onnx(*export)
    assert [p.name for p in tmp_path.iterdir()] == (["best.onnx"] if kept else [])
