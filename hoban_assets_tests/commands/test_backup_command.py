"""`hoban backup` and `hoban restore` over a project that was built and trained."""

import hashlib
import json
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from cli_runs import run_hoban
from road import Road, metadata_of

from hoban_assets.catalog.store import Catalog

TABLES = ("images", "boxes", "decisions", "stages", "checks", "metrics", "inputs")


@pytest.fixture(scope="module")
def restored(world, tmp_path_factory) -> Path:
    """The data root of the world, backed up and restored into an empty folder."""
    away, new = tmp_path_factory.mktemp("away"), tmp_path_factory.mktemp("new") / "data"
    made = json.loads(world.must(f"hoban backup {away} --verify --json"))
    assert made["verified"]
    assert made["left_out"] == {}
    world.must(f"hoban restore {made['archive']} --into {new}")
    return new


def hashes(root: Path) -> dict[str, str]:
    """Every published and trained file, but those that name places."""
    named = ("plan.json", "command.txt", "data.yaml", "args.yaml")
    files = [f for top in ("artifacts", "models") for f in (root / top).rglob("*") if f.is_file()]
    kept = [f for f in files if "artifacts" in f.parts or f.name not in named]
    return {
        f.relative_to(root).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in kept
        if not any(part.startswith(".") for part in f.relative_to(root).parts)
    }


def test_every_row_and_every_file_is_what_it_was(world, restored):
    with duckdb.connect() as both:
        for name, root in (("before", world.data), ("after", restored)):
            both.execute(f"ATTACH '{root / 'catalog.duckdb'}' AS {name} (READ_ONLY)")
        for table in TABLES:
            for one, other in (("before", "after"), ("after", "before")):
                differing = f"FROM {one}.store.{table} EXCEPT ALL FROM {other}.store.{table}"
                assert both.execute(f"SELECT count(*) FROM ({differing})").fetchall() == [(0,)]
        assert both.execute("SELECT count(*) FROM after.store.boxes").fetchall()[0][0] > 0
    assert hashes(restored) == hashes(world.data)


def test_status_is_the_same_and_nothing_is_built_again(world, restored):
    use = f". {restored}/restored.env; export DAGSTER_MODULE_NAME=hoban_assets.definitions; "

    def states(command: str) -> list[tuple[str, ...]]:
        said = json.loads(world.must(command))
        return [(a["asset"], a["partition"], a["state"]) for a in said["artifacts"]]

    assert states(f"{use} hoban status --json") == states("hoban status --json")
    assert "dataset_v9" in world.must(f"{use} hoban summary v9")
    before = Catalog(world.data / "catalog.duckdb").current("dataset_v9", "sub")
    road = Road(world.raw, restored)
    again = road.build("dataset_v9", "model_v9", HOBAN_EPOCHS_FULL="1")
    assert again.success
    for asset in ("dataset_v9", "model_v9"):
        path = Path(str(metadata_of(again, asset)["path"].value))
        assert path.is_relative_to(restored)
    assert "nothing was read" in str(metadata_of(again, "dataset_v9")["unchanged"].value)
    now = road.catalog.current("dataset_v9", "sub")
    assert now.materialization_id == before.materialization_id
    runs = restored / "models" / "model_v9" / "sub"
    assert [run.name for run in runs.iterdir()] == [
        run.name for run in (world.data / "models" / "model_v9" / "sub").iterdir()
    ]


def test_the_history_came_along(world, restored):
    runs = "import dagster as d; print(len(d.DagsterInstance.get().get_runs()))"
    use = f". {restored}/restored.env; "
    assert int(world.must(f"{use} python -c '{runs}'")) >= 1


def test_what_was_at_work_then_is_marked_as_failed(world, tmp_path, monkeypatch):
    @dg.job
    def something() -> None:
        pass

    home = tmp_path / "home"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        instance.create_run_for_job(something, status=dg.DagsterRunStatus.STARTED)
        instance.create_run_for_job(something, status=dg.DagsterRunStatus.SUCCESS)
    for name in ("HOBAN_DATA_ROOT", "HOBAN_RAW_ROOT"):
        monkeypatch.setenv(name, world.env[name])
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    archive, new = tmp_path / "backup.tar", tmp_path / "new"
    run_hoban("backup", archive, "--without-images")
    done = json.loads(run_hoban("restore", archive, "--into", new, "--json"))
    assert done["ended_runs"] == 1
    with dg.DagsterInstance.local_temp(str(new / "dagster")) as instance:
        found = sorted(run.status.value for run in instance.get_runs())
    assert found == ["FAILURE", "SUCCESS"]
    assert done["to_publish"] == ["dataset_v8 [sub]", "dataset_v9 [sub]"]
