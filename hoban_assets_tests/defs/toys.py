"""The real schedules, jobs and sensor over assets that build in no time what a test wants."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from builders import samples_of
from built_world import World, declarations
from rebuilding import Rebuilding

from hoban_assets.catalog.io_manager import SamplesIOManager
from hoban_assets.catalog.store import Build, Catalog
from hoban_assets.components.common import PARTITIONS_DEF, check_specs, hand_over
from hoban_assets.components.describing import TELLS_OF
from hoban_assets.components.rebuild import jobs as rebuild_jobs
from hoban_assets.curation.checks import Check
from hoban_assets.declared.stages import STAGES
from hoban_assets.freshness.declared import MODEL, STAGE, code_versions
from hoban_assets.pipeline.stage import raw_versions
from hoban_assets.settings import PARTITIONS

BY_NAME = {stage.name: stage for stage in STAGES}
V9 = ("helmet_60k", "coco_person", "fallen_pool", "background", "dataset_v9", "model_v9")
V6 = ("wider_person", "dataset_v6")
"""dataset_v6 reads no COCO; with what `V9` builds it is whole."""


def fast(home: Path) -> dict[str, Any]:
    """One file for the events of all runs: by default each run creates a database of its own."""
    log = {
        "module": "dagster._core.storage.event_log.sqlite.consolidated_sqlite_event_log",
        "class": "ConsolidatedSqliteEventLogStorage",
        "config": {"base_dir": str(home / "events")},
    }
    return {"telemetry": {"enabled": False}, "event_log_storage": log}


class Toys(Rebuilding):
    """Assets of the same names as the real ones; what a build comes to is up to the test."""

    def __init__(self, folder: Path) -> None:
        self._begin(World.in_folder(folder))
        look, layer = rebuild_jobs.look_job(STAGES), rebuild_jobs.layer_job()
        self.definitions = dg.Definitions(
            assets=[*(self._asset(name) for name in (*V9, *V6)), self._report()],
            jobs=[look, layer],
            schedules=[rebuild_jobs.rebuild_schedule(p, "0 2 * * *", look) for p in PARTITIONS],
            sensors=[rebuild_jobs.rebuild_sensor([look, layer])],
            executor=dg.in_process_executor,
            resources={"samples": dg.IOManagerDefinition(lambda _: self._samples())},
        )
        self.repository = self.definitions.get_repository_def()
        self.road = self

    def _samples(self) -> SamplesIOManager:
        return SamplesIOManager(Catalog(self.world.settings.catalog_path, deadline=5))

    def _begin(self, world: World) -> None:
        home = world.folder / "home"
        home.mkdir(exist_ok=True)
        self.world = world
        self.instance = dg.DagsterInstance.local_temp(str(home), overrides=fast(home))
        self.rows: dict[str, int] = {}
        """Stage -> images that the next build of it finds (1 by default)."""
        self.broken: dict[str, str] = {}
        """Asset -> why its next builds fail."""
        self.unsound: dict[str, str] = {}
        """Asset -> what a blocking check of its next builds finds."""
        self.built: list[tuple[str, str]] = []
        """(asset, partition) of every build, in order."""

    @contextmanager
    def copied_to(self, folder: Path) -> Iterator[None]:
        """Work in a copy for a while: faster than to build it again."""
        before = self.world, self.instance
        self._begin(self.world.copied_to(folder))
        try:
            yield
        finally:
            self.instance.dispose()
            self.world, self.instance = before

    @contextmanager
    def environment(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DAGSTER_HOME", str(self.world.folder))
            patch.setenv("HOBAN_RAW_ROOT", "raw")
            patch.setenv("HOBAN_DATA_ROOT", "data")
            patch.setenv("HOBAN_FEATURE_ENGINE", "thumbnail")
            yield

    def change(self, folder: str) -> None:
        """Add a file to a raw folder."""
        place = self.world.settings.raw_root / folder
        (place / f"new{len(list(place.iterdir()))}.txt").write_text(folder)

    def _asset(self, name: str) -> dg.AssetsDefinition:
        kind = declarations()[name].kind

        @dg.asset(
            name=name,
            group_name=f"{kind}s",
            partitions_def=PARTITIONS_DEF,
            deps=list(declarations()[name].inputs.get("sub", ())),
            code_version=code_versions()[kind],
            pool="gpu" if kind == MODEL else None,
            check_specs=check_specs(name, ["conservation"]),
            io_manager_key="samples",
        )
        def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
            if name in self.broken:
                raise dg.Failure(self.broken[name], allow_retries=False)
            text = self.unsound.get(name, "")
            check = Check("conservation", not text, text)
            yield from hand_over(name, [check], lambda: (self._built(name, context), {}))

        return build

    def _report(self) -> dg.AssetsDefinition:
        @dg.asset(
            name="gallery_v9",
            group_name="reports",
            partitions_def=PARTITIONS_DEF,
            deps=["dataset_v9"],
            metadata={TELLS_OF: ["dataset_v9"]},
            code_version="1",
        )
        def write(context: dg.AssetExecutionContext) -> None:
            self.built.append(("gallery_v9", context.partition_key))

        return write

    def _built(self, name: str, context: dg.AssetExecutionContext) -> Build:
        self.built.append((name, context.partition_key))
        declared, partition = declarations()[name], context.partition_key
        recipe = dict(declared.recipe)
        if declared.kind == STAGE:
            images = {f"{name}/{i}.jpg": [("person", 0.1)] for i in range(self.rows.get(name, 1))}
            raw = raw_versions(BY_NAME[name], self.world.settings)
            return Build("k", raw, recipe, samples_of(images))
        above = {n: self.world.catalog.current(n, partition) for n in declared.inputs[partition]}
        inputs = {n: m.data_version or "" for n, m in above.items() if m}
        return Build("k", inputs, recipe, data_version=" ".join(inputs.values()))
