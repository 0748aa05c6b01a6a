"""What Dagster's own records say of rebuilds: looks, runs, attempts, documents.

Nothing is kept beside them. A rebuild is known by the id of the run that looked at the sources
(of a command: by its name); every run that it asks for carries that id, its layer, and for each
asset the hash of what it is built from, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from hoban_assets.components.describing import TELLS_OF
from hoban_assets.components.rebuild.words import Attempts, told
from hoban_assets.components.rebuild.world import look_from_json
from hoban_assets.freshness.plan import Look, ReportState, Step
from hoban_assets.reporting.metadata import in_english

PARTITION = "dagster/partition"
REBUILD = "hoban/rebuild"
"""Which rebuild a run belongs to."""
LAYER = "hoban/layer"
ATTEMPT = "hoban/attempt"
BEGUN_BY = "hoban/begun_by"
"""On the look: the schedule that began the rebuild; absent where a person did."""
ENDED = "hoban/ended"
"""On the look: how the rebuild ended; absent while it goes on."""
INPUTS = ".dagster/hoban/inputs."
"""Dagster's UI hides tags that begin so: a hash says nothing to a reader."""
WHY = "hoban/why."

LOOK_JOB = "rebuild"
LAYER_JOB = "rebuild_layer"
LOOKED = "looked"
"""Metadata of the look's output."""

MOST_LOOKS = 20
"""Looks that are searched for one that goes on; there is one at most, near the newest."""
PAUSES = (timedelta(minutes=2), timedelta(minutes=15))
"""Before the second and the third attempt: a drive that reconnects, a disk that somebody clears."""

FAILED, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def open_look(instance: dg.DagsterInstance, partition: str) -> dg.RunRecord | None:
    """Return the newest look of a rebuild that goes on, finished or not; None: there is none."""
    filters = dg.RunsFilter(job_name=LOOK_JOB, tags={PARTITION: partition})
    records = instance.get_run_records(filters, limit=MOST_LOOKS)
    return next((r for r in records if ENDED not in r.dagster_run.tags), None)


def older_rebuild(instance: dg.DagsterInstance, look: dg.DagsterRun) -> str | None:
    """Id of another rebuild of the same partition that was begun before `look` and goes on."""
    mine = rebuild_id(look)
    filters = dg.RunsFilter(job_name=LOOK_JOB, tags={PARTITION: look.tags[PARTITION]})
    is_older = False
    for record in instance.get_run_records(filters, limit=MOST_LOOKS):
        run = record.dagster_run
        if is_older and ENDED not in run.tags and rebuild_id(run) != mine:
            return rebuild_id(run)
        is_older = is_older or run.run_id == look.run_id
    return None


def last_end(instance: dg.DagsterInstance, partition: str) -> str | None:
    """How the last rebuild of a partition ended."""
    filters = dg.RunsFilter(job_name=LOOK_JOB, tags={PARTITION: partition})
    records = instance.get_run_records(filters, limit=1)
    return records[0].dagster_run.tags.get(ENDED) if records else None


def look_of(instance: dg.DagsterInstance, run_id: str) -> Look | None:
    """Return what a look found; None where it has no result."""
    events = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_OUTPUT).records
    for record in events:
        event = record.event_log_entry.dagster_event
        metadata = event.step_output_data.metadata if event else {}
        found = metadata.get(LOOKED)
        if isinstance(found, dg.JsonMetadataValue) and isinstance(found.data, Mapping):
            return look_from_json(found.data)
    return None


def rebuild_id(look: dg.DagsterRun) -> str:
    """Id of the rebuild that a look belongs to: that of its first attempt."""
    return look.tags.get(REBUILD, look.run_id)


def looks_of(instance: dg.DagsterInstance, rebuild: str) -> list[dg.RunRecord]:
    """The looks of a rebuild: the first, and those that were asked for after it failed."""
    first = instance.get_run_records(dg.RunsFilter(run_ids=[rebuild]))
    again = instance.get_run_records(dg.RunsFilter(job_name=LOOK_JOB, tags={REBUILD: rebuild}))
    return [*first, *again]


def layers_of(instance: dg.DagsterInstance, rebuild: str) -> list[dg.DagsterRun]:
    """The runs that built layers of a rebuild, oldest first."""
    filters = dg.RunsFilter(tags={REBUILD: rebuild})
    runs = [r.dagster_run for r in instance.get_run_records(filters, ascending=True)]
    return [run for run in runs if LAYER in run.tags]


def assets_of(layer: dg.DagsterRun) -> list[str]:
    """The assets that a layer was to build."""
    return [tag.removeprefix(INPUTS) for tag in layer.tags if tag.startswith(INPUTS)]


def in_progress(instance: dg.DagsterInstance, partition: str) -> str | None:
    """Id of an unfinished run of any rebuild of this partition: its look, or a layer."""
    for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED, tags={PARTITION: partition})):
        if run.job_name == LOOK_JOB or REBUILD in run.tags:
            return run.run_id
    return None


def busy_assets(instance: dg.DagsterInstance, partition: str) -> dict[str, str]:
    """Assets that unfinished runs are yet to build in this partition, and the id of the run.

    However the run was started: Dagster records at its creation what it plans to materialise.
    """
    planned_type = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    done_type = dg.DagsterEventType.ASSET_MATERIALIZATION
    busy: dict[str, str] = {}
    for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
        planned, done = set(), set()
        for record in instance.get_records_for_run(
            run.run_id, of_type={planned_type, done_type}
        ).records:
            event = record.event_log_entry.dagster_event
            if event is None or event.asset_key is None:
                continue
            key = event.asset_key.path[-1]
            if event.event_type == done_type:
                if event.partition == partition:
                    done.add(key)
            elif _plans(event, partition):
                planned.add(key)
        busy |= dict.fromkeys(planned - done, run.run_id)
    return busy


def _plans(event: dg.DagsterEvent, partition: str) -> bool:
    data = event.asset_materialization_planned_data
    if data.partitions_subset is not None:
        return partition in data.partitions_subset
    return data.partition == partition


def attempts_of(
    instance: dg.DagsterInstance,
    partition: str,
    step: Step,
    *,
    rebuild: str,
    built_at: datetime | None,
    by_hand: bool,
) -> Attempts:
    """Count the runs that tried to build an asset from just these inputs, and did not succeed.

    A success leaves a newer build, so runs before it do not count; those of this rebuild always
    do, so that nothing can go round in circles. What a person begins counts anew: they have
    fixed what the inputs do not show.
    """
    tags = {f"{INPUTS}{step.asset}": step.inputs, PARTITION: partition}
    records = [
        r
        for r in instance.get_run_records(dg.RunsFilter(tags=tags))
        if r.dagster_run.is_finished
        and r.dagster_run.status != CANCELED
        and (
            r.dagster_run.tags.get(REBUILD) == rebuild
            or (not by_hand and (built_at is None or r.create_timestamp > built_at))
        )
    ]
    return counted(records)


def counted(records: Sequence[dg.RunRecord]) -> Attempts:
    """Return how often was tried, by finished runs, and when the next attempt may come."""
    if not records:
        return Attempts(0)
    last = max(records, key=lambda r: r.end_time or 0.0)
    ended = datetime.fromtimestamp(last.end_time or 0.0, UTC)
    pause = PAUSES[min(len(records), len(PAUSES)) - 1]
    return Attempts(len(records), last.dagster_run.run_id, ended + pause)


def report_states(instance: dg.DagsterInstance, graph: Any, partition: str) -> list[ReportState]:
    """Return every document, and when it was last written."""
    return [
        _report_state(instance, graph, key, partition)
        for key in sorted(graph.materializable_asset_keys)
        if TELLS_OF in in_english(graph.get(key).metadata)
    ]


def _report_state(
    instance: dg.DagsterInstance, graph: Any, key: dg.AssetKey, partition: str
) -> ReportState:
    node = graph.get(key)
    newest = instance.fetch_materializations(
        dg.AssetRecordsFilter(key, asset_partitions=[partition]), limit=1
    ).records
    at = datetime.fromtimestamp(newest[0].timestamp, UTC) if newest else None
    event = newest[0].asset_materialization if newest else None
    return ReportState(
        key.path[-1],
        tuple(sorted(in_english(node.metadata)[TELLS_OF])),
        node.code_version or "",
        at,
        (event.tags or {}).get("dagster/code_version") if event else None,
    )


def layer_tags(rebuild: str, layer: int, steps: Iterable[Step]) -> dict[str, str]:
    """Tags of a run that builds a layer: to count attempts by, and to read why it was started."""
    return {
        REBUILD: rebuild,
        LAYER: str(layer),
        **{f"{INPUTS}{s.asset}": s.inputs for s in steps},
        **{f"{WHY}{s.asset}": told(s.reasons) for s in steps},
    }
