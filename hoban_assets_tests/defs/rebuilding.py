"""Tick the schedules and the sensor of rebuilds, and run what they ask for, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg
from road import Road

LOOK, LAYER = "rebuild", "rebuild_layer"


class Rebuilding:
    """The real graph over a raw tree and a data root, with Dagster's records of its own."""

    def __init__(self, road: Road, instance: dg.DagsterInstance) -> None:
        self.road, self.instance = road, instance
        with road.environment():
            from hoban_assets.definitions import defs

            self.definitions = defs()
            self.repository = self.definitions.get_repository_def()

    def build(self, *assets: str, partition: str = "sub") -> None:
        """Materialise by hand."""
        job = self.definitions.resolve_job_def(LAYER)
        keys = [dg.AssetKey(name) for name in assets]
        with self.road.environment():
            result = job.execute_in_process(
                asset_selection=keys, partition_key=partition, instance=self.instance
            )
        assert result.success

    def schedule(self, partition: str = "sub") -> dg.RunRequest | str:
        """Tick the schedule of a partition: what it asks for, or why it does not."""
        schedule = self.definitions.resolve_schedule_def(f"rebuild_{partition}")
        context = dg.build_schedule_context(
            self.instance,
            scheduled_execution_time=datetime(2026, 1, 1, tzinfo=UTC),
            repository_def=self.repository,
        )
        with self.road.environment():
            found = schedule.evaluate_tick(context)
        return found.run_requests[0] if found.run_requests else str(found.skip_message)

    def sensor(self) -> Sequence[dg.RunRequest] | str:
        """Tick the sensor: what it asks for, or why it does not."""
        sensor = self.definitions.resolve_sensor_def("rebuild_goes_on")
        with (
            self.road.environment(),
            dg.build_sensor_context(self.instance, repository_def=self.repository) as context,
        ):
            found = sensor.evaluate_tick(context)
        return found.run_requests or str(found.skip_message)

    def asked(self) -> dg.RunRequest:
        """Tick the sensor, which has to ask for one run."""
        found = self.sensor()
        assert not isinstance(found, str), found
        (request,) = found
        return request

    def leave(self, request: dg.RunRequest) -> dg.DagsterRun:
        """Create the run that was asked for, without starting it."""
        return self.instance.create_run_for_job(
            self.definitions.resolve_job_def(str(request.job_name)),
            tags={"dagster/partition": str(request.partition_key), **request.tags},
            asset_selection=frozenset(request.asset_selection or ()) or None,
            status=dg.DagsterRunStatus.STARTED,
        )

    def execute(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Run what was asked for."""
        job = self.definitions.resolve_job_def(str(request.job_name or LOOK))
        with self.road.environment():
            return job.execute_in_process(
                asset_selection=list(request.asset_selection or []) or None,
                partition_key=request.partition_key,
                tags=dict(request.tags),
                instance=self.instance,
                raise_on_error=False,
            )

    def look(self, partition: str = "sub") -> dg.RunRequest:
        """Begin a rebuild by its schedule, and look."""
        request = self.schedule(partition)
        assert isinstance(request, dg.RunRequest), request
        assert self.execute(request).success
        return request

    def rebuild(self, partition: str = "sub", most: int = 8) -> list[list[str]]:
        """A whole rebuild: the assets of each run that built something."""
        self.look(partition)
        layers = []
        for _ in range(most):
            asked = self.sensor()
            if isinstance(asked, str):
                assert "the rebuild ended" in asked, asked
                return layers
            for request in asked:
                layers.append(names_of(request))
                self.execute(request)
        raise AssertionError(f"no end after {layers}")

    def ended(self, partition: str = "sub") -> str:
        """How the last rebuild ended."""
        (look,) = self.instance.get_runs(
            dg.RunsFilter(job_name=LOOK, tags={"dagster/partition": partition}), limit=1
        )
        return look.tags["hoban/ended"]


def names_of(request: dg.RunRequest) -> list[str]:
    """The assets that a run is to build."""
    return sorted(key.path[-1] for key in request.asset_selection or [])
