"""Hand-made runs of 23 November 2026, for the tests of the journal."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hoban_assets.reporting.journal.entries import (
    Build,
    CheckEntry,
    Day,
    ModelFigures,
    Removal,
    Run,
    Step,
    days_of,
)

DAY = date(2026, 11, 23)


def at(hour: float, day: date = DAY) -> datetime:
    """Local time, hours after midnight."""
    return datetime(day.year, day.month, day.day).astimezone() + timedelta(hours=hour)


NOW = at(23)


def build(number: int, asset: str, **known: Any) -> Build:
    return Build(number, asset, "sub", "run-1", at(14), **known)


DATASET = build(
    5,
    "dataset_v9",
    images=369,
    boxes=527,
    ignore_regions=1,
    images_in=1479,
    classes={"person": 400, "fallen": 127},
    inputs=(("helmet_60k", "7f8bbb1c7ea1cbe0"), ("fallen_pool", "e94aaabfb70598f3")),
    removed=(Removal("near_duplicate", 1059, 96), Removal("area_too_large", 0, 1)),
    path="/data/artifacts/dataset_v9",
)
MODEL = build(
    6,
    "model_v9",
    inputs=(("dataset_v9", "66bba02b217d1361"),),
    model=ModelFigures(30, 28, 0.868, 0.593, {"person": 0.71}),
)
WARNING = CheckEntry("quotas_reached", False, False, "short: person 400 of\n3,000 boxes")
PASSED = CheckEntry("conservation", True, True, "in = kept + dropped")


def step(name: str, status: Any, start: float, end: float | None, **known: Any) -> Step:
    return Step(
        name,
        status,
        at(start),
        None if end is None else at(end),
        None if end is None else (end - start) * 3600,
        **known,
    )


def run(run_id: str, status: Any, start: float, end: float | None, **known: Any) -> Run:
    known = {"partition": "sub", **known}
    return Run(run_id, status, at(start), None if end is None else at(end), **known)


def day(*runs: Run) -> Day:
    (made,) = days_of(runs, DAY, DAY, NOW)
    return made


BUILT = run(
    "865bb7ee-43dd",
    "success",
    14.5,
    14.75,
    targets=("dataset_v9",),
    command="dagster asset materialize --select dataset_v9 --partition sub",
    steps=(
        step(
            "fallen_pool",
            "unchanged",
            14.5,
            14.51,
            build=build(4, "fallen_pool", images=134, boxes=137),
            checks=(WARNING,),
        ),
        step("dataset_v9", "built", 14.52, 14.75, build=DATASET, checks=(PASSED, WARNING)),
    ),
)
TRAINED = run(
    "aaaabbbb-0000",
    "success",
    15.0,
    18.0,
    targets=("model_v9",),
    steps=(step("model_v9", "built", 15.0, 18.0, build=MODEL),),
)
FAILED = run(
    "ccccdddd-0000",
    "failed",
    16.0,
    16.5,
    targets=("model_v8",),
    launched_by="schedule",
    launcher="nightly",
    user="kim",
    again="865bb7ee-43dd",
    steps=(
        step(
            "dataset_v8",
            "failed",
            16.0,
            16.5,
            reason="no space left on /data",
            way_out="free some space",
        ),
        Step("model_v8", "not_run", waits_for=("dataset_v8",)),
    ),
)
