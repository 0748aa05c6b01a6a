"""Pool gpu over several runs: one training at a time, and a killed one does not block for ever."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from cli_runs import run_hoban
from road import REPOSITORY

from hoban_assets.components.dead_runs import claims
from hoban_assets.definitions import defs

DEADLINE_S = 300.0
TRAININGS = """
import os, sys, time
from pathlib import Path
import dagster as dg
from hoban_assets.components.dead_runs import multiprocess_after_cleanup
from hoban_assets.processes.lifeline import end_with_run

FOLDER = Path(os.environ["HOBAN_TEST_FOLDER"])

def training(name):
    @dg.asset(name=name, pool="gpu", partitions_def=dg.StaticPartitionsDefinition(["sub", "full"]))
    def train() -> None:
        end_with_run()
        (FOLDER / f"{name} trains").touch()
        while not (FOLDER / f"{name} may end").exists():
            time.sleep(0.02)
    return train

trainings = [training("model_v1"), training("model_v2")]
job = dg.define_asset_job("train", executor_def=multiprocess_after_cleanup)
code = dg.Definitions(trainings, jobs=[job])

def train_job():
    return code.resolve_job_def("train")

if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        run = dg.execute_job(
            dg.reconstructable(train_job), instance,
            asset_selection=[dg.AssetKey(sys.argv[1])], tags={"dagster/partition": sys.argv[2]},
        )
    sys.exit(not run.success)
"""


class Trainings:
    """Runs of dummy models, each in a process of its own, on one Dagster instance."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance) -> None:
        self.folder, self.instance = folder, instance
        (folder / "trainings.py").write_text(TRAININGS, encoding="utf-8")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, model: str, partition: str) -> None:
        self.processes[model] = subprocess.Popen(
            [sys.executable, str(self.folder / "trainings.py"), model, partition],
            env={**os.environ, "HOBAN_TEST_FOLDER": str(self.folder)},
            cwd=self.folder,
            stdout=(self.folder / f"{model}.log").open("w"),
            stderr=subprocess.STDOUT,
        )

    def trains(self, model: str) -> bool:
        return (self.folder / f"{model} trains").exists()

    def may_end(self, model: str) -> None:
        (self.folder / f"{model} may end").touch()

    def kill(self, model: str) -> None:
        self.processes[model].kill()
        self.processes[model].wait()

    def pool(self) -> dict[str, str]:
        """Model and partition -> whether it holds a slot or waits, as the instance says."""
        return {
            f"{c.step} {c.partition}": "waits" if c.is_waiting else "holds"
            for c in claims(self.instance)
        }

    def wait_until(self, condition: Callable[[], bool], *alive: str) -> None:
        """Poll; fails at the deadline, and where one of the runs `alive` ends before."""
        end = time.monotonic() + DEADLINE_S
        while not condition():
            for model in alive:
                log = (self.folder / f"{model}.log").read_text()[-3000:]
                assert self.processes[model].poll() is None, log
            assert time.monotonic() < end, self.pool()
            time.sleep(0.05)


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainings]:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("HOBAN_LANG", "en")
    with dg.DagsterInstance.get() as instance:
        all_runs = Trainings(tmp_path, instance)
        try:
            yield all_runs
        finally:
            for model in all_runs.processes:
                all_runs.kill(model)


def unlock() -> dict[str, str]:
    """Model -> what `hoban unlock` says became of its slot."""
    return {
        row["asset"]: row["state"] for row in json.loads(run_hoban("unlock", "--json"))["claims"]
    }


def test_a_second_training_waits_and_gets_the_slot_of_a_killed_one_by_unlock(trainings):
    trainings.start("model_v1", "sub")
    trainings.wait_until(lambda: trainings.trains("model_v1"), "model_v1")
    trainings.start("model_v2", "full")
    trainings.wait_until(lambda: "model_v2 full" in trainings.pool(), "model_v1", "model_v2")
    assert trainings.pool() == {"model_v1 sub": "holds", "model_v2 full": "waits"}
    assert unlock() == {"model_v1": "held by a living run", "model_v2": "waiting"}
    assert not trainings.trains("model_v2")

    trainings.kill("model_v1")
    assert trainings.pool() == {"model_v1 sub": "holds", "model_v2 full": "waits"}
    assert unlock() == {"model_v1": "freed", "model_v2": "waiting"}
    trainings.wait_until(lambda: trainings.trains("model_v2"), "model_v2")
    assert trainings.pool() == {"model_v2 full": "holds"}

    trainings.may_end("model_v2")
    assert trainings.processes["model_v2"].wait(DEADLINE_S) == 0
    assert trainings.pool() == {}


def test_every_model_takes_a_slot_of_the_pool_gpu_and_it_has_one():
    models = [
        asset
        for asset in defs().assets or []
        if isinstance(asset, dg.AssetsDefinition)
        and all(re.fullmatch(r"model_v\d+", key.path[-1]) for key in asset.keys)
    ]
    assert len(models) >= 7
    assert {asset.op.pool for asset in models} == {"gpu"}
