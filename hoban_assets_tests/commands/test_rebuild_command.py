"""`hoban rebuild --dry-run` over a small catalog."""

import json

import pytest
from built_world import World
from cli_runs import run_hoban

from hoban_assets.declared.stages import STAGES
from hoban_assets.errors import HobanError
from hoban_assets.pipeline.stage import raw_versions


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    """v9 built and up to date in sub."""
    world = World.in_folder(tmp_path)
    by_name = {stage.name: stage for stage in STAGES}
    for name in ("helmet_60k", "coco_person", "fallen_pool", "background"):
        world.build_stage(name, inputs=raw_versions(by_name[name], world.settings))
    world.build_dataset("dataset_v9")
    world.build_model("model_v9")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(world.settings.raw_root))
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(world.settings.data_root))
    monkeypatch.setenv("HOBAN_LANG", "en")
    monkeypatch.setenv("HOBAN_FEATURE_ENGINE", "thumbnail")  # as the world was built
    return world


def test_where_nothing_changed_it_says_so(world):
    assert "Nothing is out of date in sub" in run_hoban("rebuild", "--dry-run")
    assert "Nothing was ever built in full" in run_hoban(
        "rebuild", "--dry-run", "--partition", "full"
    )


def test_it_says_what_would_be_rebuilt_in_which_order_and_why(world):
    (world.settings.raw_root / "coco" / "new.txt").write_text("new")
    rows = json.loads(run_hoban("rebuild", "--dry-run", "--json"))
    assert [(row["order"], row["asset"], row["what"]) for row in rows] == [
        (1, "coco_person", "rebuild"),
        (2, "dataset_v9", "rebuild if it changes"),
        (3, "model_v9", "rebuild if it changes"),
    ]
    assert rows[0]["why"] == "the files of raw/coco have changed since it was read"
    assert rows[1]["why"] == "it is made from coco_person"


def test_what_cannot_be_rebuilt_is_told_with_its_reason(world):
    world.build_stage("coco_person", code_version="of old")
    (world.settings.raw_root / "coco" / "list.txt").unlink()
    (world.settings.raw_root / "coco").rmdir()
    rows = {r["asset"]: r for r in json.loads(run_hoban("rebuild", "--dry-run", "--json"))}
    assert rows["coco_person"]["what"] == "cannot be rebuilt"
    assert "is not on this machine" in rows["coco_person"]["why"]
    assert rows["model_v9"]["what"] == "waits"


def test_without_dagster_home_nothing_is_built(world):
    with pytest.raises(HobanError, match="DAGSTER_HOME is not set"):
        run_hoban("rebuild")
