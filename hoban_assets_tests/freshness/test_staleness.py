"""Each reason why something is out of date, by making it so in a small catalog."""

import shutil
from pathlib import Path

import pytest
from built_world import World, declarations

from hoban_assets.catalog.access import writing
from hoban_assets.catalog.store import Build, Run
from hoban_assets.freshness.declared import DATASET, STAGE, Declared
from hoban_assets.freshness.staleness import BROKEN, Built, Now, judge
from hoban_assets.ingredients import rows_from


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.in_folder(tmp_path)


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World.in_folder(tmp_path_factory.mktemp("v9"))
    world.build_v9()
    world.state("model_v9")  # declarations are in its cache now
    return world


@pytest.fixture
def v9(built_once: World, tmp_path: Path) -> World:
    """model_v9 and all that it is made from, up to date."""
    return built_once.copied_to(tmp_path)


def test_what_was_built_from_what_is_declared_now_is_up_to_date(v9):
    for name in ("helmet_60k", "dataset_v9", "model_v9"):
        assert v9.state(name) == "up to date"
        assert v9.why(name) == []
        assert v9.artifact(name).command is None


def test_what_was_never_built_says_so_and_how_to_build_it(world):
    assert world.state("dataset_v9") == "not built"
    assert world.artifact("dataset_v9").command == "hoban build dataset_v9 --partition sub"


def test_without_its_raw_folder_a_stage_and_all_above_it_cannot_be_built(world):
    shutil.rmtree(world.settings.raw_root / "WiderPerson")
    for name in ("wider_person", "dataset_v6", "model_v6"):
        assert world.state(name) == "cannot be built here"
        assert f"{world.settings.raw_root}/WiderPerson of source wider_person" in world.said(name)
        assert world.artifact(name).command is None
    assert world.state("dataset_v7") == "not built"  # it needs no WiderPerson


def test_an_optional_source_that_is_absent_stops_nothing(world):
    shutil.rmtree(world.settings.raw_root / "helmet_21k" / "background")
    assert world.state("background") == "not built"


def test_without_a_raw_root_one_reason_says_so_instead_of_one_a_folder(world):
    shutil.rmtree(world.settings.raw_root)
    assert world.why("dataset_v9") == ["raw_root_absent"]
    assert "HOBAN_RAW_ROOT" in world.said("dataset_v9")


def test_what_is_built_stays_up_to_date_where_its_raw_folder_went_but_that_is_noted(v9):
    shutil.rmtree(v9.settings.raw_root / "coco")
    found = v9.artifact("dataset_v9").verdict
    assert found.state == "up to date"
    assert [note.kind for note in found.notes] == ["source_absent"]


def test_other_code_makes_a_build_stale_and_all_that_is_made_from_it(v9):
    v9.build_stage("coco_person", code_version="of old")
    assert v9.why("coco_person") == ["code_changed"]
    assert "of old" in v9.said("coco_person")
    assert v9.why("dataset_v9") == ["input_stale"]
    assert "coco_person" in v9.said("dataset_v9")
    assert v9.why("model_v9") == ["input_stale"]
    assert v9.state("helmet_60k") == "up to date"


def test_an_input_that_was_built_again_with_other_rows_is_named(v9):
    before = v9.version_of("helmet_60k")
    v9.build_stage("helmet_60k", images=3)
    assert v9.why("dataset_v9") == ["input_rebuilt"]
    said = v9.said("dataset_v9")
    assert "helmet_60k" in said
    assert before[:12] in said
    assert v9.version_of("helmet_60k")[:12] in said
    assert v9.why("model_v9") == ["input_stale"]


def test_an_input_that_was_built_again_with_the_same_rows_changes_nothing(v9):
    v9.build_stage("helmet_60k")
    assert v9.state("dataset_v9") == "up to date"


def test_a_changed_recipe_names_the_fields_with_their_values_before_and_now(v9):
    now = declarations()["dataset_v9"].recipe
    before = {**now, "quota": {**now["quota"], "sub": 111}, "stages": ["helmet_30k"]}
    v9.build_dataset("dataset_v9", recipe=before)
    assert v9.why("dataset_v9") == ["recipe_changed", "recipe_changed"]
    assert "quota: 111 -> 3000" in v9.said("dataset_v9")
    assert "stages: helmet_30k -> helmet_60k, coco_person, fallen_pool" in v9.said("dataset_v9")


def test_a_stage_that_was_told_otherwise_is_stale(world):
    world.build_stage("fallen_pool", recipe={**declarations()["fallen_pool"].recipe, "dedupe": 0.8})
    assert "dedupe: 0.8 -> 0.9" in world.said("fallen_pool")


def test_a_model_is_held_to_its_recipe_and_not_to_the_machine(v9):
    recipe = declarations()["model_v9"].recipe
    v9.build_model("model_v9", recipe={**recipe, "epochs": 1, "batch": 2, "device": "0"})
    assert v9.state("model_v9") == "up to date"
    v9.build_model("model_v9", recipe={**recipe, "epochs": 1, "seed": 7})
    assert "seed: 7 -> 0" in v9.said("model_v9")


def test_a_recipe_that_was_not_recorded_is_no_change(v9):
    v9.build_dataset("dataset_v9", recipe=None)
    assert v9.state("dataset_v9") == "up to date"


def test_a_catalog_of_an_earlier_release_is_upgraded_and_judged_by_what_it_recorded(v9):
    with writing(v9.settings.catalog_path, 5) as connection:
        connection.execute("DROP VIEW main.ingredients")
        connection.execute("ALTER TABLE store.materializations DROP COLUMN ingredients")
        connection.execute("ALTER TABLE store.images DROP COLUMN mtime_ns")
        connection.execute("UPDATE store.schema_version SET version = 2")
    for name in ("helmet_60k", "dataset_v9", "model_v9"):
        assert v9.state(name) == "up to date"
    assert v9.catalog.load("helmet_60k", "sub").images.mtime_ns.tolist() == [0, 0]
    v9.build_stage("coco_person", code_version="of old")
    assert v9.why("coco_person") == ["code_changed"]


def test_a_published_folder_that_is_gone_or_not_whole_is_told(v9):
    folder = Path(v9.artifact("dataset_v9").path)
    (folder / "data.yaml").unlink()
    assert "not whole: data.yaml is gone" in v9.said("dataset_v9")
    shutil.rmtree(folder)
    assert v9.why("dataset_v9") == ["folder_gone"]
    assert str(folder) in v9.said("dataset_v9")
    assert v9.why("model_v9") == ["input_stale"]


def test_a_model_without_its_weights_is_stale(v9):
    (Path(v9.artifact("model_v9").path) / "best.pt").unlink()
    assert v9.why("model_v9") == ["folder_gone"]


def test_changed_raw_files_are_found_only_where_they_are_looked_at(world):
    from hoban_assets.declared.stages import COCO_PERSON
    from hoban_assets.pipeline.stage import raw_versions

    world.build_stage("coco_person", inputs=raw_versions(COCO_PERSON, world.settings))
    assert world.state("coco_person", check_raw=True) == "up to date"
    (world.settings.raw_root / "coco" / "new.jpg").write_bytes(b"new")
    assert world.state("coco_person") == "up to date"
    assert world.why("coco_person", check_raw=True) == ["raw_changed"]
    assert "raw/coco" in world.said("coco_person", check_raw=True)


def test_a_raw_folder_that_came_since_is_told(world):
    from hoban_assets.declared.stages import BACKGROUND
    from hoban_assets.pipeline.stage import raw_versions

    before = raw_versions(BACKGROUND, world.settings)
    before.pop("raw/helmet_21k_background")
    world.build_stage("background", inputs=before)
    assert world.why("background", check_raw=True) == ["raw_added"]


def test_an_input_that_the_catalog_lost_is_told_and_the_command_builds_it_too(v9):
    with writing(v9.settings.catalog_path, 5) as connection:
        connection.execute("DELETE FROM store.materializations WHERE asset = 'coco_person'")
    assert v9.why("dataset_v9") == ["input_missing"]
    assert "hoban build dataset_v9" in v9.artifact("dataset_v9").command


def test_what_no_recipe_declares_any_more_is_kept_in_the_list(world):
    world.build_stage("coco_person")
    world.catalog.record("dataset_v1", "sub", Build("k", path="/gone"), Run("run", "code"))
    assert world.state("dataset_v1") == "not declared any more"


def test_a_recipe_that_cannot_be_read_is_a_verdict_and_hurts_no_other():
    good = Declared("stage", STAGE, recipe={"a": 1})
    broken = Declared("dataset_v5", DATASET, file="v5/defs.yaml", error="quota: Field required")
    now = Now(Path("/"), {STAGE: "c", DATASET: "c"})
    found = judge([good, broken], {"stage": Built("v", "c", {"a": 1})}, "sub", now)
    assert found["stage"].state == "up to date"
    assert found["dataset_v5"].state == BROKEN
    (reason,) = found["dataset_v5"].reasons
    assert reason.values == {"file": "v5/defs.yaml", "error": "quota: Field required"}


def test_a_dataset_that_needs_an_unknown_stage_cannot_be_built():
    dataset = Declared("dataset_v5", DATASET, inputs={"sub": ("helmet_99k",)})
    verdict = judge([dataset], {}, "sub", Now(Path("/"), {DATASET: "c"}))["dataset_v5"]
    assert verdict.state == "cannot be built here"
    assert verdict.reasons[0].values == {"input": "helmet_99k"}


def test_a_sub_that_was_taken_from_full_is_stale_when_full_was_built_again():
    recipe = {"quota": {"sub": 1, "full": 2}}
    stages = {"sub": ("stage",), "full": ("stage",)}
    dataset = Declared("dataset_v5", DATASET, inputs=stages, recipe=recipe)
    above = Declared("stage", STAGE, recipe={})

    def state(taken_from, **full):
        made = rows_from(recipe, "sub", "c", {"stage": "rows"} | taken_from, "engine")
        parent = rows_from({}, "sub", "c", {}, "")
        built = {
            "stage": Built("rows", "c", {}, {}, None, parent),
            "dataset_v5": Built("v", "c", recipe, made["inputs"], None, made),
        }
        now = Now(Path("/"), {STAGE: "c", DATASET: "c"}, engine="engine", full=full)
        return judge([above, dataset], built, "sub", now)["dataset_v5"].state

    full = rows_from(recipe, "full", "c", {"stage": "all"}, "engine")
    first, second = (Built(v, "c", recipe, {}, None, full) for v in ("1", "2"))
    taken = {"dataset_v5 (full)": "1"}
    assert state(taken, dataset_v5=first) == "up to date"
    assert state(taken, dataset_v5=second) == "stale"
    assert state({}, dataset_v5=first) == "stale"
    assert state({}) == "up to date"
    other = Built("1", "c", recipe, {}, None, {**full, "engine": "another"})
    assert state({}, dataset_v5=other) == "up to date"


def test_a_stage_whose_sub_is_part_of_full_says_what_became_of_full():
    recipe = {"dedupe": 0.9, "sub_target": {"sub": 9, "full": None}}
    stage, raw = Declared("pool", STAGE, recipe=recipe), {"raw/hall": "files"}

    def reasons(taken_from, looked=None, **full):
        made = rows_from(recipe, "sub", "c", raw | taken_from, "engine")
        built = {"pool": Built("v", "c", recipe, made["inputs"], None, made)}
        seen = None if looked is None else {"pool": looked}
        now = Now(Path("/"), {STAGE: "c"}, seen, engine="engine", full=full)
        return [(r.kind, r.values) for r in judge([stage], built, "sub", now)["pool"].reasons]

    def whole(version, files="files", engine="engine"):
        made = rows_from(recipe, "full", "c", {"raw/hall": files}, engine)
        return Built(version, "c", recipe, {}, None, made)

    taken = {"pool (full)": "1"}
    assert reasons({}) == reasons(taken, pool=whole("1")) == []
    assert reasons({}, pool=whole("1")) == [("full_built", {"asset": "pool"})]
    assert reasons(taken) == [("full_gone", {"asset": "pool"})]
    again = {"asset": "pool", "before": "1", "after": "2"}
    assert reasons(taken, pool=whole("2")) == [("full_rebuilt", again)]
    assert reasons({}, pool=whole("1", "older files")) == []
    assert reasons({}, pool=whole("1", engine="other")) == []
    kinds = [kind for kind, _ in reasons(taken, {"raw/hall": "edited"}, pool=whole("1"))]
    assert kinds == ["full_gone", "raw_changed"]
    assert reasons(taken, {"raw/hall": "files"}, pool=whole("1")) == []


def test_a_dataset_whose_stages_differ_by_partition_says_that_sub_is_no_part_of_full():
    names = {"sub": ("few", "street"), "full": ("many", "street")}
    dataset, recipe = Declared("dataset_v5", DATASET, inputs=names), {}
    made = rows_from(recipe, "sub", "c", {}, "engine")
    built = {"dataset_v5": Built("v", "c", recipe, {}, None, made)}

    def remarks(asset, partition):
        now = Now(Path("/"), {DATASET: "c"})
        return [
            (r.kind, r.values) for r in judge([asset], built, partition, now)[asset.name].remarks
        ]

    assert remarks(dataset, "sub") == [("not_of_full", {"sub": "few", "full": "many"})]
    assert remarks(dataset, "full") == []
    same = Declared("dataset_v5", DATASET, inputs=dict.fromkeys(names, ("few",)))
    assert remarks(same, "sub") == []
