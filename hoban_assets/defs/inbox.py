"""The inbox: results of a server that are copied into it become materialisations by themselves.

Nothing happens where there is no inbox. By hand: `hoban import-results`.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import time_ns
from typing import Any

import dagster as dg

from hoban_assets.components.common import step
from hoban_assets.components.describing import words
from hoban_assets.components.inbox import Imported, bring_in
from hoban_assets.components.inbox_events import ARCHIVE, JOB, OP, PARTITION
from hoban_assets.components.platform import Platform
from hoban_assets.declared.recipes import declared_recipes
from hoban_assets.handoff.results.archive import Refused
from hoban_assets.handoff.results.inbox_folder import command, is_in, refuse, take_away, waiting
from hoban_assets.settings import Settings

SECONDS = 30
"""Between two looks; an archive must stay the same from one look to the next to count as whole."""
ATTEMPTS = 3
"""Runs for one archive that end without clearing it away: killed, disk full, catalog held."""
RUN_KEY = "dagster/run_key"
say = words()


class ArchiveConfig(dg.Config):
    """Which archive is imported."""

    file: str
    """Name in the inbox; or a path elsewhere, where it stays."""


@dg.op(
    name=OP,
    description=say(
        "Verifies an archive of the inbox and makes it a materialisation of its model."
    ),
    out=dg.Out(dg.Nothing),
)
def import_archive(
    context: dg.OpExecutionContext, config: ArchiveConfig, platform: Platform
) -> Iterator[Any]:
    """Import one archive; it is moved to imported/, or to refused/ with the reason beside it."""
    with step():
        settings = platform.settings()
        file = settings.inbox / config.file
        recipes = {recipe.model: recipe for recipe in declared_recipes()}
        log, run_id = context.log.info, context.run_id
        try:
            found = bring_in(file, settings, recipes, context.instance, log, run_id=run_id)
        except Refused as refused:
            if is_in(file, settings.inbox):
                where = refuse(file, settings.inbox, refused, say)
                context.log.error(f"moved to {where}, with the reason in a text beside it")
            raise
        context.instance.add_run_tags(run_id, {PARTITION: found.partition})
        yield from found.events
        where = take_away(file, settings.inbox, say) if is_in(file, settings.inbox) else file
        log(f"{outcome(found)}; the archive lies in {where}")
        yield dg.Output(
            None,
            metadata={
                "model": dg.MetadataValue.asset(dg.AssetKey(found.model)),
                "partition": found.partition,
                "run folder": dg.MetadataValue.path(str(found.run_dir)),
                "archive": dg.MetadataValue.path(str(where)),
            },
        )


def outcome(found: Imported) -> str:
    """One line for the run's log."""
    what = f"{found.model} [{found.partition}]"
    if found.since and not found.fixed:
        return f"{what} was imported before, on {found.since:%Y-%m-%d %H:%M} UTC: nothing to do"
    return f"imported {what}: {found.run_dir}"


@dg.job(name=JOB, description=say("Imports one archive that a server handed in."))
def import_job() -> None:
    """Import the archive named in the run's configuration."""
    import_archive()


@dataclass(frozen=True)
class Seen:
    """An archive at the last look."""

    size: int
    changed: int
    """Modification, ns since the epoch."""
    since: int
    """When it was first seen, ns since the epoch: one that comes back is asked for anew."""
    attempt: int = 1

    def key(self, name: str) -> str:
        """Run key: one run an archive, an arrival and an attempt."""
        return f"{name} {self.size} {self.changed} {self.since} {self.attempt}"


@dg.sensor(
    name="inbox",
    job=import_job,
    description=say(
        "Looks for results_*.tar in the inbox (HOBAN_INBOX), waits until they are copied to the "
        "end, and imports each."
    ),
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Ask for a run for each archive that did not change since the last look."""
    inbox = Settings.from_env().inbox
    before = {name: Seen(**seen) for name, seen in json.loads(context.cursor or "{}").items()}
    now, requests, notes = {}, [], []
    for file in waiting(inbox):
        try:
            seen = _look(file, before.get(file.name))
        except FileNotFoundError:  # a run has just moved it
            continue
        if seen == before.get(file.name):
            seen, request, note = _next(context.instance, file, seen)
            requests += [request] if request else []
            notes += [note] if note else []
        else:
            notes.append(f"{file.name} is new or still growing: {seen.size:,} bytes")
        now[file.name] = seen
    cursor = json.dumps({name: asdict(seen) for name, seen in now.items()})
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=cursor)
    reason = "; ".join(notes) or f"nothing in {inbox}"
    return dg.SensorResult(skip_reason=reason, cursor=cursor)


def _look(file: Path, before: Seen | None) -> Seen:
    status = file.stat()
    size, changed = status.st_size, status.st_mtime_ns
    if before and (before.size, before.changed) == (size, changed):
        return before
    return Seen(size, changed, before.since if before else time_ns())


def _next(
    instance: dg.DagsterInstance, file: Path, seen: Seen
) -> tuple[Seen, dg.RunRequest | None, str]:
    """What to do about an archive that lies there whole: ask for a run, or wait for that asked."""
    run = _run_of(instance, seen.key(file.name))
    if run is not None and not run.is_finished:
        return seen, None, f"{file.name} is being imported by run {run.run_id[:8]}"
    if run is not None:
        if seen.attempt == ATTEMPTS:
            last = f"{ATTEMPTS} runs did not import {file.name} (the last: {run.run_id[:8]})"
            return seen, None, f"{last}; by hand: {command(file)}"
        seen = replace(seen, attempt=seen.attempt + 1)
    request = dg.RunRequest(
        run_key=seen.key(file.name),
        tags={ARCHIVE: file.name},
        run_config=dg.RunConfig(ops={OP: ArchiveConfig(file=file.name)}),
    )
    return seen, request, ""


def _run_of(instance: dg.DagsterInstance, key: str) -> Any:
    found = instance.get_runs(dg.RunsFilter(tags={RUN_KEY: key}), limit=1)
    return found[0] if found else None
