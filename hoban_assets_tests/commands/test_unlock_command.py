"""`hoban unlock`: who holds a slot, what was freed, what is left and why."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from cli_runs import run_hoban

from hoban_assets.components import dead_runs
from hoban_assets.errors import HobanError
from hoban_assets.processes import seen


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Dagster instance for all tests: making its tables takes a second."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return folder


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("HOBAN_LANG", "en")
    with dg.DagsterInstance.get() as instance:
        instance.event_log_storage.set_concurrency_slots("gpu", 2)
        yield instance
        for run in instance.get_runs():
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            instance.delete_run(run.run_id)


@pytest.fixture
def training(instance: dg.DagsterInstance) -> Callable[..., str]:
    """Make a run that claims a slot; returns its id."""

    def make(model: str, process: str | None, status: str = "STARTED") -> str:
        tags = {"dagster/partition": "full"} | ({seen.TAG: process} if process else {})
        run = instance.add_run(
            dg.DagsterRun("train", status=dg.DagsterRunStatus[status], tags=tags)
        )
        instance.event_log_storage.claim_concurrency_slot("gpu", run.run_id, model)
        return run.run_id

    return make


LIVING = seen.identity(os.getpid())
DEAD = f"{seen.host()} 999999999 1"
FAR = "gpu-server/pid:[1] 1 1"


def states() -> dict[str, str]:
    return {
        row["asset"]: row["state"] for row in json.loads(run_hoban("unlock", "--json"))["claims"]
    }


def test_only_slots_of_dead_runs_are_freed(training, instance):
    training("model_v1", DEAD)
    training("model_v2", LIVING)
    training("model_v3", LIVING)
    assert states() == {
        "model_v1": "freed",
        "model_v2": "held by a living run",
        "model_v3": "waiting",
    }
    assert next(c.step for c in dead_runs.claims(instance) if not c.is_waiting) == "model_v2"


def test_the_table_says_who_holds_what_where_and_since_when(training):
    run = training("model_v2", LIVING)
    table = run_hoban("unlock")
    host = LIVING.partition("/")[0]
    for word in ("gpu (2)", "model_v2", "full", run[:8], host, "left: held by a living run"):
        assert word in table
    [row] = json.loads(run_hoban("unlock", "--json"))["claims"]
    assert (row["run"], row["pool"], row["limit"], row["host"]) == (run, "gpu", 2, host)
    assert row["since"].startswith("20")
    assert "no slot is stuck" in table


def test_a_run_of_another_host_is_left_with_the_command_that_declares_it_dead(training, instance):
    run = training("model_v1", FAR)
    told = run_hoban("unlock")
    assert "left: a run of another host" in told
    assert f"if run {run[:8]} of gpu-server is dead: hoban unlock --run {run[:8]}" in told
    assert "freed the slots of run" in run_hoban("unlock", "--run", run[:8])
    assert dead_runs.claims(instance) == []
    assert instance.get_run_by_id(run).status == dg.DagsterRunStatus.FAILURE


def test_a_run_that_lives_here_cannot_be_declared_dead(training, instance):
    run = training("model_v1", LIVING)
    with pytest.raises(HobanError, match=f"alive on this host .process {os.getpid()}.") as error:
        run_hoban("unlock", "--run", run)
    assert "Terminate" in error.value.way_out
    assert [c.run_id for c in dead_runs.claims(instance)] == [run]


def test_an_unknown_run_is_refused_with_those_that_are_known(training):
    run = training("model_v1", FAR)
    with pytest.raises(HobanError, match=r"no run that is not finished .* 'nonsense'") as error:
        run_hoban("unlock", "--run", "nonsense")
    assert run in error.value.way_out


def test_a_slot_of_a_run_that_has_ended_is_freed(training):
    training("model_v1", None, status="FAILURE")
    assert states() == {"model_v1": "freed"}
    assert states() == {}


def test_it_speaks_korean(training, monkeypatch):
    training("model_v1", DEAD)
    monkeypatch.setenv("HOBAN_LANG", "ko")
    assert "해제했습니다" in run_hoban("unlock")
    assert "막혀 있는 자리가 없습니다" in run_hoban("unlock")


def test_without_dagster_home_it_says_so(monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with pytest.raises(HobanError, match="DAGSTER_HOME is not set"):
        run_hoban("unlock")
