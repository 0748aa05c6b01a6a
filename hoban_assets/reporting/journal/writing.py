"""The development journal: what was done hour by hour, from the event log and the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from hoban_assets.errors import HobanError
from hoban_assets.howto import build_first
from hoban_assets.language import speaker
from hoban_assets.reporting.journal.builds import days_with_builds, read_builds
from hoban_assets.reporting.journal.document import journal, of_day
from hoban_assets.reporting.journal.entries import Build, Day, Run, Step, days_of
from hoban_assets.reporting.journal.summary import summarise
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.report import Report, save
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from hoban_assets.reporting.journal.events import LoggedRun

NEWEST_RUNS = 50
"""Runs among which the last day on which something happened is looked for."""
DAYS_SHOWN = 7
"""Days of JOURNAL.md."""


def read_days(
    settings: Settings, instance: DagsterInstance, first: date, last: date, now: datetime
) -> list[Day]:
    """Read the local days `first` to `last` on which something happened, oldest first."""
    from hoban_assets.reporting.journal.events import read_runs

    logged = read_runs(instance, first, last)
    numbers = [number for run in logged for number, _ in run.numbers.values()]
    with _asking(settings) as ask:
        runs = [run.run.run_id for run in logged]
        builds = read_builds(ask, runs, numbers, first, last) if ask else {}
    return days_of(joined(logged, builds, first, last), first, last, now)


def last_day(settings: Settings, instance: DagsterInstance) -> date:
    """Return the last local day on which something happened.

    Raises:
        HobanError: nothing ever happened.
    """
    return max(active_days(settings, instance, NEWEST_RUNS))


def active_days(
    settings: Settings, instance: DagsterInstance, newest_runs: int | None = None
) -> list[date]:
    """Return the local days on which something happened, oldest first.

    Raises:
        HobanError: there are none.
    """
    from hoban_assets.reporting.journal.events import days_with_runs

    days = days_with_runs(instance, newest_runs)
    with _asking(settings) as ask:
        days |= days_with_builds(ask) if ask else set()
    if not days:
        raise HobanError(
            "nothing has happened yet: there are no runs and there is no catalog",
            f"run: {build_first('sub')} (or set DAGSTER_HOME and HOBAN_DATA_ROOT to where they "
            "are)",
        )
    return sorted(days)


def joined(
    logged: Iterable[LoggedRun], builds: Mapping[int, Build], first: date, last: date
) -> list[Run]:
    """Join runs with what the catalog holds of them.

    What was built from day `first` to `last` by a run that Dagster has forgotten comes too.
    """
    of_run = {(b.run_id, b.asset): b for b in builds.values()}
    runs, known = [], set()
    for found in logged:
        known.add(found.run.run_id)
        steps = [_with_build(step, found, builds, of_run) for step in found.run.steps]
        runs.append(replace(found.run, steps=tuple(steps)))
    forgotten: dict[tuple[str, str], list[Build]] = {}
    for build in builds.values():
        if build.run_id not in known and first <= build.created_at.date() <= last:
            forgotten.setdefault((build.run_id or "", build.partition), []).append(build)
    return runs + [_forgotten(*key, its) for key, its in forgotten.items()]


def _with_build(
    step: Step,
    found: LoggedRun,
    builds: Mapping[int, Build],
    of_run: Mapping[tuple[str | None, str], Build],
) -> Step:
    """Killed between the catalog and the event log, only the catalog knows what a step built."""
    number = found.numbers.get(step.name)
    build = builds.get(number[0]) if number else of_run.get((found.run.run_id, step.name))
    if build is None:
        return step
    # A training that was found finished hands over the same model as another materialisation.
    again = build.model is not None and build.same_as is not None and step.status == "built"
    return replace(step, build=build, status="unchanged" if again else step.status)


def _forgotten(run_id: str, partition: str, builds: list[Build]) -> Run:
    in_order = sorted(builds, key=lambda build: build.created_at)
    return Run(
        run_id=run_id,
        status="forgotten",
        started=in_order[0].created_at,
        ended=in_order[-1].created_at,
        steps=tuple(
            Step(b.asset, "built", ended=b.created_at, build=b, checks=b.checks) for b in in_order
        ),
        targets=tuple(b.asset for b in in_order if not _is_input(b, in_order)),
        partition=partition,
    )


def _is_input(build: Build, others: Iterable[Build]) -> bool:
    return any(build.asset == name for other in others for name, _ in other.inputs)


def write_journal(settings: Settings, partition: str, log: Callable[[str], None]) -> Report:
    """Write ``reports/JOURNAL.md`` (the last days, newest first) and ``reports/journal/<day>.md``.

    A day tells of both partitions, so `partition` changes nothing. The newest days are written
    again each time; an older one only where its file is missing: so a journal outlives the runs
    that are wiped from Dagster.

    Raises:
        HobanError: there is no event log, or nothing has happened yet.
    """
    from hoban_assets.reporting.journal.events import event_log

    instance, now = event_log(), datetime.now().astimezone()
    say = speaker(settings.language)
    dates = active_days(settings, instance)
    folder = settings.reports / "journal"
    newest = set(dates[-DAYS_SHOWN:])
    wanted = [d for d in dates if d in newest or not (folder / f"{d}.md").exists()]
    days = read_days(settings, instance, wanted[0], wanted[-1], now)
    days = [day for day in days if day.date in wanted]
    files = []
    for day in days:
        files.append(save(folder / f"{day.date}.md", markdown(of_day(day, say, now))))
        log(f"journal of {day.date}: {len(day.runs)} runs")
    shown = [day for day in reversed(days) if day.date in newest]
    first = save(settings.reports / "JOURNAL.md", markdown(journal(shown, say, now)))
    today = summarise(shown[0], now)
    return Report(
        files=(first, *reversed(files)),
        preview=markdown(of_day(shown[0], say, now)),
        numbers={
            "days": len(dates),
            "runs_of_last_day": sum(today.runs.values()),
            "left_failed": len(today.left_failed),
        },
    )


def as_markdown(days: Sequence[Day], language: str, now: datetime) -> str:
    """Return one day as it is, several as one document, the newest first."""
    say = speaker(language)
    return markdown(of_day(days[0], say, now) if len(days) == 1 else journal(days[::-1], say, now))


def day_of(text: str, today: date) -> date:
    """Return the day that 'today', 'yesterday' or '2026-11-23' means.

    Raises:
        HobanError: it means none, or one that is still to come.
    """
    words = {"today": 0, "오늘": 0, "yesterday": 1, "어제": 1}
    try:
        day = today - timedelta(days=words[text]) if text in words else date.fromisoformat(text)
    except ValueError as error:
        raise HobanError(
            f"no day {text!r}", "give it as 2026-11-23, or say today or yesterday"
        ) from error
    if day > today:
        raise HobanError(f"{day} is still to come", f"give {today} or a day before it")
    return day


def _asking(settings: Settings):  # type: ignore[no-untyped-def]
    """Open the catalog; None where there is none (every run has failed so far)."""
    from hoban_assets.catalog.answers import asking

    path = settings.catalog_path
    return asking(path, settings.catalog_wait) if path.exists() else nullcontext()
