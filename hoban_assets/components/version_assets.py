"""The factory behind a recipe: ``dataset_<version>``, ``model_<version>`` and their checks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from hoban_assets.catalog.store import Build, Materialization
from hoban_assets.code_version import DATASET_PARTS, MODEL_PARTS, code_version_of
from hoban_assets.components.common import (
    OWNERS,
    PARTITIONS_DEF,
    check_specs,
    hand_over,
    sample_metadata,
    step,
    table,
    unchanged,
)
from hoban_assets.components.platform import Platform
from hoban_assets.components.presence import RECIPE_FILE
from hoban_assets.curation import checks
from hoban_assets.curation.checks import Check
from hoban_assets.errors import HobanError
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.dataset import Dataset, build_dataset, input_key, input_versions
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.publish.yolo_tree import PublishReport, publish, read_report
from hoban_assets.reporting.composition import markdown_preview
from hoban_assets.samples import Samples
from hoban_assets.settings import PARTITIONS
from hoban_assets.training.local import TrainingResult, train_locally
from hoban_assets.training.metrics import LABEL_AWARE, STOCK, class_table, value_of
from hoban_assets.training.plan import TrainingPlan, plan_training

DATASET_CODE = code_version_of(*DATASET_PARTS)
MODEL_CODE = code_version_of(*MODEL_PARTS)
DATASET_CHECKS = (
    "conservation",
    "boxes_inside_image",
    "no_unknown_class",
    "dedupe_certificate",
    "no_leak_between_splits",
    "quotas_reached",
)


def version_definitions(recipe: Recipe, file: Path) -> dg.Definitions:
    """Return the assets of one version, whose recipe stands in `file`."""
    return dg.Definitions(assets=[dataset_asset(recipe, file), model_asset(recipe)])


def dataset_asset(recipe: Recipe, file: Path) -> dg.AssetsDefinition:
    """Return the asset that curates, checks and publishes the dataset of a recipe."""

    @dg.asset(
        name=recipe.dataset,
        description=f"{recipe.description}\n\nA YOLO tree (data.yaml, images, labels, manifest) "
        f"made from {', '.join(recipe.inputs)}; `path` says where it lies.",
        group_name="datasets",
        metadata={RECIPE_FILE: dg.MetadataValue.path(str(file))},
        owners=OWNERS,
        kinds={"yolo", "duckdb"},
        partitions_def=PARTITIONS_DEF,
        code_version=DATASET_CODE,
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
            key = input_key(recipe, partition, stages, extract.engine, DATASET_CODE)
            same = platform.catalog().find(recipe.dataset, partition, key)
            if same and same.path and (tree := read_report(Path(same.path))):
                yield from unchanged(platform.catalog(), same, publish_metadata(tree))
                return
            ledger = Ledger(context.log.info)
            dataset = build_dataset(recipe, partition, stages, extract, ledger)
            found = dataset_checks(recipe, partition, dataset, ledger)
            version = dataset.samples.data_version()
            target = settings.artifacts / recipe.dataset / partition / version[:16]

            def finish() -> tuple[Build, dict[str, Any]]:
                images = progress_line("publishing", context.log.info)
                report = publish(dataset.samples, settings.raw_root, target, images)
                metadata = {
                    **publish_metadata(report),
                    **sample_metadata(dataset.samples, ledger.table()),
                }
                done = Build(
                    input_key=key,
                    inputs=input_versions(recipe, partition, stages),
                    recipe=recipe.as_recipe(),
                    samples=dataset.samples,
                    stages=ledger.table(),
                    path=str(report.path),
                    data_version=version,
                    checks=checks.as_table(found),
                )
                return done, metadata

            yield from hand_over(recipe.dataset, found, finish)

    return build


def used_in(recipe: Recipe, stage: str) -> dg.PartitionMapping | None:
    """Tell Dagster where only one partition is made from a stage; None: both are."""
    used = {p: p for p in PARTITIONS if stage in recipe.inputs_of(p)}
    return None if len(used) == len(PARTITIONS) else dg.StaticPartitionMapping(used)


def dataset_checks(recipe: Recipe, partition: str, dataset: Dataset, ledger: Ledger) -> list[Check]:
    """Return the checks of a dataset, made before it is published."""
    samples = dataset.samples
    wanted = (dataset.backgrounds, recipe.backgrounds.of(partition))
    return [
        checks.conservation(ledger),
        checks.boxes_inside_image(samples),
        checks.no_unknown_class(samples),
        checks.dedupe_certificate(dataset.certificate),
        checks.no_leak_between_splits(samples, dataset.closest_over_split, recipe.group_similarity),
        checks.quotas_reached(dataset.quotas, recipe.quota_unit, wanted),
    ]


def publish_metadata(report: PublishReport) -> dict[str, Any]:
    """Where the tree lies and how its images got there."""
    how = f"{report.linked:,} hard links, {report.copied:,} copies"
    why = "".join(f"; {reason}" for reason in report.copy_reasons)
    return {"path": dg.MetadataValue.path(str(report.path)), "placed_as": how + why}


def model_asset(recipe: Recipe) -> dg.AssetsDefinition:
    """Return the asset that trains the model of a recipe in a process of its own."""

    @dg.asset(
        name=recipe.model,
        description=f"A YOLO detector trained on {recipe.dataset}. A killed training goes on from "
        "its last epoch; a finished one is not trained again while its inputs are the same.",
        group_name="models",
        owners=OWNERS,
        kinds={"yolo", "pytorch"},
        partitions_def=PARTITIONS_DEF,
        code_version=MODEL_CODE,
        deps=[recipe.dataset],
        pool="gpu",
        check_specs=check_specs(recipe.model, ["map50"]),
        io_manager_key="samples",
    )
    def build(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        with step():
            partition = context.partition_key
            dataset = current_dataset(platform, recipe, partition)
            plan = plan_training(
                recipe.model,
                partition,
                platform.settings(),
                dataset_path=Path(dataset.path or ""),
                dataset_version=dataset.data_version or "",
                **recipe.training.model_dump(),
            )
            result = train_locally(context, plan)
            found = [map50_check(recipe, result)]

            def finish() -> tuple[Build, dict[str, Any]]:
                done = Build(
                    input_key=plan.run_dir.name,
                    inputs={recipe.dataset: dataset.data_version or ""},
                    recipe=plan.yolo_arguments(),
                    metrics=result.metrics,
                    path=str(result.run_dir),
                    data_version=plan.run_dir.name,
                    checks=checks.as_table(found),
                )
                return done, model_metadata(plan, result)

            yield from hand_over(recipe.model, found, finish)

    return build


def current_dataset(platform: Platform, recipe: Recipe, partition: str) -> Materialization:
    """Return the dataset that a model is to be trained on.

    Raises:
        HobanError: it was never built, or its folder is gone.
    """
    current = platform.catalog().current(recipe.dataset, partition)
    way_out = f"dagster asset materialize --select '*{recipe.dataset}' --partition {partition}"
    if current is None or not current.path:
        raise HobanError(f"{recipe.dataset} [{partition}] was never built", way_out)
    if read_report(Path(current.path)) is None:
        raise HobanError(f"the dataset folder {current.path} is gone or not whole", way_out)
    return current


def map50_check(recipe: Recipe, result: TrainingResult) -> Check:
    """Hold mAP50, each class only on images whose source labels it, against the gate."""
    fair = value_of(result.metrics, "mAP50", result.best_epoch)
    stock = value_of(result.metrics, "mAP50", result.best_epoch, split=STOCK)
    numbers = {k: v for k, v in {"label_aware": fair, "stock": stock}.items() if v is not None}
    text = (
        f"mAP50 {fair or 0:.3f} against {recipe.map50_gate} (each class only where its source "
        f"labels it; {stock or 0:.3f} as Ultralytics counts, unlabelled objects as mistakes)"
    )
    passed = fair is not None and fair >= recipe.map50_gate
    return Check("map50", passed, text, numbers=numbers)


def model_metadata(plan: TrainingPlan, result: TrainingResult) -> dict[str, Any]:
    """Figures, pictures and a copyable command of a trained model."""
    pictures = {
        f"picture/{picture.stem}": dg.MetadataValue.md(markdown_preview(picture))
        for picture in result.pictures
    }
    return {
        "path": dg.MetadataValue.path(str(result.run_dir)),
        "best_weights": dg.MetadataValue.path(str(result.best)),
        "dataset": dg.MetadataValue.path(str(plan.dataset_path)),
        "command": dg.MetadataValue.md(f"```sh\n{result.command}\n```"),
        "best_epoch": result.best_epoch,
        "epochs": result.epochs,
        "mAP50": round(value_of(result.metrics, "mAP50", result.best_epoch) or 0.0, 4),
        "mAP50-95": round(value_of(result.metrics, "mAP50-95", result.best_epoch) or 0.0, 4),
        "per_class": per_class(result, LABEL_AWARE),
        "per_class_stock": per_class(result, STOCK),
        **pictures,
    }


def per_class(result: TrainingResult, split: str) -> Any:
    """Table of the final figures of each class, 'all' (their mean) first."""
    figures = class_table(result.metrics, result.best_epoch, split=split)
    shown = ["mAP50", "mAP50-95", "precision", "recall", "labels"]
    return table(figures.reindex(columns=shown).round(3).reset_index())
