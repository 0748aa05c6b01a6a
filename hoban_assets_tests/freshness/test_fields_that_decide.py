"""Every field of a declaration: the key of a build differs exactly where status says stale."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from hoban_assets.formats.source import RawSource
from hoban_assets.freshness.declared import DATASET, MODEL, STAGE, Declared, declared_stage
from hoban_assets.freshness.machine import MACHINE
from hoban_assets.freshness.staleness import STALE, Built, Now, Verdict, judge
from hoban_assets.ingredients import Ingredients, key_of, rows_from
from hoban_assets.pipeline.recipe import PerPartition, Recipe
from hoban_assets.pipeline.stage import Stage, stage_ingredients
from hoban_assets.pipeline.teaching import Completion, Teacher
from hoban_assets.training.plan import TrainingPlan, plan_ingredients, run_key

SUB = "sub"
SOURCE = RawSource("yard", "yard photos", "yolo", {"worker": "person"})
STAGE_V1 = Stage(
    "workers", "Workers of a yard.", (SOURCE, replace(SOURCE, name="gate")), dedupe=0.9
)
RECIPE = Recipe.model_validate(
    {
        "version": "v3",
        "description": "A first try.",
        "stages": ["workers", {"sub": "few", "full": "many"}],
        "background": "empty",
        "quota": {"sub": 10, "full": 100},
        "similarity": 0.95,
    }
)

# A field that is added has no line here: say in TELLS or here what it does to the key.
OTHER_SOURCE: dict[str, Any] = {
    "name": "harbour",
    "folder": "harbour photos",
    "format": "coco",
    "classes": {"worker": "fallen"},
    "labelled_classes": ("person", "fallen"),
    "clip_pattern": "(?P<clip>cam.)",
    "taken_pattern": r"^(?P<camera>[^/]+)/",
    "optional": True,
    "labels_elsewhere": ("exports",),
    "nested": ("exports/old",),
    "taxonomy": ("person", "person_with_helmet"),
}
OTHER_STAGE: dict[str, Any] = {
    "name": "people",
    "description": "The same, said better.",
    "sources": STAGE_V1.sources[::-1],
    "dedupe": 0.8,
    "duplicates": "event",
    "complete": Completion((Teacher("m", model="model_v1"),)),
    "backgrounds": True,
    "watch": "yard",
    "sub_target": 7,
}
OTHER_RECIPE: dict[str, Any] = {
    "version": "v4",
    "description": "A second look.",
    "earlier": True,
    "stages": ["few"],
    "background": None,
    "backgrounds": {"sub": 3, "full": 3},
    "quota": {"sub": 11, "full": 100},
    "quota_unit": "images",
    "order": "area",
    "area": {"person": {"least": 0.01}},
    "max_persons": 9,
    "similarity": 0.96,
    "duplicates": "picture",
    "partial_labels": "mask",
    "group_similarity": 0.8,
    "val_share": 0.2,
    "prescale": 640,
    "map50_gate": 0.5,
    "sources_survive": 0.4,
    "training": {"seed": 4},
}
OTHER_PLAN: dict[str, Any] = {
    "epochs": 4,
    "patience": 5,
    "image_size": 320,
    "batch": 2,
    "nominal_batch": 16,
    "seed": 4,
    "lr0": 0.02,
    "partial_labels": "mask",
    "weights": "yolo26s.yaml",
    "device": "cpu",
    "workers": 1,
    "dataset_path": Path("elsewhere"),
    "run_dir": Path("elsewhere"),
    "expected": {"train": {}, "val": {}},
    "asset": "model_v4",
    "partition": "full",
    "optimizer": "AdamW",
    "cos_lr": False,
    "nms": False,
}
OF_THE_CODE = ("optimizer", "cos_lr", "nms")
"""No setting gives these: to change one is to change the code, whose version tells it."""
NAMES = {"asset", "partition"}
HERE_OR_THERE = {"device", "workers", "dataset_path", "run_dir", "expected"}


def verdict_of(asset: Declared, made: Ingredients, now: Now, **inputs: Built) -> Verdict:
    """What status says today of a build that was made from `made`."""
    built = {asset.name: Built("rows", "code", {}, made["inputs"], None, made), **inputs}
    above = [Declared(name, STAGE) for name in inputs]
    return judge([*above, asset], built, SUB, now)[asset.name]


def now(**other: Any) -> Now:
    code = dict.fromkeys((STAGE, DATASET, MODEL), "code")
    return Now(**{"raw_root": Path("/"), "code_versions": code, "engine": "e-1", **other})


def stage_made(stage: Stage, partition: str = SUB, engine: str = "e-1") -> Ingredients:
    return stage_ingredients(stage, partition, engine, "code", {"raw/yard": "1"})


def says_stale(before: Stage, after: Stage) -> bool:
    asset = replace(declared_stage(after), name=before.name, sources=())
    return verdict_of(asset, stage_made(before), now()).state == STALE


def of(cls: Any) -> list[str]:
    return [f.name for f in fields(cls)]


@pytest.mark.parametrize("name", of(RawSource))
def test_each_field_of_a_source(name):
    assert name in OTHER_SOURCE, f"what does RawSource.{name} do to the rows?"
    other = replace(SOURCE, **{name: OTHER_SOURCE[name]})
    assert other != SOURCE
    after = replace(STAGE_V1, sources=(other, STAGE_V1.sources[1]))
    key_differs = key_of(stage_made(STAGE_V1)) != key_of(stage_made(after))
    assert key_differs == says_stale(STAGE_V1, after) == (name not in RawSource.TELLS)


@pytest.mark.parametrize("name", of(Stage))
def test_each_field_of_a_stage(name):
    assert name in OTHER_STAGE, f"what does Stage.{name} do to the rows?"
    after = replace(STAGE_V1, **{name: OTHER_STAGE[name]})
    key_differs = key_of(stage_made(STAGE_V1)) != key_of(stage_made(after))
    assert key_differs == says_stale(STAGE_V1, after)
    assert key_differs == (name not in (*Stage.TELLS, "name"))  # another name is another asset


def dataset_made(recipe: Recipe) -> Ingredients:
    inputs = dict.fromkeys(("workers", "few", "empty"), "rows")
    return rows_from(recipe.as_recipe(), SUB, "code", inputs, "e-1")


@pytest.mark.parametrize("name", Recipe.model_fields)
def test_each_field_of_a_recipe(name):
    assert name in OTHER_RECIPE, f"what does Recipe.{name} do to the rows?"
    after = Recipe.model_validate({**RECIPE.model_dump(mode="json"), name: OTHER_RECIPE[name]})
    assert after != RECIPE
    key_differs = key_of(dataset_made(RECIPE)) != key_of(dataset_made(after))
    asset = Declared("dataset_v3", DATASET, recipe=after.as_recipe())
    stale = verdict_of(asset, {**dataset_made(RECIPE), "inputs": {}}, now()).state == STALE
    assert key_differs == stale == (name not in (*Recipe.TELLS, *Recipe.TRAINS))
    model = Declared("model_v3", MODEL, recipe=after.as_training())
    recorded = {**model_made(plan_of(RECIPE)), "inputs": {}}
    assert (verdict_of(model, recorded, now()).state == STALE) == (name in Recipe.TRAINS)


@pytest.mark.parametrize("name", PerPartition.model_fields)
def test_what_one_partition_does_not_use_does_not_touch_it(name):
    quota = {"sub": 10, "full": 100, name: 5}
    after = Recipe.model_validate({**RECIPE.model_dump(mode="json"), "quota": quota})
    same = key_of(dataset_made(RECIPE)) == key_of(dataset_made(after))
    assert same == (name != SUB)
    full = [stage_made(s, "full") for s in (STAGE_V1, replace(STAGE_V1, sub_target=1))]
    assert key_of(full[0]) == key_of(full[1])


def plan_of(recipe: Recipe) -> TrainingPlan:
    chosen = dict(epochs=3, image_size=640, batch=16, nominal_batch=64, **recipe.as_training())
    places = {"dataset_path": Path("tree"), "run_dir": Path("run"), "expected": {}}
    return TrainingPlan("model_v3", SUB, weights="yolo26n.yaml", **places, **chosen)


def model_made(plan: TrainingPlan, chosen: tuple[str, ...] = ()) -> Ingredients:
    inputs = {"dataset_v3": "rows"}
    return plan_ingredients(plan, RECIPE.as_training(), "code", inputs, chosen)


def settings_of(plan: TrainingPlan) -> dict[str, Any]:
    return {SUB: {name: getattr(plan, name) for name in MACHINE}}


def model_verdict(before: TrainingPlan, after: TrainingPlan, *chosen: str) -> Verdict:
    training = {name: getattr(after, name) for name in RECIPE.as_training()}
    asset = Declared("model_v3", MODEL, inputs={SUB: ("dataset_v3",)}, recipe=training)
    release = model_made(after)["ultralytics"]
    world = now(machine=settings_of(after), ultralytics=release)
    return verdict_of(asset, model_made(before, chosen), world, dataset_v3=Built("rows", "code"))


@pytest.mark.parametrize("name", of(TrainingPlan))
def test_each_field_of_a_training(name):
    assert name in OTHER_PLAN, f"what does TrainingPlan.{name} do to the weights?"
    before = plan_of(RECIPE)
    after = replace(before, **{name: OTHER_PLAN[name]})
    assert after != before
    keys = [run_key(p, "rows", p.weights) for p in (before, after)]
    assert (keys[0] != keys[1]) == (name not in HERE_OR_THERE)
    if name not in (*OF_THE_CODE, *NAMES):
        assert (model_verdict(before, after).state == STALE) == (keys[0] != keys[1])


@pytest.mark.parametrize("name", MACHINE)
def test_what_was_chosen_for_one_training_is_told_and_not_trained_away(name):
    before = plan_of(RECIPE)
    verdict = model_verdict(before, replace(before, **{name: OTHER_PLAN[name]}), name)
    assert verdict.state == "up to date"
    (remark,) = verdict.remarks
    assert remark.values["field"] == name
    assert model_verdict(before, before, name).remarks == ()


def test_settings_that_are_not_known_here_make_nothing_stale():
    made = model_made(plan_of(RECIPE))
    asset = Declared("model_v3", MODEL, recipe=RECIPE.as_training())
    unknown = now(machine={SUB: {"weights": None}})
    assert verdict_of(asset, {**made, "inputs": {}}, unknown).state == "up to date"


@pytest.mark.parametrize(("dedupe", "is_stale"), [(0.9, True), (None, False)])
def test_another_engine_matters_where_images_are_compared(dedupe, is_stale):
    stage = replace(STAGE_V1, dedupe=dedupe)
    asset = replace(declared_stage(stage), sources=())
    verdict = verdict_of(asset, stage_made(stage), now(engine="e-2"))
    assert (verdict.state == STALE) == is_stale
    assert [r.kind for r in verdict.reasons] == ["engine_changed"] * is_stale
    keys = {key_of(stage_made(stage, engine=e)) for e in ("e-1", "e-2")}
    assert (len(keys) == 2) == is_stale


def test_a_stage_of_an_earlier_release_is_compared_by_what_that_recorded():
    earlier = {"sources": ["yard", "gate"], "dedupe": 0.9, "backgrounds": False, "sub_target": 5}
    asset = replace(declared_stage(replace(STAGE_V1, sub_target=5)), sources=())
    built = {"workers": Built("rows", "code", earlier, {"raw/yard": "1"})}
    assert judge([asset], built, SUB, now())["workers"].state == "up to date"
    built = {"workers": Built("rows", "code", {**earlier, "dedupe": 0.7}, {})}
    (reason,) = judge([asset], built, SUB, now())["workers"].reasons
    assert reason.values == {"change": "dedupe: 0.7 -> 0.9"}
