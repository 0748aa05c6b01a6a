"""What a journal holds: runs, the steps in them, what each built; by day. Pure, without Dagster.

All times are local and know their zone; all durations are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

StepStatus = Literal[
    "built",
    "unchanged",
    "observed",
    "done",
    "running",
    "waiting",
    "failed",
    "cancelled",
    "killed",
    "not_run",
]
RunStatus = Literal["success", "failed", "cancelled", "killed", "running", "queued", "forgotten"]
"""'forgotten': Dagster has no record of the run any more, the catalog still has what it built."""


@dataclass(frozen=True)
class CheckEntry:
    """Outcome of a check; `text` says what was found."""

    name: str
    passed: bool
    blocking: bool
    text: str


@dataclass(frozen=True)
class Removal:
    """What one rule took away, images and boxes (those of the removed images among them)."""

    rule: str
    images: int
    boxes: int


@dataclass(frozen=True)
class ModelFigures:
    """A trained model at its best epoch, each class judged only where its source labels it."""

    epochs: int
    best_epoch: int | None = None
    map50: float | None = None
    map50_95: float | None = None
    classes: Mapping[str, float] = field(default_factory=dict)
    """AP50 of each class."""


@dataclass(frozen=True)
class Build:
    """What the catalog knows of one materialisation."""

    number: int
    asset: str
    partition: str
    run_id: str | None
    created_at: datetime
    images: int | None = None
    boxes: int | None = None
    ignore_regions: int | None = None
    images_in: int | None = None
    """Images that the first stage was given."""
    classes: Mapping[str, int] = field(default_factory=dict)
    """Boxes of each class."""
    inputs: tuple[tuple[str, str], ...] = ()
    """(asset or raw folder, data version)."""
    removed: tuple[Removal, ...] = ()
    """Most images first, then most boxes."""
    checks: tuple[CheckEntry, ...] = ()
    path: str | None = None
    model: ModelFigures | None = None
    same_as: int | None = None
    """The materialisation before it that was made from the same, where there is one."""


@dataclass(frozen=True)
class Step:
    """One asset in one run (or a step that makes none)."""

    name: str
    status: StepStatus
    started: datetime | None = None
    ended: datetime | None = None
    seconds: float | None = None
    build: Build | None = None
    checks: tuple[CheckEntry, ...] = ()
    reason: str | None = None
    way_out: str | None = None
    waits_for: tuple[str, ...] = ()
    """Of a step that was not run: the steps before it that did not succeed."""
    path: str | None = None
    last_words: str = ""
    """What a step that did not end, or has not yet, has logged last."""


@dataclass(frozen=True)
class Run:
    """One run."""

    run_id: str
    status: RunStatus
    started: datetime
    ended: datetime | None
    """None while it runs; of a killed run the last sign of life."""
    steps: tuple[Step, ...] = ()
    targets: tuple[str, ...] = ()
    """Its assets that no other of its assets was made for."""
    partition: str = ""
    command: str = ""
    launched_by: str = "CLI"
    """'CLI', 'UI', 'schedule', 'sensor', 'backfill', 'automation'."""
    launcher: str = ""
    """Name of the schedule or sensor, number of the backfill."""
    user: str = ""
    again: str = ""
    """The run that this one repeats."""
    reason: str | None = None
    way_out: str | None = None

    def until(self, now: datetime) -> datetime:
        """Until when it was at work."""
        return self.ended or (self.started if self.status == "queued" else now)

    def seconds(self, now: datetime) -> float:
        """How long it took, or has been at work."""
        return (self.until(now) - self.started).total_seconds()


@dataclass(frozen=True)
class Day:
    """One local day: the runs that were at work on it, in the order of their start."""

    date: date
    runs: tuple[Run, ...]

    @property
    def start(self) -> datetime:
        """Local midnight."""
        return midnight(self.date)

    @property
    def end(self) -> datetime:
        """The next local midnight."""
        return midnight(self.date + timedelta(days=1))

    def hours(self) -> dict[int | None, list[Run]]:
        """Runs by the hour of their start; None: they began on an earlier day."""
        found: dict[int | None, list[Run]] = {}
        for run in self.runs:
            found.setdefault(run.started.hour if run.started >= self.start else None, []).append(
                run
            )
        return found


def midnight(day: date) -> datetime:
    """Begin of a local day."""
    return datetime.combine(day, time.min).astimezone()


def days_of(runs: Iterable[Run], first: date, last: date, now: datetime) -> list[Day]:
    """Days from `first` to `last` on which a run was at work, oldest first."""
    ordered = sorted(runs, key=lambda run: (run.started, run.run_id))
    days = []
    for number in range((last - first).days + 1):
        day = Day(first + timedelta(days=number), ())
        there = [r for r in ordered if r.started < day.end and r.until(now) >= day.start]
        if there:
            days.append(Day(day.date, tuple(there)))
    return days
