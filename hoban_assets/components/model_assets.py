"""The factory behind the second half of a recipe: ``model_<version>`` and its checks."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Materialization
from hoban_assets.code_version import MODEL_PARTS, code_version_of
from hoban_assets.components.common import (
    OWNERS,
    PARTITIONS_DEF,
    check_specs,
    hand_over,
    step,
    table,
)
from hoban_assets.components.describing import model_text, words
from hoban_assets.components.model_judging import (
    Held,
    compared_with,
    judged_on_benchmarks,
    metric_rows,
    subject_of,
)
from hoban_assets.components.platform import Platform
from hoban_assets.components.shown import shown
from hoban_assets.components.training_config import TrainingConfig
from hoban_assets.curation import checks
from hoban_assets.curation.checks import Check
from hoban_assets.errors import HobanError
from hoban_assets.evaluation import regression
from hoban_assets.evaluation.judging import Judgement
from hoban_assets.howto import build_all
from hoban_assets.ingredients import version_of
from hoban_assets.language import Say, plain, speaker
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.publish.yolo_tree import what_is_wrong
from hoban_assets.reporting.composition import markdown_preview
from hoban_assets.reporting.markdown import markdown_rows
from hoban_assets.settings import Settings
from hoban_assets.training.metrics import ALL, LABEL_AWARE, STOCK, class_table, value_of
from hoban_assets.training.plan import TrainingPlan, plan_ingredients, plan_training
from hoban_assets.training.run import TrainingResult
from hoban_assets.training.trainer import choose_trainer, device_of

MODEL_CODE = code_version_of(*MODEL_PARTS)
CHECKS = ("map50", "no_regression")


def model_asset(recipe: Recipe) -> dg.AssetsDefinition:
    """Return the asset that trains the model of a recipe, here or on a cluster."""

    @dg.asset(
        name=recipe.model,
        description=model_text(recipe, words()),
        group_name=recipe.group("models"),
        owners=OWNERS,
        kinds={"yolo", "pytorch"},
        partitions_def=PARTITIONS_DEF,
        code_version=version_of(MODEL_CODE, recipe.as_training()),
        deps=[recipe.dataset],
        pool="gpu",
        check_specs=check_specs(recipe.model, CHECKS),
        io_manager_key="samples",
    )
    def build(
        context: dg.AssetExecutionContext, platform: Platform, config: TrainingConfig
    ) -> Iterator[Any]:
        with step():
            partition, settings = context.partition_key, platform.settings()
            trainer = choose_trainer(settings, partition, config.place, config.gpus)
            dataset = current_dataset(platform, recipe, partition)
            plan = plan_training(
                recipe.model,
                partition,
                settings,
                dataset_path=Path(dataset.path or ""),
                dataset_version=dataset.data_version or "",
                device=device_of(trainer, settings, config.device, config.gpus),
                **{**recipe.as_training(), **config.choices()},
            )
            if chosen := config.decides():
                context.log.warning(
                    f"chosen for this run alone: {chosen}; another training than "
                    "that of the settings, kept in a folder of its own"
                )
            result = trainer.train(context, plan)
            catalog, log = platform.catalog(), context.log.info
            subject = subject_of(plan, result, dataset)
            on_benchmarks = judged_on_benchmarks(
                subject, partition, dataset, catalog, settings, log
            )
            held = partial(compared_with, subject, partition, catalog, settings, log)
            found = model_checks(catalog, recipe, dataset, result, held)

            def finish() -> tuple[Build, dict[str, Any]]:
                made = {recipe.dataset: dataset.data_version or ""}
                done = trained(plan, result, recipe, MODEL_CODE, made, chosen, on_benchmarks, found)
                return done, model_metadata(plan, result, settings)

            yield from hand_over(recipe.model, found, finish)

    return build


def current_dataset(platform: Platform, recipe: Recipe, partition: str) -> Materialization:
    """Return the dataset that a model is to be trained on.

    Raises:
        HobanError: it was never built, or its folder is gone.
    """
    current = platform.catalog().current(recipe.dataset, partition)
    way_out = build_all(recipe.dataset, partition)
    if current is None or not current.path:
        raise HobanError(f"{recipe.dataset} [{partition}] was never built", way_out)
    if wrong := what_is_wrong(Path(current.path)):
        raise HobanError(
            f"{recipe.dataset} [{partition}] is not as it was published: {wrong}", way_out
        )
    return current


def model_checks(
    catalog: Catalog,
    recipe: Recipe,
    dataset: Materialization,
    result: TrainingResult,
    held: Held | None = None,
) -> list[Check]:
    """Return the checks of a trained model; `held`: see `regression_check`."""
    return [
        map50_check(recipe, result, plain),
        regression_check(catalog, recipe.model, dataset, result, plain, held),
    ]


def map50_check(recipe: Recipe, result: TrainingResult, say: Say) -> Check:
    """Hold mAP50, each class only on images whose source labels it, against the gate."""
    fair = value_of(result.metrics, "mAP50", result.best_epoch)
    stock = value_of(result.metrics, "mAP50", result.best_epoch, split=STOCK)
    numbers = {k: v for k, v in {"label_aware": fair, "stock": stock}.items() if v is not None}
    text = say(
        "mAP50 {fair} against {gate} (each class only where its source labels it; {stock} as "
        "Ultralytics counts, unlabelled objects as mistakes)",
        fair=f"{fair or 0:.3f}",
        gate=recipe.map50_gate,
        stock=f"{stock or 0:.3f}",
    )
    passed = fair is not None and fair >= recipe.map50_gate
    return Check("map50", passed, text, numbers=numbers)


def regression_check(
    catalog: Catalog,
    model: str,
    dataset: Materialization,
    result: TrainingResult,
    say: Say,
    held: Held | None = None,
) -> Check:
    """Compare a model with that of the version before, in the same partition.

    `held` compares with the model that it is given on the same pictures. Without it, or where
    there are no such pictures, figures of each one's own validation are compared.
    """
    with asking(catalog.path, catalog.deadline) as ask:
        rows = ask(regression.FIGURES, [dataset.partition])
    previous = regression.previous_version(model, {row["asset"] for row in rows})
    if previous and held and (pair := held(previous)) is not None:
        steps = [d for d in pair.differences if d.measure == regression.MEASURE]
        where = say(
            "{images} of {groups} cameras or clips, {title}",
            images=f"{pair.images:,}",
            groups=f"{pair.groups:,}",
            title=pair.title,
        )
        return regression.no_regression_on_the_same(steps, where, previous, say=say)
    judged = class_table(result.metrics, result.best_epoch)
    figures = judged.reindex(columns=[regression.MEASURE])[regression.MEASURE].dropna()
    values = {str(name): float(value) for name, value in figures.items()}
    rules = value_of(result.metrics, "evaluation", result.best_epoch)
    now = regression.Figures(model, values.pop(ALL, None), values, dataset.data_version, rules)
    before = regression.figures_of(rows, previous) if previous else None
    return regression.no_regression(now, before, say=say)


def trained(
    plan: TrainingPlan,
    result: TrainingResult,
    recipe: Recipe,
    code_version: str,
    inputs: Mapping[str, str],
    chosen: Iterable[str],
    judged: Mapping[str, Judgement],
    found: Iterable[Check],
) -> Build:
    """Return what the catalog records of a training, wherever it ran.

    Args:
        plan: with paths of this machine.
        result: what came of it.
        recipe: of the model.
        code_version: of the code that trained.
        inputs: data version of the dataset, by its name.
        chosen: what was chosen for this training and not by the settings.
        judged: the benchmarks, whose figures are recorded with its own.
        found: its checks.
    """
    on_benchmarks = [metric_rows(judged, result.best_epoch)] if judged else []
    return Build(
        input_key=plan.run_dir.name,
        inputs=inputs,
        recipe=plan.recorded(result.resumed),
        ingredients=plan_ingredients(plan, recipe.as_training(), code_version, inputs, chosen),
        metrics=pd.concat([result.metrics, *on_benchmarks], ignore_index=bool(judged)),
        path=str(result.run_dir),
        data_version=plan.run_dir.name,
        checks=checks.as_table(found),
    )


def model_metadata(
    plan: TrainingPlan, result: TrainingResult, settings: Settings
) -> dict[str, Any]:
    """Figures, pictures and a copyable command of a trained model."""
    say = speaker(settings.language)
    pictures = {
        f"picture/{picture.stem}": shown(
            markdown_preview(picture), settings, f"{result.run_dir.name}-{picture.stem}"
        )
        for picture in result.pictures
    }
    return {
        "summary": dg.MetadataValue.md(markdown_rows(_class_rows(result, LABEL_AWARE, say))),
        "path": dg.MetadataValue.path(str(result.run_dir)),
        "best_weights": dg.MetadataValue.path(str(result.best)),
        "dataset": dg.MetadataValue.path(str(plan.dataset_path)),
        "command": dg.MetadataValue.md(f"```sh\n{result.command}\n```"),
        "best_epoch": result.best_epoch,
        "epochs": result.epochs,
        **({"resumed_after_epochs": list(result.resumed)} if result.resumed else {}),
        "mAP50": round(value_of(result.metrics, "mAP50", result.best_epoch) or 0.0, 4),
        "mAP50-95": round(value_of(result.metrics, "mAP50-95", result.best_epoch) or 0.0, 4),
        "per_class": table(_classes(result, LABEL_AWARE, say), say),
        "per_class_stock": table(_classes(result, STOCK, say), say),
        **pictures,
    }


def _class_rows(result: TrainingResult, split: str, say: Say) -> list[dict[str, Any]]:
    """Final figures of each class as rows, which the UI shows whole where it cuts off a table."""
    known = _classes(result, split, say).drop(columns="labels").astype(object)
    return [{say(str(k)): v for k, v in row.items()} for row in known.to_dict("records")]


def _classes(result: TrainingResult, split: str, say: Say) -> pd.DataFrame:
    """Final figures of each class, 'all' (their mean) first."""
    figures = class_table(result.metrics, result.best_epoch, split=split)
    shown = ["mAP50", "mAP50-95", "precision", "recall", "labels"]
    judged = figures.reindex(columns=shown).dropna(how="all")  # images without objects have none
    rows = judged.round(3).reset_index()
    return rows.assign(class_name=rows.class_name.map(say))
