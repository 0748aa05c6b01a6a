"""Single parts of the training worker: the run folder after a kill, errors in plain words."""

import json
import pickle
from types import SimpleNamespace

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
    (run.weights / "last.pt").write_text("epoch 1")
    run.keep_checkpoint(is_best=True)
    (run.weights / "last.pt").write_text("epoch 2")
    run.keep_checkpoint(is_best=False)
    (run.weights / "last.pt").write_text("ep")
    run.restore_checkpoints()
    assert (run.weights / "last.pt").read_text() == "epoch 2"
    assert (run.weights / "best.pt").read_text() == "epoch 1"


def test_without_a_kept_checkpoint_there_is_nothing_to_resume(run):
    run.progress.write_text(json.dumps({"epoch": 3, "best_epoch": 2, "stop": False}))
    assert run.state() == {}


def test_a_marker_without_weights_is_no_finished_run(run):
    run.finished.write_text("{}")
    assert not run.is_finished()


def test_callbacks_reach_the_ranks_of_several_gpus(worker, run):
    from yolo_callbacks import Recorder

    recorder = Recorder(run.root, {}, {}, best_epoch=3)
    there = pickle.loads(pickle.dumps(recorder.callbacks()))
    assert there.keys() == recorder.callbacks().keys()
    assert there["on_model_save"].__self__.best_epoch == 3


@pytest.mark.parametrize("rank", ["1", "7"])
def test_only_the_first_rank_logs(worker, run, rank, monkeypatch, capsys):
    from yolo_callbacks import Recorder

    monkeypatch.setenv("RANK", rank)
    recorder = Recorder(run.root, {}, {})
    recorder.begin_epoch(SimpleNamespace())
    recorder.log(SimpleNamespace(metrics=None))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error."),
        MemoryError(),
    ],
)
def test_out_of_memory_says_what_to_change(worker, run, error):
    failure = worker.setup.explained(error, run, {"batch": 16, "imgsz": 640})
    assert "out of memory with batch 16 at image size 640" in failure.problem
    assert "lower HOBAN_BATCH" in failure.way_out


def test_a_gpu_that_is_not_there_is_named(worker, run):
    error = ValueError("Invalid CUDA 'device=3' requested. Use 'device=cpu'")
    failure = worker.setup.explained(error, run, {"device": "3"})
    assert "no GPU '3'" in failure.problem
    assert "HOBAN_DEVICE" in failure.way_out


def test_other_errors_stay_what_they_are(worker, run):
    assert worker.setup.explained(ValueError("bug"), run, {"batch": 1, "imgsz": 32}) is None


def test_weights_that_ultralytics_cannot_load_are_named(worker):
    def refuse(weights):
        raise TypeError("no model in it")

    with pytest.raises(worker.support.Failure, match=r"weights w\.pt cannot be loaded: no model"):
        worker.setup.load(SimpleNamespace(YOLO=refuse), "w.pt")


def test_weights_of_another_task_are_refused(worker):
    segments = SimpleNamespace(YOLO=lambda weights: SimpleNamespace(task="segment"))
    with pytest.raises(worker.support.Failure, match="for the task 'segment'"):
        worker.setup.load(segments, "w.pt")
