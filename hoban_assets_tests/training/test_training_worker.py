"""Single parts of the training worker: the run folder after a kill, errors in plain words."""

import json
import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from training_tools import WORKERS


@pytest.fixture
def worker(monkeypatch):
    """The modules of the worker, which import each other as siblings."""
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_setup
    import yolo_support

    return SimpleNamespace(setup=yolo_setup, support=yolo_support)


@pytest.fixture
def run(worker, tmp_path):
    folder = worker.support.RunFolder(tmp_path / "run")
    folder.weights.mkdir(parents=True)
    return folder


def keep(run, epoch, *, best):
    """Keep an epoch as a training does; its files hold its number."""
    (run.weights / "last.pt").write_text(f"epoch {epoch}")
    run.kept.mkdir(exist_ok=True)
    run.moment(epoch).touch()
    run.keep({"epoch": epoch, "best_epoch": best, "stop": False, "resumed": []})


def row(epoch, value=0.5):
    return {"epoch": epoch, "value": value}


def test_appending_cuts_off_what_a_kill_left_half_written(run):
    run.append([row(1)])
    with run.metrics.open("a") as file:
        file.write('{"epoch": 2, "val')
    run.append([row(2)])
    assert [json.loads(line) for line in run.metrics.read_text().splitlines()] == [row(1), row(2)]


def test_rewinding_forgets_epochs_that_are_trained_again(run):
    run.append([row(1), row(2), row(3)])
    (run.train / "results.csv").write_text("epoch,time\n1,9\n2,18\n3,2")
    run.rewind(2)
    assert [json.loads(line)["epoch"] for line in run.metrics.read_text().splitlines()] == [1, 2]
    assert (run.train / "results.csv").read_text() == "epoch,time\n1,9\n2,18\n"


def test_a_kept_checkpoint_outlives_the_one_that_is_overwritten_in_place(run):
    keep(run, 1, best=1)
    keep(run, 2, best=1)
    (run.weights / "last.pt").write_text("ep")
    assert run.state()["epoch"] == 2
    run.restore_checkpoints()
    assert (run.weights / "last.pt").read_text() == "epoch 2"
    assert (run.weights / "best.pt").read_text() == "epoch 1"
    assert {file.name for file in run.kept.iterdir()} == {"last-2.pt", "best-1.pt", "moment-2.pt"}


def test_a_kill_before_an_epoch_is_kept_leaves_that_before_as_a_whole(run, monkeypatch):
    keep(run, 1, best=1)

    def killed(path, text):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["yolo_support"], "write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        keep(run, 2, best=2)
    assert run.state()["epoch"] == 1
    run.restore_checkpoints()
    for name in ("last.pt", "best.pt"):
        assert (run.weights / name).read_text() == "epoch 1"


def test_a_run_of_older_code_goes_on_from_what_it_kept(run):
    run.kept.mkdir()
    for name in ("last.pt", "best.pt"):
        (run.kept / name).write_text("epoch 3")
    run.progress.write_text(json.dumps({"epoch": 3, "best_epoch": 3, "stop": False}))
    run.restore_checkpoints()
    assert (run.weights / "last.pt").read_text() == "epoch 3"
    keep(run, 4, best=3)
    assert run.state()["epoch"] == 4
    run.restore_checkpoints()
    assert (run.weights / "best.pt").read_text() == "epoch 3"


def test_without_a_kept_checkpoint_there_is_nothing_to_resume(run):
    run.progress.write_text(json.dumps({"epoch": 3, "best_epoch": 2, "stop": False}))
    assert run.state() == {}


def test_a_marker_without_weights_is_no_finished_run(run):
    run.finished.write_text("{}")
    assert not run.is_finished()


def test_a_finished_run_whose_weights_changed_is_trained_again(worker, run):
    weights, metrics = run.root / "best.pt", run.metrics
    weights.write_bytes(b"trained")
    metrics.write_text("{}\n")
    kept = {file.name: worker.support.sha256_of(file) for file in (weights, metrics)}
    run.finished.write_text(json.dumps({"epochs": 1, "files": kept}))
    assert run.is_finished()
    assert worker.support.damaged(run.root) is None
    metrics.write_text("{}")
    assert run.is_finished()  # its figures can be told to be damaged; its weights are whole
    assert worker.support.damaged(run.root).startswith("metrics.jsonl has other content")
    weights.write_bytes(b"trainee")
    assert not run.is_finished()
    weights.write_bytes(b"trained")
    run.finished.write_text("{")
    assert not run.is_finished()


def test_callbacks_reach_the_ranks_of_several_gpus(worker, run):
    from yolo_callbacks import Recorder

    recorder = Recorder(run.root, {}, {}, {"best_epoch": 3}, None)
    there = pickle.loads(pickle.dumps(recorder.callbacks()))
    assert there.keys() == recorder.callbacks().keys()
    assert there["on_model_save"].__self__.best_epoch == 3


@pytest.mark.parametrize("rank", ["1", "7"])
def test_only_the_first_rank_logs(worker, run, rank, monkeypatch, capsys):
    from yolo_callbacks import Recorder

    monkeypatch.setenv("RANK", rank)
    recorder = Recorder(run.root, {}, {}, {}, None)
    recorder.begin_epoch(SimpleNamespace())
    recorder.log(SimpleNamespace(metrics=None))
    assert capsys.readouterr().out == ""


def test_a_gpu_that_is_not_there_is_named(worker, run):
    error = ValueError("Invalid CUDA 'device=3' requested. Use 'device=cpu'")
    failure = worker.setup.explained(error, run, {"device": "3"})
    assert "no GPU '3'" in failure.problem
    assert "HOBAN_DEVICE" in failure.way_out


@pytest.fixture
def weights(tmp_path):
    file = tmp_path / "w.pt"
    file.touch()
    return str(file)


def test_weights_that_ultralytics_cannot_load_are_named(worker, weights):
    def refuse(weights):
        raise TypeError("no model in it")

    with pytest.raises(worker.support.Failure, match=r"w\.pt cannot be loaded: no model"):
        worker.setup.load(SimpleNamespace(YOLO=refuse), weights)


def test_weights_of_another_task_are_refused(worker, weights):
    segments = SimpleNamespace(YOLO=lambda weights: SimpleNamespace(task="segment"))
    with pytest.raises(worker.support.Failure, match="for the task 'segment'"):
        worker.setup.load(segments, weights)


def test_missing_weights_are_not_looked_up_elsewhere(worker, tmp_path):
    def download(weights):
        raise AssertionError(f"Ultralytics was asked for {weights}, and would download it")

    with pytest.raises(worker.support.Failure, match=r"yolo26n\.pt are not there") as error:
        worker.setup.load(SimpleNamespace(YOLO=download), str(tmp_path / "yolo26n.pt"))
    assert "nothing is downloaded" in error.value.way_out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"optimizer": "auto", "batch": 16}, "optimizer 'auto' ignores lr0"),
        ({"optimizer": "SGD", "batch": -1}, "AutoBatch"),
        ({"optimizer": "SGD", "batch": 0.6}, "AutoBatch"),
    ],
)
def test_nothing_is_left_to_be_chosen_by_the_size_of_the_run(worker, arguments, said):
    worker.setup.refuse_surprises({"optimizer": "SGD", "batch": 16})
    with pytest.raises(worker.support.Failure, match=said):
        worker.setup.refuse_surprises(arguments)


@pytest.mark.parametrize(
    ("device", "cuda", "has_bf16", "expected"),
    [
        *[("", True, True, "bf16"), ("0,1", True, True, "bf16"), ("0", True, False, False)],
        *[("", False, False, False), ("cpu", True, True, False)],
    ],
)
def test_mixed_precision_is_bf16_or_none_as_any_other_is_checked_by_a_download(
    worker, monkeypatch, device, cuda, has_bf16, expected
):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has_bf16)
    assert worker.setup.precision(device) is expected


def test_metrics_take_numbers_of_numpy(run):
    run.append([{"epoch": np.int64(1), "value": np.float32(0.5)}])
    assert json.loads(run.metrics.read_text()) == {"epoch": 1, "value": 0.5}


def test_where_it_went_on_as_another_training_is_told(worker, ultralytics, tmp_path, monkeypatch):
    """Exact on a CPU with the same threads and release; all else is marked, and so is damage."""
    import torch
    import yolo_moment

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    here = {"torch": str(torch.__version__), "threads": torch.get_num_threads()}
    cpu = {**here, "device": "cpu", "loaders": 0}
    file = tmp_path / "moment-1.pt"
    assert yolo_moment.where_kept(file) is None
    file.write_bytes(b"half a file")
    assert yolo_moment.where_kept(file) is None
    torch.save({"surroundings": cpu}, file)
    assert yolo_moment.is_exact(yolo_moment.where_kept(file), "")
    assert yolo_moment.is_exact(cpu, "cpu")
    assert not yolo_moment.is_exact(cpu, "0")
    assert not yolo_moment.is_exact(None, "cpu")
    for other in ({"threads": 64}, {"torch": "2.6.0"}, {"device": "cuda"}, {"loaders": 8}):
        assert not yolo_moment.is_exact({**cpu, **other}, "cpu")
