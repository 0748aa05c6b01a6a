"""What a rebuild does next: all that the sensor and the schedules decide, one step a call.

Everything is derived from Dagster's records and the catalog, so a daemon that was killed goes on
where it stopped, and asking twice starts nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from hoban_assets.components.rebuild import records
from hoban_assets.components.rebuild.records import (
    ATTEMPT,
    BEGUN_BY,
    CANCELED,
    ENDED,
    FAILED,
    LAYER,
    LAYER_JOB,
    LOOK_JOB,
    PARTITION,
    REBUILD,
)
from hoban_assets.components.rebuild.words import Due, asked, summary, told, waits
from hoban_assets.components.rebuild.world import code_on_disk_differs, now_of, read_world
from hoban_assets.freshness.plan import (
    Plan,
    Step,
    World,
    plan_rebuild,
    stale_reports,
)
from hoban_assets.howto import build_first
from hoban_assets.settings import Settings

CATALOG_WAIT = 10
"""Seconds that a tick waits for the catalog; Dagster ends a tick after 60."""


@dataclass(frozen=True)
class Next:
    """A run to be started, or, in words, why none is."""

    said: str
    run: dg.RunRequest | None = None


def begin(instance: dg.DagsterInstance, settings: Settings, partition: str, by: str) -> Next:
    """Begin a rebuild, unless one of this partition goes on or nothing is built in it.

    Raises:
        HobanError: the catalog cannot be read.
    """
    if found := records.open_look(instance, partition):
        return Next(
            f"{partition}: not started, as the rebuild of {_time(found.create_timestamp)} (run "
            f"{found.dagster_run.run_id}) goes on; the sensor rebuild_goes_on must be on for that"
        )
    if run_id := records.in_progress(instance, partition):
        return Next(f"{partition}: not started, as run {run_id} of another rebuild is at work")
    if not read_world(settings, partition, CATALOG_WAIT).built:
        return Next(
            f"{partition}: nothing was ever built in this partition, so nothing can be out of "
            f"date; {build_first(partition)} "
            "builds a dataset with all it needs"
        )
    return Next("", dg.RunRequest(job_name=LOOK_JOB, partition_key=partition, tags={BEGUN_BY: by}))


def go_on(instance: dg.DagsterInstance, graph: Any, settings: Settings, partition: str) -> Next:
    """Return the next run of the rebuild of a partition that goes on, if there is one.

    Args:
        instance: Dagster's records; the end of a rebuild is noted in them.
        graph: the asset graph, for the documents.
        settings: which data root.
        partition: 'sub' or 'full'.

    Raises:
        HobanError: the catalog cannot be read.
    """
    found = records.open_look(instance, partition)
    if found is None:
        last = records.last_end(instance, partition)
        return Next(f"{partition}: {f'the last rebuild ended: {last}' if last else 'none begun'}")
    look = found.dagster_run
    if not look.is_finished:
        return Next(f"{partition}: run {look.run_id} is looking at the raw files")
    if look.status == CANCELED:
        return _end(instance, look, "stopped by hand while it looked at the raw files")
    if look.status == FAILED:
        return _look_again(instance, look)
    return _next_layer(instance, graph, settings, look)


def due(
    instance: dg.DagsterInstance,
    world: World,
    steps: Sequence[Step],
    rebuild: str,
    *,
    by_hand: bool,
) -> Due:
    """Sort steps into those to be asked for, those that must wait, and those given up."""
    ask, later, given_up = [], {}, {}
    for step in steps:
        attempts = records.attempts_of(
            instance,
            world.partition,
            step,
            rebuild=rebuild,
            built_at=world.built_at.get(step.asset),
            by_hand=by_hand,
        )
        if attempts.used_up:
            given_up[step.asset] = attempts
        elif attempts.is_due:
            ask.append(step)
        else:
            later[step.asset] = attempts
    return Due(tuple(ask), later, given_up)


def _look_again(instance: dg.DagsterInstance, look: dg.DagsterRun) -> Next:
    rebuild, partition = records.rebuild_id(look), look.tags[PARTITION]
    attempts = records.counted(records.looks_of(instance, rebuild))
    if attempts.used_up:
        return _end(
            instance, look, f"given up, as looking at the raw files failed {attempts.count} times"
        )
    if not attempts.is_due:
        return Next(f"{partition}: looking at the raw files failed; {attempts.told}")
    tags = {REBUILD: rebuild, ATTEMPT: str(attempts.count + 1)}
    if BEGUN_BY in look.tags:
        tags[BEGUN_BY] = look.tags[BEGUN_BY]
    key = f"{rebuild}:look:{attempts.count + 1}"
    return Next("", dg.RunRequest(key, job_name=LOOK_JOB, partition_key=partition, tags=tags))


def _next_layer(
    instance: dg.DagsterInstance, graph: Any, settings: Settings, look: dg.DagsterRun
) -> Next:
    rebuild, partition = records.rebuild_id(look), look.tags[PARTITION]
    layers = records.layers_of(instance, rebuild)
    for run in layers:
        if not run.is_finished:
            names = ", ".join(records.assets_of(run))
            return Next(
                f"{partition}: layer {run.tags[LAYER]} is at work: {names} (run {run.run_id})"
            )
        if run.status == CANCELED:
            return _end(instance, look, f"stopped, as run {run.run_id} was terminated by hand")
    seen = records.look_of(instance, look.run_id)
    if seen is None:
        return _end(instance, look, "the look has left no result")
    if code_on_disk_differs():
        return Next(
            f"{partition}: waits, as the code on disk is not that which this process loaded: "
            "reload the code location (Deployment, Reload all), or start 'make ui' again"
        )
    world = read_world(settings, partition, CATALOG_WAIT)
    busy = records.busy_assets(instance, partition)
    plan = plan_rebuild(world, now_of(world, seen, settings), busy)
    by_hand = BEGUN_BY not in look.tags
    data = due(instance, world, plan.ready, rebuild, by_hand=by_hand)
    if data.ask:
        return _ask(instance, look, len(layers) + 1, data.ask)
    if text := waits(plan, data, busy):
        return Next(f"{partition}: {text}")
    states = records.report_states(instance, graph, partition)
    held = {s.name for s in states if busy.keys() & {s.name, *s.tells_of}}
    steps = [step for step in stale_reports(states, world) if step.asset not in held]
    documents = due(instance, world, steps, rebuild, by_hand=by_hand)
    if documents.ask:
        return _ask(instance, look, len(layers) + 1, documents.ask)
    if text := waits(Plan(), documents, {}):
        return Next(f"{partition}: {text}")
    given_up = {**data.given_up, **documents.given_up}
    done = [name for run in layers for name in records.assets_of(run) if name not in given_up]
    return _end(instance, look, summary(world, done, given_up, plan, seen))


def _ask(
    instance: dg.DagsterInstance, look: dg.DagsterRun, layer: int, steps: Sequence[Step]
) -> Next:
    rebuild, partition = records.rebuild_id(look), look.tags[PARTITION]
    for step in steps:
        _note(instance, look, f"layer {layer}: {step.asset} [{partition}]: {told(step.reasons)}")
    request = dg.RunRequest(
        f"{rebuild}:{layer}:{','.join(f'{s.asset}={s.inputs}' for s in steps)}",
        job_name=LAYER_JOB,
        asset_selection=[dg.AssetKey(step.asset) for step in steps],
        partition_key=partition,
        tags=records.layer_tags(rebuild, layer, steps),
    )
    return Next(asked(partition, layer, steps), request)


def _end(instance: dg.DagsterInstance, look: dg.DagsterRun, text: str) -> Next:
    rebuild, partition = records.rebuild_id(look), look.tags[PARTITION]
    _note(instance, look, f"the rebuild of {partition} ended: {text}")
    for record in records.looks_of(instance, rebuild):
        instance.add_run_tags(record.dagster_run.run_id, {ENDED: text})
    return Next(f"{partition}: the rebuild ended: {text}")


def _note(instance: dg.DagsterInstance, look: dg.DagsterRun, text: str) -> None:
    """Write a line into the log of the look, which tells the whole story of its rebuild."""
    instance.report_engine_event(text, look)


def _time(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
