"""A rebuild in the foreground: `hoban rebuild` does what the sensor does, without a daemon."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from hoban_assets.components.dead_runs import end_dead_runs
from hoban_assets.components.rebuild import records
from hoban_assets.components.rebuild.words import same_rows
from hoban_assets.components.rebuild.world import look_at_sources, now_of, read_world
from hoban_assets.errors import HobanError
from hoban_assets.freshness.plan import (
    Look,
    Plan,
    ReportState,
    Step,
    World,
    plan_rebuild,
    stale_reports,
)
from hoban_assets.howto import rebuild
from hoban_assets.pipeline.stage import Stage
from hoban_assets.reporting.journal.steps import is_interruption
from hoban_assets.settings import Settings


@dataclass(frozen=True)
class Done:
    """What came of a step."""

    step: Step
    failure: str = ""
    same: bool = False
    """It holds what it held before."""


@dataclass(frozen=True)
class Left:
    """What is out of date now."""

    plan: Plan
    reports: tuple[Step, ...] = ()
    states: tuple[ReportState, ...] = ()


class ByHand:
    """One rebuild of a partition. Each failure counts once: to try again, call it again."""

    def __init__(
        self,
        settings: Settings,
        instance: dg.DagsterInstance | None,
        partition: str,
        job: Any,
        graph: Any,
    ) -> None:
        """Prepare; nothing is looked at yet.

        Args:
            settings: which data root and raw root.
            instance: Dagster's records; None: plan without documents and active runs.
            partition: 'sub' or 'full'.
            job: reconstructable job of a layer.
            graph: the asset graph.
        """
        self.settings, self.instance, self.partition = settings, instance, partition
        self.job, self.graph = job, graph
        self.name = f"hoban-rebuild-{uuid.uuid4().hex[:8]}"
        self.failed: dict[str, str] = {}
        self.seen = Look({}, {})

    def refuse_a_second(self) -> None:
        """See to it that no other rebuild of this partition goes on.

        Raises:
            HobanError: one does.
        """
        if self.instance is None:
            return
        end_dead_runs(self.instance)
        found = records.open_look(self.instance, self.partition)
        run_id = found.dagster_run.run_id if found else None
        if run_id := run_id or records.in_progress(self.instance, self.partition):
            raise HobanError(
                f"a rebuild of {self.partition} goes on already (run {run_id})",
                "wait until it has ended ('make ui', Runs), or terminate that run there",
            )

    def look(self, stages: Sequence[Stage], log: Callable[[str], None]) -> None:
        """Look at the raw files of all that is built."""
        world = read_world(self.settings, self.partition)
        self.seen = look_at_sources(stages, world, self.settings, log, log)

    def world(self) -> World:
        """The partition as it is now."""
        return read_world(self.settings, self.partition)

    def left(self) -> Left:
        """Return what is out of date now."""
        world = self.world()
        now = now_of(world, self.seen, self.settings)
        if self.instance is None:
            return Left(plan_rebuild(world, now, {}))
        busy = records.busy_assets(self.instance, self.partition)
        states = records.report_states(self.instance, self.graph, self.partition)
        reports = tuple(s for s in stale_reports(states, world) if s.asset not in busy)
        return Left(plan_rebuild(world, now, busy), reports, tuple(states))

    def next_layer(self) -> list[Step]:
        """What is to be built now; documents when nothing else is."""
        left = self.left()
        ready = [step for step in left.plan.ready if step.asset not in self.failed]
        return ready or [step for step in left.reports if step.asset not in self.failed]

    def build(self, layer: int, steps: Sequence[Step]) -> list[Done]:
        """Build a layer in one run of Dagster, and say what came of it.

        Raises:
            HobanError: somebody interrupted it.
        """
        with dg.execute_job(
            self.job,
            self.instance or dg.DagsterInstance.get(),
            tags={
                records.PARTITION: self.partition,
                **records.layer_tags(self.name, layer, steps),
            },
            asset_selection=[dg.AssetKey(step.asset) for step in steps],
            run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
            raise_on_error=False,
        ) as result:
            if is_interrupted(result.all_events):
                raise HobanError(
                    f"interrupted; what was built before stays (run {result.run_id})",
                    f"go on with: {rebuild(self.partition)}",
                )
            failures = dict(_failures(result.all_events))
            built = set(_built(result.all_events))
        for step in steps:
            if step.asset not in built:
                told = failures.get(step.asset, "its run failed before it was done")
                self.failed[step.asset] = f"{told} (run {result.run_id})"
            elif any(step.asset == s.asset for s in self.next_layer()):
                self.failed[step.asset] = f"built, and out of date all the same ({result.run_id})"
        world = self.world()
        return [
            Done(s, self.failed.get(s.asset, ""), same_rows(world, self.seen, s.asset))
            for s in steps
        ]

    def order(self, left: Left) -> Iterator[tuple[int, str, tuple[str, ...]]]:
        """Yield what may be rebuilt after `left.plan.ready`: layer, name, what it waits for."""
        waiting = left.plan.waiting
        depth = {step.asset: 1 for step in left.plan.ready}
        for asset in self.world().declared:
            if asset.name in waiting:
                above = asset.inputs.get(self.partition, ())
                depth[asset.name] = 1 + max((depth.get(n, 0) for n in above), default=0)
                yield depth[asset.name], asset.name, waiting[asset.name]
        last = 1 + max(depth.values(), default=0)
        ready = {step.asset for step in left.reports}
        for state in left.states:
            told = tuple(name for name in state.tells_of if name in depth)
            if state.written_at is not None and told and state.name not in ready:
                yield last, state.name, told


def is_interrupted(events: Sequence[dg.DagsterEvent]) -> bool:
    """Whether somebody pressed Ctrl-C, or terminated the run in the UI."""
    for event in events:
        if event.event_type == dg.DagsterEventType.RUN_CANCELED:
            return True
        if event.is_run_failure:
            return is_interruption(event.job_failure_data)
    return False


def _failures(events: Sequence[dg.DagsterEvent]) -> Iterator[tuple[str, str]]:
    for event in events:
        if event.is_step_failure and event.step_key:
            failure = event.step_failure_data
            user = failure.user_failure_data
            text = (user and user.description) or (failure.error and failure.error.message) or "?"
            yield event.step_key, text.strip().splitlines()[0]


def _built(events: Sequence[dg.DagsterEvent]) -> Iterator[str]:
    for event in events:
        is_built = event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION
        if is_built and event.asset_key:
            yield event.asset_key.path[-1]
