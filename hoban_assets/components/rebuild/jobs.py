"""The factories behind ``defs/automation.py``: the look, the schedules, and the sensor."""

import time
from collections.abc import Sequence
from typing import Any

import dagster as dg

from hoban_assets.components.common import PARTITIONS_DEF, step
from hoban_assets.components.dead_runs import end_dead_runs, leave_process_id
from hoban_assets.components.describing import words
from hoban_assets.components.observation import observation_metadata
from hoban_assets.components.rebuild.next_step import begin, go_on
from hoban_assets.components.rebuild.records import (
    ENDED,
    LAYER_JOB,
    LOOK_JOB,
    LOOKED,
    older_rebuild,
    open_look,
)
from hoban_assets.components.rebuild.world import look_as_json, look_at_sources, read_world
from hoban_assets.errors import HobanError
from hoban_assets.observing.fingerprint import Fingerprint
from hoban_assets.pipeline.recipe import EARLIER
from hoban_assets.pipeline.stage import Stage
from hoban_assets.settings import PARTITIONS, Settings

SENSOR = "rebuild_goes_on"
BETWEEN_TICKS = 10
"""Seconds; a tick without a rebuild asks Dagster's storage two small questions."""
BUILT_GROUPS = ("stages", "datasets", "models", "reports", EARLIER)


def look_job(stages: Sequence[Stage]) -> dg.JobDefinition:
    """Return the job that begins a rebuild of a partition: it looks, and builds nothing."""
    say = words()

    @dg.op(
        description=say(
            "Compares files, sizes, times and labels of every raw folder with what was read. "
            "Photographs are not opened. A folder that is not on this machine is left out."
        ),
        out=dg.Out(dg.Nothing),
    )
    def look_at_raw_files(context: dg.OpExecutionContext) -> Any:
        with step():
            leave_process_id(context.instance, context.run_id)
            yield from _look(context, stages)

    @dg.job(
        name=LOOK_JOB,
        description=say(
            "Rebuild what is out of date in a partition (sub or full): launch this, and nothing "
            "else is to be done. It looks at the raw files; sensor {sensor} then starts one run "
            "of {layer} after the other, with just those assets that are out of date. Only what "
            "was built before is rebuilt. The log of this run tells what was started and why, "
            "its tag hoban/ended how it ended.",
            sensor=SENSOR,
            layer=LAYER_JOB,
        ),
        partitions_def=PARTITIONS_DEF,
        executor_def=dg.in_process_executor,
    )
    def rebuild() -> None:
        look_at_raw_files()

    return rebuild


def _look(context: dg.OpExecutionContext, stages: Sequence[Stage]) -> Any:
    if not context.has_partition_key:
        raise HobanError(
            "a rebuild is of one partition, and none was named",
            f"dagster job execute -j {LOOK_JOB} --partition sub, or choose one in the UI",
        )
    settings, partition = Settings.from_env(), context.partition_key
    if other := older_rebuild(context.instance, context.run):
        text = f"not begun, as rebuild {other} of {partition} goes on"
        context.log.warning(text)
        context.instance.add_run_tags(context.run_id, {ENDED: text})
        yield dg.Output(None)
        return
    world, began = read_world(settings, partition), time.perf_counter()
    found: dict[str, Fingerprint] = {}
    log = context.log
    look = look_at_sources(stages, world, settings, log.info, log.warning, found.__setitem__)
    seconds = time.perf_counter() - began
    log.info(f"looked at {len(look.raw)} stages in {seconds:.1f} s; now {SENSOR} goes on")
    for name, fingerprint in found.items():
        if name.startswith("raw/"):  # the page of the source shows when it was looked at
            yield dg.AssetObservation(
                dg.AssetKey(name.split("/")),
                metadata=observation_metadata(fingerprint),
                tags={"dagster/data_version": fingerprint.version},
            )
    yield dg.Output(None, metadata={LOOKED: dg.MetadataValue.json(look_as_json(look))})


def layer_job() -> Any:
    """Return the job in which the sensor builds; it is never to be launched as a whole."""
    say = words()
    return dg.define_asset_job(
        LAYER_JOB,
        selection=dg.AssetSelection.groups(*BUILT_GROUPS),
        description=say(
            "One layer of a rebuild. Sensor {sensor} starts it with the assets that are out of "
            "date; launched by hand it would build everything. By hand: job {job}. The tags "
            "hoban/why.NAME of a run say why each asset was rebuilt.",
            sensor=SENSOR,
            job=LOOK_JOB,
        ),
    )


def rebuild_schedule(partition: str, cron: str, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Return the schedule that begins the rebuilds of a partition; off until switched on."""
    say, name = words(), f"rebuild_{partition}"

    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone="Asia/Seoul",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=say(
            "Rebuilds what is out of date in partition {partition}, and nothing else. Off until "
            "you switch it on. A stage is out of date if its raw files, its recipe or its code "
            "have changed; a dataset, if rows of a stage have; a model, if rows of its dataset "
            "have; a report, if what it tells of has. Only what was built before is rebuilt: a "
            "version that you never built is not started. Where nothing changed, nothing is built.",
            partition=partition,
        ),
    )
    def begin_rebuild(context: dg.ScheduleEvaluationContext) -> Any:
        try:
            next_ = begin(context.instance, Settings.from_env(), partition, f"schedule {name}")
        except HobanError as error:
            return dg.SkipReason(f"{partition}: {error}")
        return next_.run or dg.SkipReason(next_.said)

    return begin_rebuild


def rebuild_sensor(jobs: Sequence[Any]) -> dg.SensorDefinition:
    """Return the sensor that takes a rebuild from layer to layer."""
    say = words()

    @dg.sensor(
        name=SENSOR,
        jobs=list(jobs),
        minimum_interval_seconds=BETWEEN_TICKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=say(
            "Goes on with rebuilds that a schedule or a person has begun: when a run has ended, "
            "it asks for the next layer (stages, then datasets, models, and reports last). What "
            "fails is asked for again, three times in all; then it is given up until its inputs, "
            "recipe or code change. Does nothing where no rebuild was begun; leave it on."
        ),
    )
    def rebuild_goes_on(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if any(open_look(context.instance, partition) for partition in PARTITIONS):
            end_dead_runs(context.instance)
        graph = context.repository_def.asset_graph if context.repository_def else None
        runs, said = [], []
        for partition in PARTITIONS:
            try:
                next_ = go_on(context.instance, graph, Settings.from_env(), partition)
            except HobanError as error:
                said.append(f"{partition}: {error}")
                continue
            said.append(next_.said)
            if next_.run:
                context.log.info(next_.said)
                runs.append(next_.run)
        return dg.SensorResult(runs, skip_reason=None if runs else "\n".join(said))

    return rebuild_goes_on
