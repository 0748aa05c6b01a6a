"""Runs that died without a word, and the pool slots that they hold.

After ``kill -9`` (or a power cut) Dagster goes on believing that the run is at work, and its slot
of pool ``gpu`` stays taken: the next training waited for ever. So each run leaves the id of its
process in its tags, and whoever comes next looks whether that process is still there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from hoban_assets.components.killed_steps import killed_text
from hoban_assets.processes.seen import TAG, identity, lives

_ACTIVE = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


@dataclass(frozen=True)
class Claim:
    """A step that holds a slot of a pool, or waits for one."""

    pool: str
    limit: int | None
    """Slots of the pool."""
    run_id: str
    step: str
    partition: str
    host: str
    """Of the run; '' where the run did not say."""
    since: datetime | None
    """When it got the slot, or began to wait."""
    is_waiting: bool
    run_lives: bool | None
    """Whether the run goes on; None: it belongs to another host, or has not begun."""


def claims(instance: dg.DagsterInstance) -> list[Claim]:
    """Who holds and who waits for which slot, by pool; the holders first."""
    log = instance.event_log_storage
    return [
        claim
        for pool in sorted(log.get_concurrency_keys())
        for claim in _claims_of(instance, log.get_concurrency_info(pool))
    ]


def _claims_of(instance: dg.DagsterInstance, info: Any) -> Iterator[Claim]:
    held = {(slot.run_id, slot.step_key) for slot in info.claimed_slots}
    pending = {(step.run_id, step.step_key): step for step in info.pending_steps}
    for run_id, step in [*sorted(held), *sorted(pending.keys() - held)]:
        queued = pending.get((run_id, step))
        since = (queued.assigned_timestamp or queued.enqueued_timestamp) if queued else None
        run = instance.get_run_by_id(run_id)
        tags = run.tags if run else {}
        yield Claim(
            pool=info.concurrency_key,
            limit=info.limit,
            run_id=run_id,
            step=step,
            partition=tags.get("dagster/partition", ""),
            host=tags.get(TAG, "").partition("/")[0],
            since=since.astimezone() if since else None,
            is_waiting=(run_id, step) not in held,
            run_lives=run_lives(run),
        )


def run_lives(run: dg.DagsterRun | None) -> bool | None:
    """Whether a run goes on; None where that cannot be seen: another host, or not begun yet."""
    if run is None or run.is_finished:
        return False
    return lives(run.tags.get(TAG, ""))


def leave_process_id(instance: dg.DagsterInstance, run_id: str) -> None:
    """Write into the run's tags which process it is."""
    instance.add_run_tags(run_id, {TAG: identity(os.getpid())})


def end_dead_runs(instance: dg.DagsterInstance, run_id: str | None = None) -> list[str]:
    """Mark runs of this host as failed whose process is gone; free slots that no run needs.

    `run_id` is declared dead without a look: for runs of other hosts, which cannot be seen.

    Returns:
        Ids of the runs whose end was recorded or whose slots were freed.
    """
    ended = list(_report_dead(instance, run_id))
    log = instance.event_log_storage
    holders = {
        slot.run_id
        for pool in log.get_concurrency_keys()
        for slot in _held_or_asked_for(log.get_concurrency_info(pool))
    }
    for holder in sorted(holders):
        run = instance.get_run_by_id(holder)
        if run is None or run.is_finished:
            log.free_concurrency_slots_for_run(holder)
            ended.append(holder)
    return list(dict.fromkeys(ended))


def _held_or_asked_for(info: Any) -> list[Any]:
    """Slots that are taken, and places in the queue: a dead run at its head blocks all others."""
    return [*info.claimed_slots, *info.pending_steps]


def make_pools(instance: dg.DagsterInstance, pools: Iterable[str]) -> None:
    """Give pools that were never used their default limit, before steps claim slots of them.

    Two runs that are the first to claim one both insert its row. On PostgreSQL the second one's
    step fails then, as Dagster goes on in the transaction that the failed insert has aborted.

    Raises:
        SQLAlchemyError: Dagster's storage cannot be written.
    """
    log = instance.event_log_storage
    if not log.supports_global_concurrency_limits:
        return
    known = {limit.name for limit in log.get_pool_limits()}
    for pool in set(pools) - known:
        try:
            log.initialize_concurrency_limit_to_default(pool)
        except SQLAlchemyError:
            if pool not in {limit.name for limit in log.get_pool_limits()}:
                raise


def _report_dead(instance: dg.DagsterInstance, declared: str | None) -> Iterator[str]:
    active = list(instance.get_runs(dg.RunsFilter(statuses=_ACTIVE)))
    if declared and declared not in {run.run_id for run in active}:
        run = instance.get_run_by_id(declared)  # it may have died while it was being started
        active += [run] if run and not run.is_finished else []
    for run in active:
        if run_lives(run) is False or run.run_id == declared:
            instance.report_run_failed(run, message="The process of this run is gone (killed?).")
            yield run.run_id


class _AfterCleanup(dg.Executor):
    """An executor that looks for dead runs before it starts, and says why a step was killed."""

    def __init__(self, inner: dg.Executor) -> None:
        self._inner = inner

    @property
    def retries(self):  # type: ignore[no-untyped-def]
        return self._inner.retries

    @property
    def step_dependency_config(self):  # type: ignore[no-untyped-def]
        return self._inner.step_dependency_config

    def execute(self, plan_context, execution_plan):  # type: ignore[no-untyped-def]
        instance = plan_context.instance
        end_dead_runs(instance)
        leave_process_id(instance, plan_context.run_id)
        make_pools(instance, {step.pool for step in execution_plan.steps if step.pool})
        for event in self._inner.execute(plan_context, execution_plan):
            yield event
            if event.event_type == dg.DagsterEventType.ENGINE_EVENT and (why := killed_text(event)):
                plan_context.log.error(f"{event.step_key}: {why}")


@dg.executor(
    name="multiprocess",
    config_schema=cast(Any, dg.multiprocess_executor.config_schema),
    requirements=dg.multiprocess_executor.get_requirements({}),
)
def multiprocess_after_cleanup(init_context: dg.InitExecutorContext) -> dg.Executor:
    """Dagster's multiprocess executor, after what killed runs left has been cleared away."""
    create = dg.multiprocess_executor.executor_creation_fn
    assert create is not None  # noqa: S101 - for mypy
    return _AfterCleanup(create(init_context))
