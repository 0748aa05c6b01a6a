"""Runs from a real event log: small assets, materialised in this process."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from hoban_assets.catalog.store import Build, Catalog
from hoban_assets.catalog.store import Run as RecordedRun
from hoban_assets.components.dead_runs import end_dead_runs, leave_process_id
from hoban_assets.errors import HobanError
from hoban_assets.processes.seen import TAG, lives
from hoban_assets.reporting.journal.entries import Run
from hoban_assets.reporting.journal.events import (
    days_with_runs,
    event_log,
    read_runs,
)
from hoban_assets.reporting.journal.writing import last_day, read_days, write_journal
from hoban_assets.settings import Settings

PARTITIONS = dg.StaticPartitionsDefinition(["sub", "full"])


def today() -> Any:
    return datetime.now().astimezone().date()


@dg.asset(partitions_def=PARTITIONS, check_specs=[dg.AssetCheckSpec("quotas", asset="stage")])
def stage() -> Iterator[Any]:
    yield dg.AssetCheckResult(
        passed=False, severity=dg.AssetCheckSeverity.WARN, description="short: person 4 of 5"
    )
    yield dg.MaterializeResult(metadata={"materialization_id": 7, "reused": True})


@dg.asset(partitions_def=PARTITIONS, deps=[stage])
def broken() -> None:
    raise dg.Failure(
        "no space left on /data -> free some space",
        metadata={"way out": "free some space"},
        allow_retries=False,
    )


@dg.asset(partitions_def=PARTITIONS)
def surprised() -> None:
    try:
        raise KeyError("no such class")
    except KeyError as error:
        raise ValueError("bad row\nmore") from error


@dg.asset(partitions_def=PARTITIONS, deps=[broken])
def after() -> None: ...


@dg.asset(partitions_def=PARTITIONS, deps=[stage])
def report() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path("/data/STATUS.md")})


@dg.observable_source_asset(key=["raw", "coco"])
def observed() -> dg.ObserveResult:
    return dg.ObserveResult(data_version=dg.DataVersion("1"))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """An event log for tests that look at one run of it only."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


def run_of(instance: dg.DagsterInstance, *assets: Any, **options: Any) -> Run:
    """Materialise assets; the run as the journal reads it."""
    options = {"partition_key": "sub", **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = dg.materialize(
            assets,
            selection=[a.key for a in assets],
            instance=instance,
            raise_on_error=False,
            **options,
        )
    found = {r.run.run_id: r.run for r in read_runs(instance, today(), today())}
    return found[result.run_id]


class TestARun:
    def test_has_its_steps_in_order_with_what_became_of_them(
        self, shared: dg.DagsterInstance
    ) -> None:
        run = run_of(shared, after, broken, stage)
        assert [(s.name, s.status) for s in run.steps] == [
            ("stage", "unchanged"),
            ("broken", "failed"),
            ("after", "not_run"),
        ]
        assert (run.status, run.partition, run.targets) == ("failed", "sub", ("after",))
        assert run.steps[2].waits_for == ("broken",)
        assert all(s.seconds is not None for s in run.steps[:2])

    def test_has_the_reason_of_a_failure_and_the_way_out(self, shared: dg.DagsterInstance) -> None:
        broke = run_of(shared, broken).steps[0]
        assert (broke.reason, broke.way_out) == ("no space left on /data", "free some space")
        [failed] = run_of(shared, surprised).steps
        assert failed.reason == "KeyError: 'no such class'"

    def test_that_was_stopped_is_cancelled_and_no_failure(self, shared: dg.DagsterInstance) -> None:
        @dg.asset
        def stopped() -> None:
            raise DagsterExecutionInterruptedError

        run = run_of(shared, stopped, partition_key=None)
        assert [(s.name, s.status) for s in run.steps] == [("stopped", "cancelled")]
        assert (run.status, run.reason) == ("cancelled", None)

    def test_has_checks_with_their_text(self, shared: dg.DagsterInstance) -> None:
        [check] = run_of(shared, stage).steps[0].checks
        assert (check.name, check.passed, check.blocking) == ("quotas", False, False)
        assert check.text == "short: person 4 of 5"

    def test_has_the_path_of_a_document(self, shared: dg.DagsterInstance) -> None:
        [made] = run_of(shared, report).steps
        assert (made.status, made.path) == ("built", "/data/STATUS.md")

    def test_has_a_command_that_does_the_same(self, shared: dg.DagsterInstance) -> None:
        assert run_of(shared, broken, stage).command == (
            "dagster asset materialize --select stage,broken --partition sub"
        )

    @pytest.mark.parametrize(
        ("tags", "by", "name"),
        [
            ({}, "CLI", ""),
            ({"dagster/schedule_name": "nightly"}, "schedule", "nightly"),
            ({"dagster/sensor_name": "new_files"}, "sensor", "new_files"),
            (
                {"dagster/from_automation_condition": "true", "dagster/sensor_name": "auto"},
                "automation",
                "auto",
            ),
            ({"dagster/backfill": "abcd"}, "backfill", "abcd"),
        ],
    )
    def test_says_what_launched_it(
        self, shared: dg.DagsterInstance, tags: dict[str, str], by: str, name: str
    ) -> None:
        run = run_of(shared, stage, tags={**tags, "user": "kim"})
        assert (run.launched_by, run.launcher, run.user) == (by, name, "kim")

    def test_without_partitions_has_none(self, shared: dg.DagsterInstance) -> None:
        @dg.asset
        def plain() -> None: ...

        run = run_of(shared, plain, partition_key=None)
        assert (run.partition, run.command) == ("", "dagster asset materialize --select plain")


class TestADeadRun:
    @pytest.fixture
    def begun(self, instance: dg.DagsterInstance) -> dg.DagsterRun:
        """A run that has begun and says nothing more."""
        job = dg.Definitions([stage]).resolve_implicit_global_asset_job_def()
        run = instance.create_run_for_job(job, tags={"dagster/partition": "sub"})
        instance.report_dagster_event(
            dg.DagsterEvent("PIPELINE_START", job.name), run_id=run.run_id
        )
        return run

    def read(self, instance: dg.DagsterInstance) -> Run:
        [logged] = read_runs(instance, today(), today())
        return logged.run

    def test_is_in_progress_while_its_process_lives(
        self, instance: dg.DagsterInstance, begun: dg.DagsterRun
    ) -> None:
        leave_process_id(instance, begun.run_id)
        assert (self.read(instance).status, self.read(instance).ended) == ("running", None)

    def test_has_the_last_words_of_the_step_that_was_at_work(
        self, instance: dg.DagsterInstance, begun: dg.DagsterRun
    ) -> None:
        start = dg.DagsterEvent("STEP_START", begun.job_name, step_key="stage")
        instance.report_dagster_event(start, run_id=begun.run_id)
        for text in ("epoch 1/30", "epoch 2/30"):
            entry = dg.EventLogEntry(None, 10, text, begun.run_id, time.time(), "stage")
            instance.handle_new_event(entry)
        [step] = self.read(instance).steps
        assert (step.status, step.last_words) == ("running", "epoch 2/30")

    def test_is_killed_once_its_process_is_gone(
        self, instance: dg.DagsterInstance, begun: dg.DagsterRun
    ) -> None:
        leave_process_id(instance, begun.run_id)
        alive = instance.get_run_by_id(begun.run_id)
        assert alive is not None
        instance.add_run_tags(begun.run_id, {TAG: f"{alive.tags[TAG]}0"})
        found = self.read(instance)
        assert found.status == "killed"
        assert found.ended is not None  # the last sign of life

    def test_is_killed_where_another_run_has_found_that_out(
        self, instance: dg.DagsterInstance, begun: dg.DagsterRun
    ) -> None:
        end_dead_runs(instance, begun.run_id)
        found = self.read(instance)
        assert found.status == "killed"
        assert found.ended is not None
        assert found.ended - found.started < timedelta(minutes=1)

    def test_of_another_host_is_not_judged(self) -> None:
        assert lives("elsewhere/pid:[1] 1 1") is None

    def test_that_was_cancelled_is_cancelled(
        self, instance: dg.DagsterInstance, begun: dg.DagsterRun
    ) -> None:
        instance.report_run_canceled(begun)
        assert self.read(instance).status == "cancelled"


class TestDays:
    def test_hold_only_runs_of_their_own(self, instance: dg.DagsterInstance) -> None:
        run_of(instance, stage)
        yesterday = today() - timedelta(days=1)
        assert read_runs(instance, yesterday, yesterday) == []
        assert days_with_runs(instance) == {today()}

    def test_are_read_with_runs_that_are_only_in_the_catalog(
        self, instance: dg.DagsterInstance, settings: Settings
    ) -> None:
        Catalog(settings.catalog_path).record(
            "dataset_v9", "sub", Build("key"), RecordedRun("wiped")
        )
        run_of(instance, report)
        now = datetime.now().astimezone()
        [day] = read_days(settings, instance, today(), today(), now)
        assert [run.status for run in day.runs] == ["forgotten", "success"]

    def test_without_anything_are_an_error(
        self, instance: dg.DagsterInstance, settings: Settings
    ) -> None:
        with pytest.raises(HobanError, match="nothing has happened yet"):
            last_day(settings, instance)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env(
        {"DAGSTER_HOME": str(tmp_path), "HOBAN_DATA_ROOT": "data", "HOBAN_LANG": "ko"}
    )


class TestTheDocument:
    def test_is_written_with_a_file_for_each_day(
        self,
        instance: dg.DagsterInstance,
        settings: Settings,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        run_of(instance, broken)
        monkeypatch.setattr("hoban_assets.reporting.journal.events.event_log", lambda: instance)
        lines: list[str] = []
        written = write_journal(settings, "sub", lines.append)
        first, day = written.files
        assert first == settings.reports / "JOURNAL.md"
        assert day == settings.reports / "journal" / f"{today()}.md"
        assert f"# 개발 일지 {today()}" in day.read_text(encoding="utf-8")
        assert "no space left on /data" in first.read_text(encoding="utf-8")
        assert written.preview in day.read_text(encoding="utf-8")
        assert written.numbers == {"days": 1, "runs_of_last_day": 1, "left_failed": 1}
        assert lines == [f"journal of {today()}: 1 runs"]


class TestTheEventLog:
    def test_needs_dagster_home(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        with pytest.raises(HobanError, match=r"DAGSTER_HOME is not set -> run '\. \./env\.sh'"):
            event_log()
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "gone"))
        with pytest.raises(HobanError, match="gone is no folder"):
            event_log()
