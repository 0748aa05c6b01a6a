"""The factory behind a recipe: ``dataset_<version>``, ``model_<version>`` and their checks."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from hoban_assets.asset_names import BENCHMARK
from hoban_assets.catalog.store import Build, Catalog, Materialization
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.code_version import DATASET_PARTS, code_version_of
from hoban_assets.components.benchmark_checks import is_apart
from hoban_assets.components.common import (
    OWNERS,
    PARTITIONS_DEF,
    check_specs,
    hand_over,
    pictures,
    sample_metadata,
    step,
    table,
    unchanged,
)
from hoban_assets.components.describing import dataset_text, schemas, words
from hoban_assets.components.model_assets import model_asset
from hoban_assets.components.platform import Platform
from hoban_assets.components.presence import RECIPE_FILE
from hoban_assets.curation import checks, split_checks
from hoban_assets.curation.checks import Check
from hoban_assets.curation.completion.aside import set_aside
from hoban_assets.curation.survival import NAME as SURVIVAL
from hoban_assets.curation.survival import Survival, sources_survive, survivals, survivals_of
from hoban_assets.ingredients import can_be_taken_from, key_of, version_of
from hoban_assets.language import Say, retold
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.dataset import (
    Dataset,
    build_dataset,
    dataset_ingredients,
)
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.pipeline.sub import is_part_of_full, sub_of_full
from hoban_assets.publish.prescaled import Scaling, published_version
from hoban_assets.publish.yolo_files import MANIFEST
from hoban_assets.publish.yolo_tree import PublishReport, publish, read_report, unfit_names
from hoban_assets.reporting.metadata import in_words
from hoban_assets.samples import Samples
from hoban_assets.settings import PARTITIONS, Settings
from hoban_assets.units import megabytes, size_text

DATASET_CODE = code_version_of(*DATASET_PARTS)
DATASET_CHECKS = (
    "conservation",
    "boxes_inside_image",
    "no_unknown_class",
    "dedupe_certificate",
    "no_leak_between_splits",
    "no_benchmark_inside",
    "val_share",
    "quotas_reached",
    "sources_survive",
)


def version_definitions(recipe: Recipe, file: Path) -> dg.Definitions:
    """Return the assets of one version, whose recipe stands in `file`."""
    return dg.Definitions(assets=[dataset_asset(recipe, file), model_asset(recipe)])


def dataset_asset(recipe: Recipe, file: Path) -> dg.AssetsDefinition:
    """Return the asset that curates, checks and publishes the dataset of a recipe."""

    @dg.asset(
        name=recipe.dataset,
        description=dataset_text(recipe, words()),
        group_name=recipe.group("datasets"),
        metadata=in_words(
            {RECIPE_FILE: dg.MetadataValue.path(str(file)), **schemas(words())}, words()
        ),
        owners=OWNERS,
        kinds={"yolo", "duckdb"},
        partitions_def=PARTITIONS_DEF,
        code_version=version_of(DATASET_CODE, recipe.as_recipe()),
        ins={n: dg.AssetIn(key=n, partition_mapping=used_in(recipe, n)) for n in recipe.inputs},
        check_specs=check_specs(recipe.dataset, DATASET_CHECKS),
        io_manager_key="samples",
    )
    def build(
        context: dg.AssetExecutionContext, platform: Platform, **stages: Samples
    ) -> Iterator[Any]:
        with step():
            settings, partition = platform.settings(), context.partition_key
            extract = platform.extractor(context)
            full = full_version(recipe, partition, platform.catalog(), extract.engine)
            made = dataset_ingredients(
                recipe,
                partition,
                stages,
                extract.engine,
                DATASET_CODE,
                full.data_version if full else None,
            )
            key = key_of(made)
            same = platform.catalog().find(recipe.dataset, partition, key)
            if same and same.path and (tree := read_report(Path(same.path))):
                told = partial(dataset_summary, say=words())
                yield from unchanged(platform, same, publish_metadata(tree, words()), told)
                return
            ledger = Ledger(context.log.info)
            if full is None:
                dataset = build_dataset(recipe, partition, stages, extract, ledger, settings)
            else:
                context.log.info(f"sub is taken from {recipe.dataset} (full)")
                rows = platform.catalog().load(recipe.dataset, "full", full.materialization_id)
                dataset = sub_of_full(recipe, rows, extract, ledger, settings)
            apart = is_apart(
                platform.catalog(), partition, dataset.samples, BENCHMARK, extract, ledger.log
            )
            found = [*dataset_checks(recipe, partition, stages, dataset, ledger), apart]
            size = recipe.prescale_of(partition)
            version = published_version(dataset.samples.data_version(), size)
            target = settings.artifacts / recipe.dataset / partition / version[:16]

            def finish() -> tuple[Build, dict[str, Any]]:
                what = f"publishing, scaled to {size} pixels" if size else "publishing"
                images = progress_line(what, context.log.info)
                scaling = Scaling(size, settings.workers, earlier_trees(settings)) if size else None
                report = publish(
                    dataset.samples,
                    settings.raw_root,
                    target,
                    images,
                    scaling,
                    context.log.info,
                    settings.links,
                )
                for line in unfit_names(dataset.samples, target).said(words()):
                    context.log.warning(line)
                metadata = {
                    **dataset_summary(dataset.samples, found, words()),
                    **pictures(recipe.dataset, partition, dataset.samples, settings),
                    **publish_metadata(report, words()),
                    **sample_metadata(dataset.samples, ledger.table(), settings),
                }
                done = Build(
                    input_key=key,
                    inputs=made["inputs"],
                    recipe=recipe.as_recipe(),
                    ingredients=made,
                    samples=dataset.samples,
                    stages=ledger.table(),
                    path=str(report.path),
                    data_version=version,
                    checks=checks.as_table(found),
                )
                return done, metadata

            yield from hand_over(recipe.dataset, found, finish)

    return build


def full_version(
    recipe: Recipe, partition: str, catalog: Catalog, engine: str
) -> Materialization | None:
    """Return the `full` that this build is taken from; None where it is made by itself."""
    if partition != "sub" or not is_part_of_full(recipe):
        return None
    made = catalog.ingredients(recipe.dataset, "full")
    current = catalog.current(recipe.dataset, "full")
    if made is None or current is None:
        return None
    return current if can_be_taken_from(made, recipe.as_recipe(), engine) else None


def used_in(recipe: Recipe, stage: str) -> dg.PartitionMapping | None:
    """Tell Dagster where only one partition is made from a stage; None: both are."""
    used = {p: p for p in PARTITIONS if stage in recipe.inputs_of(p)}
    return None if len(used) == len(PARTITIONS) else dg.StaticPartitionMapping(used)


def dataset_checks(
    recipe: Recipe,
    partition: str,
    stages: Mapping[str, Samples],
    dataset: Dataset,
    ledger: Ledger,
) -> list[Check]:
    """Return the checks of a dataset, made before it is published."""
    samples = dataset.samples
    used = [stages[name] for name in recipe.inputs_of(partition)]
    wanted = (dataset.backgrounds, recipe.backgrounds.of(partition))
    return [
        checks.conservation(ledger),
        checks.boxes_inside_image(samples),
        checks.no_unknown_class(samples),
        checks.dedupe_certificate(dataset.certificate),
        split_checks.no_leak_between_splits(
            samples,
            dataset.closest_over_split,
            recipe.group_similarity,
            engine=dataset.certificate.engine,
        ),
        # As people labelled it:
        split_checks.val_share(set_aside(samples)[0], recipe.val_share),
        checks.quotas_reached(dataset.quotas, recipe.quota_unit, wanted),
        sources_survive(survivals(used, samples), recipe.sources_survive),
    ]


def dataset_summary(samples: Samples, found: Sequence[Check], say: Say) -> dict[str, Any]:
    """What the UI shows first: how much there is, and what is left of each source.

    The latter is a table, as Dagster hides a long text behind a button.
    """
    held = say("{images} images, {boxes} boxes", **_counted(samples))
    regions = say("{n} ignore regions", n=f"{int(samples.boxes.ignore.sum()):,}")
    splits = ", ".join(f"{n} {c:,}" for n, c in samples.images.split.value_counts().items())
    counts = samples.labels.class_name.value_counts()
    labels = [f"{say(name)} {counts[name]:,}" for name in CLASS_NAMES if name in counts]
    lines = (f"{held}, {regions}", splits, ", ".join(labels))
    numbers = next((c.numbers for c in found if c.name == SURVIVAL), {})
    left = [
        {
            "source": survival.source,
            "images": ". ".join(filter(None, (_passed(survival), survival.reasons(say)))),
        }
        for survival in survivals_of(numbers)
    ]
    return {
        "summary": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines)),
        "what is left": table(pd.DataFrame(left), say),
    }


def _passed(survival: Survival) -> str:
    return f"{survival.before:,} → {survival.after:,}"


def _counted(samples: Samples) -> dict[str, str]:
    return {"images": f"{len(samples.images):,}", "boxes": f"{len(samples.labels):,}"}


def earlier_trees(settings: Settings) -> list[Path]:
    """Published trees of all datasets, from which scaled photographs are taken over.

    Trees in the making are left out: their files may be half-written.
    """
    manifests = sorted(settings.artifacts.glob(f"*/*/*/{MANIFEST}"))
    return [file.parent for file in manifests if not file.parent.name.startswith(".")]


def publish_metadata(report: PublishReport, say: Say) -> dict[str, Any]:
    """Where the tree lies and how its images got there."""
    how = say("{n} hard links", n=f"{report.linked:,}")
    how += ", " + say("{n} copies", n=f"{report.copied:,}")
    if report.symbolic:
        how += ", " + say("{n} symbolic links", n=f"{report.symbolic:,}")
    why = "".join(f"; {retold(reason, say)}" for reason in report.copy_reasons)
    metadata: dict[str, Any] = {"path": dg.MetadataValue.path(str(report.path))}
    if report.prescale is None:
        return {**metadata, "placed_as": how + why}
    scaled = say(
        "{n} scaled to {pixels} pixels ({raw} -> {size} in all)",
        n=f"{report.scaled:,}",
        pixels=report.prescale,
        raw=size_text(report.raw_bytes),
        size=size_text(report.image_bytes),
    )
    return {
        **metadata,
        "placed_as": f"{scaled}, {how}{why}",
        "prescale": report.prescale,
        "raw_MB": megabytes(report.raw_bytes),
        "image_MB": megabytes(report.image_bytes),
    }
