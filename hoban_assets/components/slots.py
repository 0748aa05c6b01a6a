"""Slots of a pool that nobody holds any more."""

from __future__ import annotations

import dagster as dg


def free_slots_of_ended_runs(instance: dg.DagsterInstance | None = None) -> list[str]:
    """Free the pool slots of runs that have ended; return the ids of those runs.

    Dagster frees a slot when a step ends. After kill -9 no step ends, so the slot stays taken
    for good and every later training waits for it.
    """
    instance = instance or dg.DagsterInstance.get()
    log = instance.event_log_storage
    holders = {
        slot.run_id
        for pool in log.get_concurrency_keys()
        for slot in log.get_concurrency_info(pool).claimed_slots
    }
    ended = []
    for run_id in sorted(holders):
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            log.free_concurrency_slots_for_run(run_id)
            ended.append(run_id)
    return ended
