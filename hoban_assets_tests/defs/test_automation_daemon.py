"""A label is changed, and a running daemon rebuilds what depends on it, and nothing else."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from rebuilding import Rebuilding
from road import REPOSITORY, STAGES, Road

BIN = Path(sys.executable).parent
SECONDS = 300
"""Deadline of the whole rebuild."""


@pytest.fixture
def road(sample: Path, tmp_path: Path) -> Road:
    """A raw tree of its own, as a label in it is changed."""
    shutil.copytree(sample, tmp_path / "raw", symlinks=True)
    return Road(tmp_path / "raw", tmp_path / "data")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A DAGSTER_HOME of its own, with the settings and the code location of the checkout."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, home)
    return home


def test_a_daemon_rebuilds_what_one_changed_label_changes_and_nothing_else(road, home):
    env = {**os.environ, **road.env(HOBAN_LANG="en"), "DAGSTER_HOME": str(home)}
    env.pop("DAGSTER_MODULE_NAME", None)  # workspace.yaml gives the code location its name
    with dg.DagsterInstance.from_config(str(home)) as instance:
        Rebuilding(road, instance).build(*STAGES, "dataset_v9")
        before = materializations(instance)
        narrow_a_box_of_a_helmet(road)
        with daemon(home, env):
            run(home, env, "dagster", "schedule", "start", "rebuild_sub", "-w", "workspace.yaml")
            assert "rebuild_sub" in switched_on(instance)
            launch = ("dagster", "job", "launch", "-w", "workspace.yaml", "-j", "rebuild")
            run(home, env, *launch, "--tags", '{"dagster/partition": "sub"}')
            ended = how_it_ended(instance, time.monotonic() + SECONDS)
        after = materializations(instance)
    # The labels of helmet_60k are what backgrounds are compared with: looked at, with no effect.
    assert ended == (
        "rebuilt helmet_60k, dataset_v9; rebuilt with the same rows as before: background"
    )
    changed = {"helmet_60k", "background", "dataset_v9"}
    assert after == {name: count + (name in changed) for name, count in before.items()}
    diff = json.loads(run(home, env, "hoban", "diff", "dataset_v9", "--previous", "--json"))
    moved = {c["class_name"]: c["moved"] for c in diff["classes"] if c["moved"]}
    assert moved == {"person_with_helmet": 1}
    assert (diff["images"]["removed"], diff["images"]["added"]) == (0, 0)


def narrow_a_box_of_a_helmet(road: Road) -> None:
    """Take four pixels from the first box of a photograph that is in the dataset."""
    rows = road.catalog.query(
        "SELECT label_file FROM store.images JOIN store.current USING (materialization_id) "
        "JOIN main.boxes AS b USING (asset, partition, image_id) "
        "WHERE asset = 'dataset_v9' AND b.class_name = 'person_with_helmet' "
        "GROUP BY ALL HAVING count(*) = 1 ORDER BY label_file"
    )
    file = road.raw / rows.label_file[0]
    label = json.loads(file.read_text(encoding="utf-8"))
    (worn,) = [a for a in label["annotations"] if a.get("class") == "07"]
    worn["box"][2] -= 4
    file.write_text(json.dumps(label, ensure_ascii=False), encoding="utf-8")


def materializations(instance: dg.DagsterInstance) -> dict[str, int]:
    """How often each asset was materialised, in any partition."""
    keys = instance.get_asset_keys()
    found = {
        key.path[-1]: len(instance.fetch_materializations(key, limit=100).records) for key in keys
    }
    return {name: count for name, count in found.items() if count}


def switched_on(instance: dg.DagsterInstance) -> set[str]:
    """Names of the schedules and sensors that somebody switched on."""
    return {s.instigator_name for s in instance.all_instigator_state() if s.is_running}


def how_it_ended(instance: dg.DagsterInstance, deadline: float) -> str:
    """Wait for the end of the rebuild."""
    while time.monotonic() < deadline:
        runs = instance.get_runs(dg.RunsFilter(job_name="rebuild"))
        if runs and "hoban/ended" in runs[0].tags:
            return runs[0].tags["hoban/ended"]
        time.sleep(0.3)
    states = [(run.job_name, run.status, run.tags) for run in instance.get_runs()]
    raise AssertionError(f"the rebuild has not ended: {states}")


@contextmanager
def daemon(home: Path, env: Mapping[str, str]) -> Iterator[None]:
    """The daemon, with the code server that it starts."""
    log = home / "daemon.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [BIN / "dagster-daemon", "run", "-w", "workspace.yaml"],
            cwd=home,
            env=env,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def run(home: Path, env: Mapping[str, str], *command: str) -> str:
    """Run a command in the home; return what it printed."""
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=home, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
