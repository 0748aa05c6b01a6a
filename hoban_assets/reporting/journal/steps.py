"""One step of a run from its events in Dagster's log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import dagster as dg
from dagster import DagsterEventType as Event

from hoban_assets.reporting.journal.entries import CheckEntry, RunStatus, Step, StepStatus
from hoban_assets.reporting.metadata import in_english

_ERROR_LINE = re.compile(r"^[\w.]*(Error|Exception|Interrupt|Failure|Exit)\b:?.*", re.MULTILINE)
_DONE = ("built", "unchanged", "done")
_INTERRUPTIONS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")


def steps_of(
    events: Sequence[Any],
    order: Sequence[str],
    before: Mapping[str, set[str]],
    run_status: RunStatus,
    ended: datetime | None,
) -> tuple[list[Step], dict[str, tuple[int, bool]]]:
    """One `Step` for each step of the plan, in the order in which they were at work."""
    of: dict[str, list[Any]] = {key: [] for key in order}
    for event in events:
        if event.step_key:
            of.setdefault(event.step_key, []).append(event)
    steps, numbers = {}, {}
    for key, its in of.items():
        steps[key] = _step(key, its, run_status, ended)
        for event in its:
            if (number := _number(event)) is not None:
                numbers[steps[key].name] = number
    names = {key: step.name for key, step in steps.items()}
    done = {key for key, step in steps.items() if step.status in _DONE}
    waiting = [
        _waiting(step, sorted(names[b] for b in before.get(key, ()) if b not in done))
        for key, step in steps.items()
    ]
    far = datetime.max.replace(tzinfo=UTC)
    return sorted(waiting, key=lambda s: s.started or far), numbers


def _waiting(step: Step, waits_for: list[str]) -> Step:
    if step.status != "not_run":
        return step
    return Step(step.name, "not_run", waits_for=tuple(waits_for))


def _step(key: str, events: Sequence[Any], run_status: RunStatus, ended: datetime | None) -> Step:
    start = last_of(events, Event.STEP_START)
    made = last_of(events, Event.ASSET_MATERIALIZATION)
    seen = last_of(events, Event.ASSET_OBSERVATION)
    failed = last_of(events, Event.STEP_FAILURE)
    end = last_of(events, Event.STEP_SUCCESS) or failed
    asset = (made or seen).dagster_event.asset_key if made or seen else None
    metadata = in_english(made.dagster_event.materialization.metadata) if made else {}
    begun = local_time(start.timestamp) if start else None
    over = local_time(end.timestamp) if end else (ended if begun else None)
    status = _step_status(run_status, start, end, failed, made, seen)
    reason, way_out = _step_reason(failed) if failed and status == "failed" else (None, None)
    path = metadata.get("path")
    return Step(
        name=asset.to_user_string() if asset else key,
        status=status,
        started=begun,
        ended=over,
        seconds=(over - begun).total_seconds() if begun and over else None,
        checks=tuple(_check(e) for e in events if type_of(e) == Event.ASSET_CHECK_EVALUATION),
        reason=reason,
        way_out=way_out,
        path=str(path.value) if path else None,
    )


def _step_status(
    run_status: RunStatus, start: Any, end: Any, failed: Any, made: Any, seen: Any
) -> StepStatus:
    if end is None:
        if start is None:
            return "waiting" if run_status in ("running", "queued") else "not_run"
        if run_status in ("cancelled", "killed", "running"):
            return cast(StepStatus, run_status)
        return "failed"
    if failed is end:
        return "cancelled" if is_interruption(failed.dagster_event.step_failure_data) else "failed"
    if made:
        number = _number(made)
        return "unchanged" if number and number[1] else "built"
    return "observed" if seen else "done"


def _number(event: Any) -> tuple[int, bool] | None:
    """Return the number in the catalog of what an event tells, and whether it was used again."""
    if type_of(event) != Event.ASSET_MATERIALIZATION:
        return None
    metadata = in_english(event.dagster_event.materialization.metadata)
    if "materialization_id" not in metadata:
        return None
    reused = metadata.get("reused")
    return int(metadata["materialization_id"].value), bool(reused and reused.value)


def _check(event: Any) -> CheckEntry:
    found = event.dagster_event.asset_check_evaluation_data
    blocking = found.severity == dg.AssetCheckSeverity.ERROR
    return CheckEntry(found.check_name, found.passed, blocking, found.description or "")


def _step_reason(event: Any) -> tuple[str | None, str | None]:
    data = event.dagster_event.step_failure_data
    told = data.user_failure_data
    if told and told.description:
        way_out = in_english(told.metadata).get("way out")
        return _split(told.description, str(way_out.value) if way_out else None)
    error = data.error
    while error and error.cause:
        error = error.cause
    return _split(error.message if error else "", None)


def run_reason(event: Any, steps: Iterable[Step]) -> tuple[str | None, str | None]:
    """Why a run failed, where no step of it says so."""
    if event is None or any(step.reason for step in steps):
        return None, None
    data = event.dagster_event.job_failure_data
    text = data.error.message if data and data.error else event.dagster_event.message or ""
    *_, cause = text.split("was caused by the following exception:\n")
    found = _ERROR_LINE.search(cause)
    return _split(found[0] if found and cause is not text else cause, None)


def is_interruption(failure: Any) -> bool:
    """Whether a step or a run failed as somebody stopped it (Ctrl-C, Terminate in the UI)."""
    error = failure.error if failure else None
    while error:
        if error.cls_name in _INTERRUPTIONS:
            return True
        error = error.cause
    return False


def _split(text: str, way_out: str | None) -> tuple[str | None, str | None]:
    """Return the first line of a reason, and the way out that a HobanError has after '->'."""
    first = (text.strip().splitlines() or [""])[0]
    problem, arrow, rest = first.partition(" -> ")
    return problem or None, way_out or (rest if arrow else None)


def last_of(events: Sequence[Any], kind: Event) -> Any:
    """The last event of a kind, or None."""
    return next((e for e in reversed(events) if type_of(e) == kind), None)


def type_of(entry: Any) -> Event | None:
    """Kind of an event; None of a line that code has logged."""
    return entry.dagster_event.event_type if entry.dagster_event else None


def local_time(timestamp: float | None) -> datetime | None:
    """Seconds since the epoch as a local time."""
    return datetime.fromtimestamp(timestamp, UTC).astimezone() if timestamp else None
