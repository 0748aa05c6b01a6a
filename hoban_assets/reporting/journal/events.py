"""Runs of a journal from Dagster's event log. The one module of it that imports dagster."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType as Event

from hoban_assets.errors import HobanError
from hoban_assets.howto import build, with_partition
from hoban_assets.processes.seen import TAG, lives
from hoban_assets.reporting.journal.entries import (
    Run,
    RunStatus,
    Step,
    midnight,
)
from hoban_assets.reporting.journal.steps import (
    is_interruption,
    local_time,
    run_reason,
    steps_of,
    type_of,
)

READ = {
    Event.STEP_START,
    Event.STEP_SUCCESS,
    Event.STEP_FAILURE,
    Event.STEP_SKIPPED,
    Event.ASSET_MATERIALIZATION,
    Event.ASSET_OBSERVATION,
    Event.ASSET_CHECK_EVALUATION,
    Event.RUN_FAILURE,
    Event.RUN_CANCELED,
}
_AFTERWARDS = {Event.RUN_FAILURE, Event.RUN_CANCELED, Event.RUN_CANCELING, Event.ENGINE_EVENT}
_NEWEST = 200
"""Events at the end of a run that did not end by itself, among which its last words are."""
_CUT_OFF: tuple[RunStatus, ...] = ("running", "cancelled", "killed")
GONE = "The process of this run is gone"
"""How `components/dead_runs.py` begins the end of a killed run."""
_STATUS: Mapping[str, RunStatus] = {
    "SUCCESS": "success",
    "FAILURE": "failed",
    "CANCELED": "cancelled",
    "STARTED": "running",
    "CANCELING": "running",
    "STARTING": "running",
}


@dataclass(frozen=True)
class LoggedRun:
    """A run with what joins it to the catalog."""

    run: Run
    numbers: Mapping[str, tuple[int, bool]] = field(default_factory=dict)
    """Step -> number of its materialisation in the catalog, and whether it was used again."""


def event_log() -> dg.DagsterInstance:
    """Open Dagster's event log.

    Raises:
        HobanError: DAGSTER_HOME is not set, or is no folder.
    """
    home = os.environ.get("DAGSTER_HOME", "")
    if not home:
        raise HobanError(
            "there is no event log to read: DAGSTER_HOME is not set",
            "run '. ./env.sh' in the checkout, then again",
        )
    if not Path(home).is_dir():
        raise HobanError(
            f"there is no event log to read: DAGSTER_HOME={home} is no folder",
            "set it to the folder with dagster.yaml ('. ./env.sh' in the checkout does)",
        )
    return dg.DagsterInstance.get()


def days_with_runs(instance: dg.DagsterInstance, newest: int | None = None) -> set[date]:
    """Local days on which a run began or ended, of all runs or the `newest` ones."""
    days = set()
    for record in instance.get_run_records(limit=newest):
        begin = local_time(record.start_time) or record.create_timestamp.astimezone()
        end = local_time(record.end_time) or begin
        days |= {begin.date(), end.date()}
    return days


def read_runs(instance: dg.DagsterInstance, first: date, last: date) -> list[LoggedRun]:
    """Runs that were at work on local days `first` to `last`, with the events that matter."""
    records = instance.get_run_records(
        dg.RunsFilter(
            created_before=midnight(last + timedelta(days=1)).astimezone(UTC),
            # A run that is at work may not have been touched since it began.
            updated_after=(midnight(first) - timedelta(days=30)).astimezone(UTC),
        )
    )
    since = midnight(first)
    return [
        _logged(instance, record)
        for record in records
        if (local_time(record.end_time) or datetime.now().astimezone()) >= since
    ]


def _logged(instance: dg.DagsterInstance, record: Any) -> LoggedRun:
    run = record.dagster_run
    events = instance.all_logs(run.run_id, of_type=READ)
    status = _status(run, events)
    started = local_time(record.start_time) or record.create_timestamp.astimezone()
    ended = local_time(record.end_time)
    newest = _newest(instance, run.run_id) if status in _CUT_OFF else []
    if status == "killed":
        ended = local_time(newest[0].timestamp) if newest else ended
    order, before = _plan(instance, run)
    steps, numbers = steps_of(events, order, before, status, ended)
    steps = [replace(s, last_words=_words(newest, s)) for s in steps]
    failure = next((e for e in events if type_of(e) == Event.RUN_FAILURE), None)
    reason, way_out = run_reason(failure, steps) if status == "failed" else (None, None)
    targets = tuple(k for k in order if not any(k in b for b in before.values()))
    partition = _partition(run.tags)
    return LoggedRun(
        Run(
            run_id=run.run_id,
            status=status,
            started=started,
            ended=ended,
            steps=tuple(steps),
            targets=targets,
            partition=partition,
            command=_command(run, order, partition),
            reason=reason,
            way_out=way_out,
            **_launch(run),
        ),
        numbers,
    )


def _status(run: Any, events: Sequence[Any]) -> RunStatus:
    found = _STATUS.get(run.status.value, "queued")
    ends = [e.dagster_event for e in events if type_of(e) == Event.RUN_FAILURE]
    if any(GONE in (end.message or "") for end in ends):
        return "killed"
    if found == "running" and lives(run.tags.get(TAG, "")) is False:
        return "killed"
    # Ctrl-C on the command line is a failure to Dagster.
    if found == "failed" and any(is_interruption(end.job_failure_data) for end in ends):
        return "cancelled"
    return found


def _newest(instance: dg.DagsterInstance, run_id: str) -> list[Any]:
    """Return the last events that the run wrote itself, the newest first."""
    records = instance.get_records_for_run(run_id, limit=_NEWEST, ascending=False).records
    events = [record.event_log_entry for record in records]
    return [event for event in events if type_of(event) not in _AFTERWARDS]


def _words(newest: Sequence[Any], step: Step) -> str:
    """Return what a step logged last, where it did not end by itself."""
    if step.status not in _CUT_OFF:
        return ""
    own = (e for e in newest if e.step_key == step.name and e.dagster_event is None)
    return next((e.user_message for e in own), "")


def _plan(instance: dg.DagsterInstance, run: Any) -> tuple[list[str], dict[str, set[str]]]:
    """Steps in their order, and of each the steps that must be done before."""
    if not run.execution_plan_snapshot_id:
        return sorted(run.step_keys_to_execute or ()), {}
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    order = list(plan.step_keys_to_execute)
    before = {
        step.key: {h.step_key for i in step.inputs for h in i.upstream_output_handles} & set(order)
        for step in plan.steps
        if step.key in order
    }
    return order, before


def _command(run: Any, order: Sequence[str], partition: str) -> str:
    """Return a command that does the same again."""
    if not run.job_name.startswith("__"):
        return with_partition(f"dg launch --job {shlex.quote(run.job_name)}", partition)
    keys = {key.to_user_string() for key in run.asset_selection or ()}
    names = [k for k in order if k in keys or not keys] + sorted(keys - set(order))
    return build(*names, partition=partition)


def _partition(tags: Mapping[str, str]) -> str:
    first = tags.get("dagster/asset_partition_range_start")
    if first:
        return f"{first}...{tags.get('dagster/asset_partition_range_end', first)}"
    return tags.get("dagster/partition", "")


def _launch(run: Any) -> dict[str, str]:
    """Return who or what launched a run: only its tags tell, and whether it came by the server."""
    tags = run.tags
    by, name = ("UI" if run.remote_job_origin else "CLI"), ""
    for kind, tag in (
        ("sensor", "dagster/sensor_name"),
        ("schedule", "dagster/schedule_name"),
        ("backfill", "dagster/backfill"),
        ("automation", "dagster/from_automation_condition"),
    ):
        if tag in tags:
            by, name = kind, tags[tag]
    if by == "automation":
        name = tags.get("dagster/sensor_name", "")
    return {
        "launched_by": by,
        "launcher": name,
        "user": tags.get("user") or tags.get("dagster/reporting_user") or "",
        "again": run.parent_run_id or tags.get("dagster/parent_run_id") or "",
    }
