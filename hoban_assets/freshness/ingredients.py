"""The ingredients of a build as it was recorded, and those that it would have now. Pure.

One function for each kind makes those of now, in the form in which builds record theirs: both go
through `ingredients.rows_from` or `ingredients.model_from`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hoban_assets.freshness.declared import DATASET, MODEL, STAGE, Declared
from hoban_assets.freshness.facts import Built, Now
from hoban_assets.ingredients import (
    CORRECTIONS,
    Ingredients,
    as_corrected,
    can_be_taken_from,
    changes,
    is_of_full,
    model_from,
    of_full,
    of_partition,
    rows_from,
)


def compared(
    asset: Declared, partition: str, mine: Built, built: Mapping[str, Built], now: Now
) -> tuple[Ingredients, Ingredients]:
    """Return what `mine` was made from, and what it would be made from now.

    What is not known here (raw folders that nobody looked at, an engine that is not installed,
    weights that are not there) is taken to be as it was; so is what was chosen for one training
    alone. Of a build by an earlier release, both hold only what that release recorded.
    """
    if mine.ingredients is not None:
        before = dict(mine.ingredients)
        return before, _KINDS[asset.kind](asset, partition, before, built, now)
    before = _of_earlier_release(partition, mine)
    after = _KINDS[asset.kind](asset, partition, before, built, now)
    return _what_both_hold(asset, before, after)


def stage_ingredients(
    asset: Declared, partition: str, before: Ingredients, built: Mapping[str, Built], now: Now
) -> Ingredients:
    """Of a stage: its raw folders are those that somebody looked at, else as recorded."""
    not_files = {CORRECTIONS, *asset.inputs.get(partition, ())}
    known = {
        name: version
        for name, version in before["inputs"].items()
        if not is_of_full(name) and name not in not_files
    }
    raw = (now.raw or {}).get(asset.name, known)
    code = now.code_versions[STAGE]
    engine = _engine(before, now) if asset.recipe.get("dedupe") is not None else ""
    full = now.full.get(asset.name) if partition == "sub" else None

    def read(of: str, models: Mapping[str, Built]) -> dict[str, str]:
        corrected = as_corrected(now.corrections.get((asset.name, of), ""))
        return {**raw, **_versions(asset, of, models), **corrected}

    inputs = read(partition, built)
    if full is not None and full.ingredients is not None:
        whole = rows_from(asset.recipe, "full", code, read("full", now.full), engine)
        if not changes(full.ingredients, whole):
            inputs |= of_full(asset.name, full.data_version)
    return rows_from(asset.recipe, partition, code, inputs, engine)


def dataset_ingredients(
    asset: Declared, partition: str, before: Ingredients, built: Mapping[str, Built], now: Now
) -> Ingredients:
    """Of a dataset: its stages are those that are current."""
    inputs = _versions(asset, partition, built)
    full = now.full.get(asset.name) if partition == "sub" else None
    if (
        full is not None
        and full.ingredients is not None
        and asset.inputs.get("sub") == asset.inputs.get("full")
        and can_be_taken_from(full.ingredients, asset.recipe, _engine(before, now))
    ):
        inputs |= of_full(asset.name, full.data_version)
    code = now.code_versions[DATASET]
    return rows_from(asset.recipe, partition, code, inputs, _engine(before, now))


def model_ingredients(
    asset: Declared, partition: str, before: Ingredients, built: Mapping[str, Built], now: Now
) -> Ingredients:
    """Of a model: settings of now, but for what was chosen for that run alone."""
    was, settings = before.get("machine", {}), now.machine.get(partition, {})
    chosen = before.get("chosen", [])
    machine = {
        name: was.get(name) if name in chosen or settings.get(name) is None else settings[name]
        for name in dict.fromkeys((*was, *settings))
    }
    return model_from(
        asset.recipe,
        partition,
        now.code_versions[MODEL],
        _versions(asset, partition, built),
        machine,
        chosen,
        now.ultralytics or before.get("ultralytics", ""),
    )


_KINDS = {STAGE: stage_ingredients, DATASET: dataset_ingredients, MODEL: model_ingredients}


def _engine(before: Ingredients, now: Now) -> str:
    return now.engine or before.get("engine") or ""


def _versions(asset: Declared, partition: str, built: Mapping[str, Built]) -> dict[str, str]:
    names = asset.inputs.get(partition, ())
    return {name: built[name].data_version or "" for name in names if name in built}


def _of_earlier_release(partition: str, mine: Built) -> Ingredients:
    made: Ingredients = {"code": mine.code_version, "inputs": dict(mine.inputs)}
    if mine.recipe is not None:
        made["recipe"] = of_partition(mine.recipe, partition)
    return made


def _what_both_hold(
    asset: Declared, before: Ingredients, after: Ingredients
) -> tuple[Ingredients, Ingredients]:
    """Leave out what the earlier release did not record, or recorded beside the recipe."""
    old: dict[str, Any] = before.get("recipe", {})
    new: dict[str, Any] = after["recipe"] if "recipe" in before else {}
    if asset.kind == MODEL:  # all arguments of Ultralytics were recorded
        old = {name: value for name, value in old.items() if name in new}
    if asset.kind != DATASET:  # a stage named its sources, and not how they are read
        new = {name: value for name, value in new.items() if name in old}
    inputs = after["inputs"] if before["inputs"] else {}
    return {**before, "recipe": old}, {"code": after["code"], "inputs": inputs, "recipe": new}
