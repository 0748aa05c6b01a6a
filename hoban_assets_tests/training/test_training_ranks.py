"""A training on several GPUs: Ultralytics' own launcher and ranks, on a machine that has none."""

import importlib.metadata
import importlib.util
import json
import os
import pickle
import select
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version
from training_tools import SITE, WORKERS, plan_for, run_worker

from hoban_assets.training.metrics import read_metrics
from hoban_assets.workers import _watchdog

REPOSITORY = Path(__file__).parents[2]
DEADLINE_S = 300.0


@pytest.fixture(scope="module")
def ranks(tmp_path_factory) -> Path:
    """Folder in which each rank leaves its session and environment."""
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def on_two(tmp_path_factory, squares, ranks):
    """Two ranks train an epoch; in the second one the second rank's GPU runs out of memory."""
    return run_worker(
        plan_for(tmp_path_factory.mktemp("data"), squares, device="0,1", partial_labels="mask"),
        plots=False,
        RANK="0",
        WORLD_SIZE="7",
        HOBAN_WORKER_MARK=f"test-{ranks}",
        HOBAN_TEST_PATCH=str(SITE.parent / "patches" / "two_ranks.py"),
        HOBAN_TEST_OOM="4 in 1",
        HOBAN_TEST_RANKS=str(ranks),
        HOBAN_TEST_NETWORK=str(ranks / "network.txt"),
    )


def test_an_epoch_of_several_ranks_is_logged_and_recorded_once(on_two):
    assert [line.split("  ")[0] for line in on_two.epochs] == ["epoch 1/2"]
    counted = [line for line in on_two.output.splitlines() if "as published" in line]
    assert len(counted) == 2  # train and val, by the first rank alone
    metrics = read_metrics(on_two.plan.run_dir / "metrics.jsonl")
    assert set(metrics.epoch) == {1}
    assert not metrics.duplicated(["epoch", "split", "source", "class_name", "metric"]).any()


def test_ranks_train_with_a_mask_and_judge_all_photographs_together(on_two):
    rows = read_metrics(on_two.plan.run_dir / "metrics.jsonl")
    assert "partial labels: mask" in on_two.output
    overall = rows[(rows.class_name == "all") & (rows.epoch == 1)].set_index(["split", "metric"])
    assert overall.value["epoch_labelled", "mAP50-95"] == pytest.approx(
        overall.value["val", "fitness"], abs=1e-5
    )


def test_out_of_memory_in_a_rank_ends_in_one_message(on_two):
    assert on_two.status == 1
    said = json.loads((on_two.plan.run_dir / "failed.json").read_text())
    assert said["problem"].startswith("the GPU ran out of memory with batch 4 at image size 64")
    assert "lower HOBAN_BATCH to 2" in said["way_out"]
    assert "it goes on after epoch 1" in said["way_out"]
    assert on_two.output.splitlines()[-1].startswith("the GPU ran out of memory with batch 4")


def test_what_was_trained_outlives_that_ultralytics_removes_its_folder(on_two):
    kept = {file.name for file in (on_two.plan.run_dir / "kept").iterdir()}
    assert {"last-1.pt", "best-1.pt", "moment-1.pt"} <= kept
    assert json.loads((on_two.plan.run_dir / "progress.json").read_text())["epoch"] == 1


@pytest.fixture(scope="module")
def resumed(on_two, ranks):
    """The same training once more, with memory enough."""
    return run_worker(
        on_two.plan,
        plots=False,
        HOBAN_TEST_PATCH=str(SITE.parent / "patches" / "two_ranks.py"),
        HOBAN_TEST_RANKS=str(ranks),
    )


def test_ranks_that_go_on_say_that_it_is_another_training(on_two, resumed):
    # What the other ranks had drawn is not known, so the weights may differ.
    assert [line.split("  ")[0] for line in resumed.epochs] == ["epoch 2/2"], resumed.output
    progress = json.loads((on_two.plan.run_dir / "progress.json").read_text())
    assert (progress["epoch"], progress["resumed"]) == (2, [1])


def test_ranks_are_offline_too_and_take_no_launcher_for_theirs(on_two, ranks):
    told = {file.stem: json.loads(file.read_text()) for file in ranks.glob("*.json")}
    assert told.keys() == {"0", "1"}
    for rank in told.values():
        assert rank["env"]["WORLD_SIZE"] == "2"
        assert (rank["env"]["YOLO_OFFLINE"], rank["env"]["YOLO_AUTOINSTALL"]) == ("1", "False")
        assert rank["env"]["YOLO_CONFIG_DIR"] == str(on_two.plan.run_dir / "config")
    assert len({rank["session"] for rank in told.values()} - {os.getsid(0)}) == 2
    assert not (ranks / "network.txt").exists()


def test_no_rank_is_left(on_two, ranks):
    assert on_two.status == 1
    assert _watchdog.marked(f"test-{ranks}") == []


LAUNCHER = """
import os, pickle, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from yolo_ranks import Ranks
callbacks = pickle.dumps(Ranks(Path("run"), {}).callbacks())
code = "import pickle, sys, time; sys.path.insert(0, sys.argv[1]); "
code += "pickle.loads(sys.stdin.buffer.read())['on_pretrain_routine_start'](None); "
code += "print('follows', flush=True); time.sleep(1000)"
rank = subprocess.Popen([sys.executable, "-c", code, sys.argv[1]], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, env={**os.environ, "RANK": "0"},
                        start_new_session=True)
rank.stdin.write(callbacks)
rank.stdin.close()
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"],
                         start_new_session=True)
rank.stdout.readline()
print(rank.pid, other.pid, flush=True)
time.sleep(1000)
"""


def test_ranks_in_sessions_of_their_own_end_with_a_worker_that_was_killed(tmp_path):
    worker = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(WORKERS)],
        env={**os.environ, _watchdog.MARK: f"test-{tmp_path}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    processes = [os.pidfd_open(int(pid)) for pid in worker.stdout.readline().split()]
    assert len(processes) == 2
    try:
        worker.kill()
        worker.wait()
        assert all(select.select([process], [], [], DEADLINE_S)[0] for process in processes)
    finally:
        _watchdog.kill_all(f"test-{tmp_path}", signal.SIGKILL)
        worker.stdout.close()


@pytest.fixture
def guards(monkeypatch):
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_ranks

    return yolo_ranks


def test_several_gpus_without_cloudpickle_are_refused_before_anything_starts(guards, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    guards.need_for_ranks("0")
    with pytest.raises(guards.Failure, match=r"several GPUs \(0,1\) needs .* cloudpickle") as error:
        guards.need_for_ranks("0,1")
    assert "pip install 'cloudpickle>=3.1.1'" in error.value.way_out


def test_cloudpickle_comes_with_this_package():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert any(need.startswith("cloudpickle") for need in project["project"]["dependencies"])
    assert Version(importlib.metadata.version("cloudpickle")) >= Version("3.1.1")


def test_callbacks_for_ranks_do_nothing_in_a_training_of_one_process(guards, tmp_path, monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    callbacks = pickle.loads(pickle.dumps(guards.Ranks(tmp_path, {"batch": 1, "imgsz": 32})))
    try:
        raise MemoryError
    except MemoryError:
        callbacks.tell(None)
    assert not (tmp_path / "failed.json").exists()


def test_every_event_is_one_of_ultralytics(guards, tmp_path, ultralytics):
    from ultralytics.utils.callbacks.base import default_callbacks

    assert guards.Ranks(tmp_path, {}).callbacks().keys() <= default_callbacks.keys()
