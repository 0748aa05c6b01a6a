"""What a server handed in becomes a materialisation: in the catalog, and in Dagster's event log.

The order is: run folder, catalog, checks, materialisation. Whatever a kill leaves of it, a second
import of the same archive does the rest and doubles nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
from filelock import FileLock

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Catalog, Run
from hoban_assets.components import inbox_events
from hoban_assets.components.inbox_refusals import must_be_current, recipe_of
from hoban_assets.components.model_assets import (
    MODEL_CODE,
    model_checks,
    model_metadata,
    trained,
)
from hoban_assets.components.model_judging import judged_if_handed_in, subject_of
from hoban_assets.curation.checks import Check, from_table
from hoban_assets.freshness.machine import MACHINE
from hoban_assets.handoff.results.archive import Archive, opened
from hoban_assets.handoff.results.judging import must_be_its_key
from hoban_assets.handoff.results.manifest import BEST, Manifest, plan_of, read_manifest
from hoban_assets.handoff.results.placing import another_result, differing_file, local_plan, place
from hoban_assets.ingredients import version_of
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.settings import Settings
from hoban_assets.training.plan import TrainingPlan
from hoban_assets.training.run import TrainingResult, read_result

Log = Callable[[str], object]
LOCK = "import.lock"
_BUILT = """
SELECT materialization_id, created_at, path, is_current FROM materializations
WHERE asset = ? AND partition = ? AND data_version = ? ORDER BY materialization_id DESC LIMIT 1
"""


@dataclass(frozen=True)
class Imported:
    """A result that is in the catalog, since now or before."""

    model: str
    partition: str
    run_dir: Path
    since: datetime | None = None
    """When it was imported before, UTC; None: now."""
    result: TrainingResult | None = None
    """None: imported before, and another training has become the current one since."""
    checks: tuple[Check, ...] = ()
    fixed: bool = False
    """Imported before, but not to the end: the rest was done now."""
    events: tuple[inbox_events.Event, ...] = field(default=(), repr=False)
    """What Dagster does not know yet: checks, then the materialisation."""


def import_results(
    path: Path,
    settings: Settings,
    recipes: Mapping[str, Recipe],
    instance: dg.DagsterInstance,
    log: Log = print,
    *,
    partition: str | None = None,
) -> Imported:
    """Do as `bring_in`, and tell Dagster of it in a small run of its own."""
    run_id = str(uuid.uuid4())
    found = bring_in(path, settings, recipes, instance, log, partition=partition, run_id=run_id)
    if found.events:
        tags = {inbox_events.ARCHIVE: path.name, inbox_events.PARTITION: found.partition}
        inbox_events.report(instance, found.events, run_id, tags)
    return found


def bring_in(
    path: Path,
    settings: Settings,
    recipes: Mapping[str, Recipe],
    instance: dg.DagsterInstance,
    log: Log = print,
    *,
    partition: str | None = None,
    run_id: str | None = None,
) -> Imported:
    """Verify an archive (or its folder), and make it the current model of the catalog.

    Args:
        path: ``results_*.tar``, or the folder unpacked from it; it is only read.
        settings: of this machine.
        recipes: by name of the model.
        instance: Dagster's, which is asked what it knows.
        log: gets a line where something takes a while.
        partition: refuse results of another one; None: any.
        run_id: of the run that imports it.

    Returns:
        What is in the catalog now. Its `events` are for the caller to report.

    Raises:
        Refused: the archive is torn or altered, of another dataset version, ...; then nothing is
            changed.
        HobanError: the disk is full, the catalog cannot be written, ...; try again later.
    """
    catalog = Catalog(settings.catalog_path, deadline=settings.catalog_wait)
    settings.cache.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.cache / LOCK), opened(path) as archive:
        manifest = read_manifest(archive)
        recipe = recipe_of(archive.path, manifest, recipes, partition)
        return _Import(archive, manifest, recipe, settings, catalog, instance, log, run_id).run()


@dataclass(frozen=True)
class _Import:
    """One archive on its way in."""

    archive: Archive
    manifest: Manifest
    recipe: Recipe
    settings: Settings
    catalog: Catalog
    instance: dg.DagsterInstance
    log: Log
    run_id: str | None

    def run(self) -> Imported:
        """Bring it in from wherever an earlier import left it."""
        mine = self.manifest
        before = self.built(mine.model, mine.run_key)
        trained_on = self.built(mine.dataset, mine.dataset_version)
        told = Imported(mine.model, mine.partition, mine.run_dir(self.settings))
        if before is None:
            now = self.catalog.current(mine.dataset, mine.partition)
            must_be_current(self.archive.path, mine, now, trained_on)
            must_be_its_key(self.archive, mine, self.plan(trained_on))
        elif not before["is_current"]:
            return replace(told, since=before["created_at"])
        plan = plan_of(self.placed(before, trained_on))
        result = read_result(plan)
        # Reads pictures, so it fails before anything is recorded.
        metadata = model_metadata(plan, result, self.settings)
        if before is None:
            found, number = self.recorded(plan, result)
        else:
            number = before["materialization_id"]
            found = from_table(self.catalog.small_table("checks", number))
        events = self.events(metadata, found, number)
        return replace(
            told,
            since=before["created_at"] if before else None,
            result=result,
            checks=tuple(found),
            fixed=bool(events) and before is not None,
            events=tuple(events),
        )

    def built(self, asset: str, version: str) -> dict[str, Any] | None:
        """Newest materialisation of this data version."""
        if not self.catalog.path.exists():
            return None
        with asking(self.catalog.path, self.catalog.deadline) as ask:
            return next(iter(ask(_BUILT, [asset, self.manifest.partition, version])), None)

    def plan(self, trained_on: Mapping[str, Any] | None) -> dict[str, Any]:
        """Its plan with paths of this machine."""
        dataset_path = str((trained_on or {}).get("path") or "")
        return local_plan(self.manifest, self.settings, dataset_path)

    def placed(
        self, before: Mapping[str, Any] | None, trained_on: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Put the run folder into place, unless it is there; return the plan for this machine."""
        plan = self.plan(trained_on)
        run = Path(plan["run_dir"])
        if before is None or not (run / BEST).exists():
            size = sum(facts.bytes for facts in self.manifest.files.values())
            self.log(f"checking {len(self.manifest.files)} files, {size / 1e6:,.1f} MB")
            place(self.archive, self.manifest, plan)
        elif name := differing_file(run, self.manifest, only=(BEST,)):
            raise another_result(run, name)
        return plan

    def recorded(self, plan: TrainingPlan, result: TrainingResult) -> tuple[list[Check], int]:
        """Record it as `model_assets` does; return its checks and its number in the catalog."""
        mine = self.manifest
        code = mine.code_version or MODEL_CODE
        dataset = self.catalog.current(mine.dataset, mine.partition)
        assert dataset is not None  # noqa: S101 - for mypy: `must_be_current` has seen it
        subject = subject_of(plan, result, dataset)
        judged, held = judged_if_handed_in(
            subject, mine.partition, dataset, self.catalog, self.settings, self.log
        )
        found = model_checks(self.catalog, self.recipe, dataset, result, held)
        number = self.catalog.record(
            mine.model,
            mine.partition,
            trained(
                plan,
                result,
                self.recipe,
                code,
                {mine.dataset: mine.dataset_version},
                MACHINE,  # whoever trained it there has chosen, not the settings of here
                judged,
                found,
            ),
            Run(self.run_id, version_of(code, self.recipe.as_training())),
        )
        return found, number

    def events(
        self, metadata: Mapping[str, Any], found: list[Check], number: int
    ) -> list[inbox_events.Event]:
        """What Dagster is to be told; nothing where it knows."""
        mine = self.manifest
        if inbox_events.is_known(self.instance, mine.model, mine.partition, mine.run_key):
            return []
        told = {
            "handed_in": self.archive.path.name,
            "trained_with": ", ".join(f"{k} {v}" for k, v in mine.made_with.items()),
            "packed_at": mine.made_at,
            **metadata,
            "materialization_id": number,
            "reused": False,
        }
        tags = inbox_events.version_tags(
            self.instance,
            mine.partition,
            version=mine.run_key,
            code_version=version_of(mine.code_version or MODEL_CODE, self.recipe.as_training()),
            inputs={mine.dataset: mine.dataset_version},
        )
        return inbox_events.events_of(
            mine.model, mine.partition, checks=found, metadata=told, tags=tags
        )
