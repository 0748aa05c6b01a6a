"""Builds assets in one run of Dagster, in this process, and reports what happens meanwhile.

The steps run in processes of their own, as always; what they say stands in Dagster's event log,
which a thread reads. So nothing of Dagster's own output reaches the terminal: it goes to a file.
"""

from __future__ import annotations

import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from filelock import FileLock

from hoban_assets.components.building.telling import PROGRESS, Told, told, waiting_text
from hoban_assets.components.dead_runs import claims, end_dead_runs
from hoban_assets.components.rebuild.by_hand import is_interrupted
from hoban_assets.language import Say
from hoban_assets.settings import home_of

BUILD = "hoban/build"
"""Tag of a run: its number, by which the thread finds it."""
DEFINITIONS, IMPLICIT_JOB = "hoban_assets.definitions", "__ASSET_JOB"
POLL_SECONDS = 0.5
LOOK_FOR_WAITING = 10
"""Polls between two looks at who waits for a slot."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    success: bool
    interrupted: bool


def whole_job() -> Any:
    """The job of all assets, which the processes of its steps load again."""
    from dagster._core.definitions.reconstruct import ReconstructableRepository

    repository = ReconstructableRepository.for_module(
        DEFINITIONS, "defs", working_directory=str(home_of(os.environ))
    )
    return repository.get_reconstructable_job(IMPLICIT_JOB)


def build(
    assets: Sequence[str], partition: str, log_file: Path, tell: Callable[[Told], None], say: Say
) -> Outcome:
    """Build `assets`, which are all that is to be made, upstream first.

    Args:
        assets: names of stages, datasets, models.
        partition: 'sub' or 'full'.
        log_file: gets what Dagster and its workers write to the terminal.
        tell: called from a thread with what happens.
        say: words of the reader.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    mark = {BUILD: uuid.uuid4().hex}
    try:
        job = whole_job()
        with _records() as instance:
            end_dead_runs(instance)
            with output_to(log_file), _Follower(mark, tell, say):
                result = dg.execute_job(
                    job,
                    instance,
                    tags={"dagster/partition": partition, **mark},
                    asset_selection=[dg.AssetKey(name) for name in assets],
                    run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
                    raise_on_error=False,
                )
            with result:
                interrupted = not result.success and is_interrupted(result.all_events)
                return Outcome(success=result.success, interrupted=interrupted)
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):  # before its first step
        return Outcome(success=False, interrupted=True)


@contextmanager
def _records() -> Iterator[dg.DagsterInstance]:
    """Dagster's records; of two builds that find none yet, one creates their tables.

    Two that create them at once leave records that nobody can open again.
    """
    with FileLock(home_of(os.environ) / ".records.lock"):
        instance = dg.DagsterInstance.get()
        instance.get_runs(limit=1)
    with instance:
        yield instance


@contextmanager
def output_to(file: Path) -> Iterator[None]:
    """Let file descriptors 1 and 2, of this process and of those it starts, write to a file."""
    kept = os.dup(1), os.dup(2)
    sys.stdout.flush()
    sys.stderr.flush()
    with file.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, number)
            os.close(copy)


class _Follower:
    """A thread that reads the event log of a run until it is left."""

    def __init__(self, mark: Mapping[str, str], tell: Callable[[Told], None], say: Say) -> None:
        self._mark, self._tell, self._say = mark, tell, say
        self._run_id = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._cursor: str | None = None

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(timeout=30)

    def _follow(self) -> None:
        with dg.DagsterInstance.get() as instance:
            polls = 0
            while not self._ended.wait(POLL_SECONDS):
                self._read(instance)
                polls += 1
                if polls % LOOK_FOR_WAITING == 0:
                    self._waiting(instance)
            self._read(instance)

    def _read(self, instance: dg.DagsterInstance) -> None:
        if not self._run_id:
            runs = instance.get_runs(dg.RunsFilter(tags=dict(self._mark)), limit=1)
            self._run_id = runs[0].run_id if runs else ""
        more = bool(self._run_id)
        while more:
            found = instance.get_records_for_run(self._run_id, cursor=self._cursor, limit=500)
            self._cursor, more = found.cursor, found.has_more
            for record in found.records:
                if line := told(record.event_log_entry, self._say):
                    self._tell(line)

    def _waiting(self, instance: dg.DagsterInstance) -> None:
        every = claims(instance)
        for claim in every:
            if claim.run_id == self._run_id and claim.is_waiting:
                holder = next((c for c in every if c.pool == claim.pool and not c.is_waiting), None)
                text = waiting_text(claim, holder, datetime.now().astimezone(), self._say)
                self._tell(Told(PROGRESS, claim.step.replace("__", "/"), text))
