"""A version is one file: made by a command, checked with file and line, absent data or not."""

import os
import subprocess
import sys
from pathlib import Path

import click
import dagster as dg
import pytest
import yaml
from road import REPOSITORY, Road, copied_package, failure_of

from hoban_assets.components.scaffolding import ScaffoldParams, VersionScaffolder
from hoban_assets.declared.stages import STAGES
from hoban_assets.pipeline.recipe import Recipe

BIN = Path(sys.executable).parent
VERSIONS = REPOSITORY / "hoban_assets/defs/versions"


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of the project that a test may change."""
    folder = tmp_path / "project"
    copied_package(folder)
    return folder


def dg_command(project: Path, *arguments: str) -> tuple[int, str]:
    env = {**os.environ, "PYTHONPATH": str(project), "HOBAN_RAW_ROOT": str(project / "raw")}
    done = subprocess.run(
        [str(BIN / "dg"), *arguments],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def loaded(road: Road) -> dict[str, dg.AssetSpec]:
    with road.environment():
        from hoban_assets.definitions import defs

        return {s.key.to_user_string(): s for s in defs().resolve_all_asset_specs()}


@pytest.mark.parametrize("version", ["v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12"])
def test_every_recipe_is_named_like_its_folder_and_valid(version):
    document = yaml.safe_load((VERSIONS / version / "defs.yaml").read_text())
    assert Recipe.model_validate(document["attributes"]).version == version


def test_swapping_the_person_set_is_one_changed_line():
    def stages(version: str) -> list[str]:
        text = (VERSIONS / version / "defs.yaml").read_text()
        return yaml.safe_load(text)["attributes"]["stages"]

    changed = set(stages("v6")) ^ set(stages("v7"))
    assert changed == {"wider_person", "coco_person"}


def compared(one: str, other: str) -> tuple[dict, dict, set[str]]:
    """Recipes of two versions, and the fields in which they differ, apart from their words."""
    first, second = (
        yaml.safe_load((VERSIONS / v / "defs.yaml").read_text())["attributes"] for v in (one, other)
    )
    differing = {k for k in first | second if first.get(k) != second.get(k)}
    return first, second, differing - {"version", "description"}


def test_v10_is_v9_with_events_for_rooms():
    v9, v10, changed = compared("v9", "v10")
    assert changed == {"duplicates", "stages", "partial_labels"}
    assert (v9["duplicates"], v10["duplicates"]) == ("picture", "event")
    rooms, events = (
        next(s for s in STAGES if s.name == name) for name in ("fallen_pool", "fallen_pool_events")
    )
    assert [s.replace("_events", "") for s in v10["stages"]] == v9["stages"]
    same = {k: v for k, v in rooms.as_recipe().items() if k != "duplicates"}
    assert events.as_recipe() == {**same, "duplicates": "event"}
    assert rooms.duplicates == "picture"


def test_v11_is_v10_with_completed_labels():
    v10, v11, changed = compared("v10", "v11")
    assert changed == {"stages"}
    assert v11["stages"] == [f"{name}_completed" for name in v10["stages"]]
    declared = {stage.name: stage.as_recipe() for stage in STAGES}
    for name in v10["stages"]:
        completed = declared[f"{name}_completed"]
        assert completed.pop("complete")["teachers"]["model_v10"]["model"] == "model_v10"
        assert completed == declared[name]


def test_v12_is_v10_with_the_persons_of_the_fall_folders():
    v10, v12, changed = compared("v10", "v12")
    assert changed == {"stages"}
    assert set(v10["stages"]) ^ set(v12["stages"]) == {"fallen_pool_events", "fallen_pool_persons"}
    declared = {stage.name: stage for stage in STAGES}
    fallen, persons = declared["fallen_pool_events"], declared["fallen_pool_persons"]
    assert [s.name for s in fallen.sources] == [s.name for s in persons.sources]
    more = {
        source.name: sorted(source.classes.keys() - before.classes.keys())
        for before, source in zip(fallen.sources, persons.sources, strict=True)
        if source != before
    }
    assert more == {
        "fallen_v2i": ["1_standing"],
        "fall_v2i": ["nofall"],
        "fall_v4i": ["sitting", "standing"],
    }
    assert {s.labels for s in persons.sources if s.name in more} == {("person", "fallen")}


@pytest.mark.parametrize("version", ["v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12"])
def test_v10_is_the_first_that_is_trained_with_a_mask(version):
    document = yaml.safe_load((VERSIONS / version / "defs.yaml").read_text())
    training = Recipe.model_validate(document["attributes"]).as_training()
    assert training["partial_labels"] == ("mask" if version in ("v10", "v11", "v12") else "naive")


def test_dg_scaffolds_a_version_and_a_source_that_load_and_explains_a_field_that_is_wrong(project):
    """Each start of `dg` takes seconds: one says all that it has to say of both."""
    defs = project / "hoban_assets/defs"
    status, output = dg_command(project, "scaffold", "defs", "hoban_assets.DatasetVersion", "v13")
    assert status == 0, output
    made = yaml.safe_load((defs / "v13/defs.yaml").read_text())["attributes"]
    newest = yaml.safe_load((VERSIONS / "v12/defs.yaml").read_text())["attributes"]
    assert made.pop("version") == "v13"
    assert "As v12" in made.pop("description")
    assert made.pop("partial_labels") == newest.pop("partial_labels") == "mask"
    assert made == {k: v for k, v in newest.items() if k not in ("version", "description")}

    scaffold = ("scaffold", "defs", "hoban_assets.RawSource")
    status, output = dg_command(project, *scaffold, "coco")
    assert status != 0
    assert "a source coco is declared already" in output
    status, output = dg_command(project, *scaffold, "gloves", "--read-as", "yolo")
    assert status == 0, output

    status, output = dg_command(project, "list", "defs", "--json")
    assert status == 0, output
    assert [name for name in ("dataset_v13", "model_v13", "raw/gloves") if name not in output] == []

    wrong = {
        defs / "versions/v9/defs.yaml": ("  quota_unit: boxes", "  quota_unitt: boxes"),
        defs / "gloves/defs.yaml": ("    person: person", "    person: persn"),
    }
    lines = [1 + file.read_text().splitlines().index(line) for file, (line, _) in wrong.items()]
    for file, (line, slip) in wrong.items():
        file.write_text(file.read_text().replace(line, slip))
    # Without a folder dg looks at one file of all that have the same type of component.
    status, output = dg_command(project, "check", "yaml", *(str(f.parent) for f in wrong))
    assert status != 0
    assert all(f"defs.yaml:{line}" in output for line in lines), output
    assert "quota_unitt" in output
    assert "'persn' is not one of" in output


def test_a_name_that_is_no_version_is_refused_and_leaves_nothing(tmp_path):
    folder = tmp_path / "defs" / "nine"
    folder.mkdir(parents=True)  # as dg does before it asks
    request = dg.ScaffoldRequest(
        type_name="hoban_assets.DatasetVersion",
        target_path=folder,
        scaffold_format="yaml",
        project_root=tmp_path,
        params=ScaffoldParams(based_on=None),
    )
    with pytest.raises(click.ClickException, match="name it v11"):
        VersionScaffolder().scaffold(request)
    assert not folder.exists()


def test_dg_names_file_line_and_nearest_match_of_an_unknown_stage(project):
    recipe = project / "hoban_assets/defs/versions/v9/defs.yaml"
    recipe.write_text(recipe.read_text().replace("- coco_person", "- coco_persn"))
    line = 1 + recipe.read_text().splitlines().index("    - coco_persn")
    status, output = dg_command(project, "check", "defs")
    assert status != 0
    assert f"defs.yaml:{line}: no stage is named 'coco_persn'; did you mean coco_person?" in output


def test_versions_without_their_raw_folders_load_and_say_so(sample, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    for name in ("coco", "helmet_60k", "background"):
        (raw / name).symlink_to(sample / name)
    for folder in sample.glob("*.yolo26"):
        (raw / folder.name).symlink_to(folder)
    road = Road(raw, tmp_path / "data")
    specs = loaded(road)
    assert "helmet_30k" in specs["dataset_v8"].description.split("\n\n")[0]
    assert "WiderPerson" in specs["model_v6"].description.split("\n\n")[0]
    assert "absent" in specs["raw/wider_person"].kinds
    assert "absent" not in specs["dataset_v9"].kinds
    result = road.build("background", "wider_person")
    assert "WiderPerson does not exist" in failure_of(result)
    assert road.catalog.current("background", "sub") is not None


def test_every_version_builds_and_its_checks_pass(sample, tmp_path):
    road = Road(sample, tmp_path / "data")
    versions = {folder.name for folder in VERSIONS.iterdir() if folder.is_dir()}
    datasets = [f"dataset_{version}" for version in sorted(versions - {"v11"})]
    stages = {
        input.to_user_string()
        for name, spec in loaded(road).items()
        if name in datasets
        for input in (dep.asset_key for dep in spec.deps)
    }
    result = road.build(*sorted(stages), *datasets)
    assert result.success, failure_of(result)
    for dataset in datasets:
        assert road.catalog.current(dataset, "sub") is not None
    failed = [e for e in result.get_asset_check_evaluations() if not e.passed and e.blocking]
    assert failed == []
    taught = failure_of(road.build("helmet_60k_completed"))
    assert "model_v10 [sub], which completes labels, is not trained" in taught
    assert "hoban build model_v10 --partition sub" in taught


def test_one_field_takes_one_export_for_the_laptop_and_another_for_the_server(sample, tmp_path):
    document = yaml.safe_load((VERSIONS / "v9/defs.yaml").read_text())["attributes"]
    one_line = {"sub": "helmet_21k", "full": "helmet_60k"}
    stages = [one_line, "coco_person", "fallen_pool"]
    recipe = Recipe.model_validate({**document, "version": "v9t", "stages": stages})
    assert recipe.inputs_of("sub")[0] == "helmet_21k"
    assert recipe.inputs_of("full")[0] == "helmet_60k"
    road = Road(sample, tmp_path / "data")
    built = road.build("helmet_21k", "coco_person", "fallen_pool", "background")
    assert built.success
    with road.environment():
        from hoban_assets.components.version_assets import dataset_asset
        from hoban_assets.definitions import defs

        definitions = defs()
        stages = [a for a in definitions.assets if isinstance(a, dg.AssetsDefinition)]
        result = dg.materialize(
            [*stages, dataset_asset(recipe, VERSIONS / "v9/defs.yaml")],
            selection=["dataset_v9t"],
            partition_key="sub",
            resources=dict(definitions.resources or {}),
            instance=dg.DagsterInstance.ephemeral(),
            raise_on_error=False,
        )
    assert result.success
    sources = set(
        road.catalog.query("SELECT DISTINCT source FROM images WHERE asset='dataset_v9t'").source
    )
    assert "helmet_21k" in sources
    assert "helmet_60k" not in sources
