"""Models compared with the first of them: figures, recipes, data, and what may not be compared."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from hoban_assets.asset_names import model_of
from hoban_assets.catalog.asked import Ask
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.ingredients import Change, changes
from hoban_assets.reporting.comparison.types import Against, Comparison, Remark, Step, Trained
from hoban_assets.reporting.diff.difference import Difference, difference
from hoban_assets.reporting.diff.sides import Side
from hoban_assets.reporting.results.asking import model_results
from hoban_assets.reporting.results.figures import ModelResults
from hoban_assets.settings import PARTITIONS

FEW_LABELS = 30
"""Validation labels of a class below which one more hit or miss moves its recall by over 3 %."""
SMALLEST_MARGIN = 0.005
"""Differences below half a point are never called one."""
_NOT_THE_RESULT = ("device", "workers", "plots", "deterministic")
_NAMES = {"model": "weights", "imgsz": "image_size", "nbs": "nominal_batch"}
"""Arguments of Ultralytics under the names of our settings."""


def compare(ask: Ask, models: Sequence[str], partition: str) -> Comparison:
    """Compare trained models (asset names) of one partition with the first of them.

    Raises:
        HobanError: one was never trained for this partition.
    """
    trained = [_trained(ask, name, partition) for name in models]
    base = trained[0]
    others = tuple(_against(ask, base, other, partition) for other in trained[1:])
    return Comparison(partition, base, others)


def trained_models(ask: Ask, partition: str | None = None) -> list[str]:
    """Return the models with metrics, of a partition or of any, oldest version first."""
    found = ask(
        """SELECT DISTINCT asset FROM store.metrics JOIN store.current USING (materialization_id)
           WHERE $partition IS NULL OR partition = $partition""",
        {"partition": partition},
    )
    return sorted((row["asset"] for row in found), key=_version_order)


def margin(before: float, after: float, labels_before: int, labels_after: int) -> float:
    """Return the difference of two shares that chance alone explains in 19 of 20 cases.

    Normal approximation of two binomial shares, 1.96 * sqrt(p(1-p)/n + q(1-q)/m). An AP is no
    share of labels, but it varies about as the recall behind it does; on the same validation
    images the true margin is smaller. A rule of thumb against reading much into few labels.
    """
    if not labels_before or not labels_after:
        return SMALLEST_MARGIN
    variance = before * (1 - before) / labels_before + after * (1 - after) / labels_after
    return max(SMALLEST_MARGIN, 1.96 * math.sqrt(max(0.0, variance)))


def _version_order(asset: str) -> tuple[int, str]:
    number = re.search(r"v(\d+)", asset)
    return (int(number[1]) if number else -1, asset)


def _trained(ask: Ask, name: str, partition: str) -> Trained:
    results = model_results(ask, name, partition)
    (line,) = ask(_MODEL, {"asset": name, "partition": partition})
    arguments = {_NAMES.get(k, k): v for k, v in json.loads(line["recipe"] or "{}").items()}
    if isinstance(weights := arguments.get("weights"), str):
        arguments["weights"] = PurePath(weights.replace("\\", "/")).name
    datasets = ask(_DATASET, {"id": line["materialization_id"], "partition": partition})
    dataset = datasets[0] if datasets else None
    return Trained(
        results,
        arguments,
        json.loads(dataset["recipe"] or "{}") if dataset else {},
        Side(**{k: dataset[k] for k in Side.__dataclass_fields__})
        if dataset and dataset["has_rows"]
        else None,
        line["is_label_aware"],
        line["evaluation"],
    )


def _against(ask: Ask, base: Trained, other: Trained, partition: str) -> Against:
    data = difference(ask, base.data, other.data) if base.data and other.data else None
    steps = tuple(_steps(base.results, other.results))
    return Against(
        model=other,
        overall=_overall(base.results, other.results, steps),
        steps=steps,
        recipe=recipe_changes(base.dataset_recipe, other.dataset_recipe, partition),
        training=training_changes(base.arguments, other.arguments),
        data=data,
        warnings=tuple(_warnings(base, other, data)),
    )


def recipe_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], partition: str
) -> tuple[Change, ...] | None:
    """List the fields of two dataset recipes that differ and matter for this partition.

    None where one of them is empty: it is of before recipes were recorded.
    """
    if not before or not after:
        return None
    elsewhere = tuple(f".{p}" for p in PARTITIONS if p != partition)
    return tuple(
        change
        for change in changes(_with_limits(before, after), _with_limits(after, before))
        if change.field != "version" and not change.field.endswith(elsewhere)
    )


def _with_limits(recipe: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Write out the area limits of classes that only the other recipe limits: 0 to 1."""
    own, others = recipe.get("area") or {}, other.get("area") or {}
    limits = {name: {"least": 0.0, "most": 1.0, **own.get(name, {})} for name in {**own, **others}}
    return {**recipe, "area": limits}


def training_changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Change, ...] | None:
    """List the arguments of two trainings that differ, without where and how fast they ran.

    None where those of one were not recorded.
    """
    if not before or not after:
        return None
    return tuple(c for c in changes(before, after) if c.field not in _NOT_THE_RESULT)


def _steps(before: ModelResults, after: ModelResults) -> list[Step]:
    known = {c.class_name: c for c in before.classes}
    steps = []
    for new in after.classes:
        old = known.get(new.class_name)
        if old is None or old.ap50 is None or new.ap50 is None:
            continue
        chance = margin(old.ap50, new.ap50, old.labels or 0, new.labels or 0)
        steps.append(Step(new.class_name, old.ap50, new.ap50, chance))
    return steps


def _overall(before: ModelResults, after: ModelResults, steps: Sequence[Step]) -> Step | None:
    old, new = before.overall.ap50, after.overall.ap50
    if old is None or new is None:
        return None
    # The mean of k independent figures: their margins add up as squares.
    chance = math.sqrt(sum(s.margin**2 for s in steps)) / len(steps) if steps else SMALLEST_MARGIN
    return Step("all", old, new, max(SMALLEST_MARGIN, chance))


def _warnings(base: Trained, other: Trained, data: Difference | None) -> list[Remark]:
    found: list[Remark] = []
    names = {"a": base.name, "b": other.name}
    if data is None:
        found.append(
            ("The rows of one of the datasets were pruned: what changed in the data is not known, "
             "nor whether the validation images are the same.", {})
        )  # fmt: skip
    elif (val := data.val)["common"] < max(val["old"], val["new"]):
        share = f"{100 * val['common'] / max(1, val['new']):.0f} %"
        counts = {"common": val["common"], "new": val["new"], "old": val["old"], "share": share}
        found.append(
            ("Other validation images: {common:,} of the {new:,} of {b} ({share}) are also among "
             "the {old:,} of {a}. A part of the difference may come from the images.",
             {**names, **counts})
        )  # fmt: skip
    for field_name, text in (
        ("image_size", "Other image size: {a} {before}, {b} {after} pixels."),
        ("weights", "Other starting weights: {a} {before}, {b} {after}."),
        ("epochs", "Other number of epochs: {a} {before}, {b} {after}."),
    ):
        before, after = base.arguments.get(field_name), other.arguments.get(field_name)
        if before != after and base.arguments and other.arguments:
            found.append((text, {**names, "before": before or "-", "after": after or "-"}))
    found += [
        ("{model} has no label-aware evaluation: its figures count objects that nobody labelled "
         "as mistakes.", {"model": model.name})
        for model in (base, other)
        if not model.is_label_aware
    ]  # fmt: skip
    if base.evaluation != other.evaluation:
        older = min((base, other), key=lambda model: model.evaluation or 0)
        text = (
            "{model} was evaluated by older rules, which count other mistakes: materialise it "
            "again, which evaluates it anew and does not train."
        )
        found.append((text, {"model": older.name}))
    if few := _few_labels(base.results, other.results):
        text = "Few labels in validation, so chance weighs heavily: {classes}."
        found.append((text, {"classes": ", ".join(few)}))
    return found


def _few_labels(before: ModelResults, after: ModelResults) -> list[str]:
    """Name the classes with few labels on a side: ``fallen (14 / 7)``."""
    labels = [{c.class_name: c.labels for c in side.classes} for side in (before, after)]
    names = dict.fromkeys((*labels[0], *labels[1]))
    counts = {name: [side.get(name) or 0 for side in labels] for name in names}
    return [
        f"{n} ({old:,} / {new:,})" for n, (old, new) in counts.items() if min(old, new) < FEW_LABELS
    ]


def named(typed: str, known: Sequence[str]) -> str:
    """Return the model that 'model_v9' or 'v9' means; as typed where there is none such."""
    name = typed.strip()
    return model_of(name) if name not in known and model_of(name) in known else name


def never_trained(name: str, partition: str) -> HobanError:
    """Error for a model that exists in another partition only."""
    return HobanError(
        f"{name} was never trained for partition {partition}",
        build_all(name, partition),
    )


_MODEL = """
SELECT m.materialization_id, m.recipe,
       EXISTS (FROM store.model_figures AS f
               WHERE f.materialization_id = m.materialization_id) AS is_label_aware,
       (SELECT max(v.value) FROM store.metrics AS v
        WHERE v.materialization_id = m.materialization_id
          AND v.metric = 'evaluation') AS evaluation
FROM store.materializations AS m JOIN store.current USING (materialization_id)
WHERE m.asset = $asset AND m.partition = $partition
"""
_DATASET = """
SELECT d.materialization_id, d.asset, d.partition, d.created_at, d.images, d.boxes, d.data_version,
       d.recipe,
       d.materialization_id IN (SELECT DISTINCT materialization_id FROM store.images) AS has_rows
FROM store.inputs AS i
JOIN store.materializations AS d
    ON d.asset = i.input AND d.data_version = i.data_version AND d.partition = $partition
WHERE i.materialization_id = $id AND d.images IS NOT NULL
-- the same rows may have been made twice: as they were then, if they are still there
ORDER BY has_rows DESC, d.materialization_id < $id DESC, d.materialization_id DESC
LIMIT 1
"""
