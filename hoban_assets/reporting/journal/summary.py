"""The numbers of a journal's day: what was done, what it took, what is left failed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hoban_assets.reporting.journal.entries import (
    CheckEntry,
    Day,
    Run,
    RunStatus,
    Step,
    StepStatus,
)

LEFT_FAILED: frozenset[StepStatus] = frozenset({"failed", "cancelled", "killed", "not_run"})


@dataclass(frozen=True)
class Outcome:
    """What last became of an asset and partition on a day."""

    asset: str
    partition: str
    step: Step
    run: Run


@dataclass(frozen=True)
class Summary:
    """The numbers of a day."""

    runs: Mapping[RunStatus, int]
    steps: Mapping[StepStatus, int]
    busy_seconds: float
    """Time during which at least one run was at work."""
    outcomes: tuple[Outcome, ...]
    best: Outcome | None
    """The model of the day with the highest mAP50."""
    warnings: tuple[tuple[Outcome, CheckEntry], ...]

    @property
    def left_failed(self) -> tuple[Outcome, ...]:
        """Assets whose last word of the day was no success."""
        return tuple(o for o in self.outcomes if o.step.status in LEFT_FAILED)


def summarise(day: Day, now: datetime) -> Summary:
    """Count what happened on the day itself: steps that ended on another one are not its own."""
    runs: dict[RunStatus, int] = {}
    steps: dict[StepStatus, int] = {}
    last: dict[tuple[str, str], Outcome] = {}
    for run in day.runs:
        runs[run.status] = runs.get(run.status, 0) + 1
    in_order = [
        (step.ended or run.until(now), n, step, run)
        for n, run in enumerate(day.runs)
        for step in run.steps
    ]
    for when, _, step, run in sorted(in_order, key=lambda item: item[:2]):
        if day.start <= when < day.end:
            steps[step.status] = steps.get(step.status, 0) + 1
            last.pop((step.name, run.partition), None)  # in the order of their last time
            last[step.name, run.partition] = Outcome(step.name, run.partition, step, run)
    outcomes = tuple(last.values())
    models = [o for o in outcomes if map50_of(o.step) is not None]
    return Summary(
        runs=runs,
        steps=steps,
        busy_seconds=busy_seconds(day, now),
        outcomes=outcomes,
        best=max(models, key=lambda o: map50_of(o.step) or 0.0, default=None),
        warnings=tuple((o, c) for o in outcomes for c in o.step.checks if not c.passed),
    )


def map50_of(step: Step) -> float | None:
    """Return mAP50 of the model that a step left, None where it is none."""
    return step.build.model.map50 if step.build and step.build.model else None


def busy_seconds(day: Day, now: datetime) -> float:
    """Seconds of the day during which at least one run was at work."""
    total, until = 0.0, day.start
    for run in sorted(day.runs, key=lambda run: run.started):
        start, end = max(run.started, until), min(run.until(now), day.end)
        total += max(0.0, (end - start).total_seconds())
        until = max(until, end)
    return total


def as_json(days: Sequence[Day], now: datetime) -> list[dict[str, Any]]:
    """Return days, runs and steps as plain values, with the summary of each day."""
    return [
        {
            "day": day.date.isoformat(),
            "summary": _summary_json(summarise(day, now)),
            "runs": [{**asdict(run), "seconds": round(run.seconds(now), 1)} for run in day.runs],
        }
        for day in days
    ]


def _summary_json(summary: Summary) -> dict[str, Any]:
    best = summary.best
    return {
        "runs": dict(summary.runs),
        "steps": dict(summary.steps),
        "busy_seconds": round(summary.busy_seconds, 1),
        "best_model": best
        and {"asset": best.asset, "partition": best.partition, "mAP50": map50_of(best.step)},
        "warnings": [
            {"asset": o.asset, "partition": o.partition, **asdict(c)} for o, c in summary.warnings
        ],
        "left_failed": [
            {
                "asset": o.asset,
                "partition": o.partition,
                "status": o.step.status,
                "reason": o.step.reason or o.run.reason,
                "way_out": o.step.way_out or o.run.way_out,
            }
            for o in summary.left_failed
        ],
    }
