import json
import re
import subprocess
import sys

import pytest
from built_world import World
from typer.testing import CliRunner, Result

from hoban_assets.cli import app
from hoban_assets.errors import HobanError


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World.in_folder(tmp_path_factory.mktemp("world"))
    world.build_v9()
    world.build_stage("coco_person", images=5)
    return world


def env_of(world: World, language: str = "en") -> dict[str, str]:
    return {
        "DAGSTER_HOME": str(world.folder),
        "HOBAN_RAW_ROOT": "raw",
        "HOBAN_DATA_ROOT": "data",
        "HOBAN_FEATURE_ENGINE": "thumbnail",  # as the world was built
        "HOBAN_LANG": language,
    }


def status(world: World, *arguments: str, language: str = "en") -> Result:
    return CliRunner().invoke(app, ["status", *arguments], env=env_of(world, language))


def test_the_answer_says_what_is_there_what_is_stale_why_and_what_mends_it(world):
    shown = status(world, "--partition", "sub").stdout
    assert "6 artifacts are built; out of date: 2." in shown
    assert re.search(r"dataset_v9 +sub +stale", shown)
    assert re.search(r"coco_person +sub +up to date", shown)
    assert "coco_person was built again since, with other rows" in shown
    assert "dagster asset materialize --select dataset_v9 --partition sub" in shown
    assert "--check-raw" in shown


def test_the_table_of_artifacts_fits_a_terminal_of_120_columns(world):
    lines = status(world).stdout.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("asset"))
    end = lines.index("", head)
    assert max(len(line.rstrip()) for line in lines[head:end]) <= 120


def test_json_has_everything(world):
    found = json.loads(status(world, "--json").stdout)
    artifacts = {(a["asset"], a["partition"]): a for a in found["artifacts"]}
    dataset = artifacts["dataset_v9", "sub"]
    assert dataset["state"] == "stale"
    assert [r["kind"] for r in dataset["reasons"]] == ["input_rebuilt"]
    assert dataset["boxes_per_class"] == {"person": 2, "fallen": 2}
    assert dataset["disk"]["files"] == 1
    assert artifacts["dataset_v9", "full"]["state"] == "not built"
    assert found["composition"]
    assert {p["name"] for p in found["disk"]} >= {"catalog.duckdb", "model_v9 [sub]"}
    assert found["fix"]


def test_one_partition_alone_is_asked_for(world):
    found = json.loads(status(world, "--json", "--partition", "full").stdout)
    assert {a["partition"] for a in found["artifacts"]} == {"full"}


def test_composition_is_shown_where_asked_for(world):
    assert "train" not in status(world).stdout
    shown = status(world, "--composition").stdout
    assert re.search(r"person +coco +1 +1 +1 +1", shown)


def test_check_raw_looks_at_the_files(world):
    shown = status(world, "--check-raw").stdout
    assert "the files of raw/coco have changed" in shown  # recorded as '?' by this test


def test_a_mistyped_partition_is_answered_with_the_nearest(world):
    failed = status(world, "--partition", "ful")
    assert isinstance(failed.exception, HobanError)
    assert "did you mean full?" in str(failed.exception)


def test_korean_is_spoken_where_it_is_set(world):
    assert "갱신 명령:" in status(world, language="ko").stdout


def test_the_answer_does_without_pandas_once_declarations_are_known(world):
    status(world)
    script = (
        "import sys; from hoban_assets.cli import app\n"
        "app(['status'], standalone_mode=False)\n"
        "print(sorted({'pandas', 'numpy', 'scipy', 'dagster'} & set(sys.modules)))"
    )
    import os

    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **env_of(world)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
