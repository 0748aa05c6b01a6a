"""`hoban prune` and `hoban is-safe-to-delete` as a user types them."""

import ast
import json
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner
from yard import content

import hoban_assets
from hoban_assets.catalog.store import Build
from hoban_assets.cli import app
from hoban_assets.commands import active_runs, prune, prune_words
from hoban_assets.errors import HobanError
from hoban_assets.language import korean
from hoban_assets.processes import seen
from hoban_assets.upkeep import may_be_deleted

PACKAGE = Path(hoban_assets.__file__).parent


@pytest.fixture
def hoban(yard, replaced, monkeypatch):
    """Run a command in this process, without DAGSTER_HOME; errors for the user are raised."""
    for name, value in yard.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.chdir(yard.home)

    def run(*arguments, status=0, **options):
        result = CliRunner().invoke(app, list(arguments), **options)
        if isinstance(result.exception, HobanError):
            raise result.exception
        assert result.exit_code == status, result.output
        return result

    return run


@pytest.fixture(scope="module")
def dagster_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("dagster")
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return home


def test_a_dry_run_shows_path_size_and_reason_and_changes_nothing(hoban, yard, replaced):
    before = content(yard.data)
    shown = hoban("prune", "--dry-run").output
    after = content(yard.data)
    assert replaced.name in shown
    assert "replaced by" in shown
    assert "deleting that frees" in shown
    assert {k: v for k, v in after.items() if not k.startswith(("cache/", "catalog"))} == {
        k: v for k, v in before.items() if not k.startswith("catalog")
    }


def test_as_json_sizes_are_bytes_and_what_stays_is_listed_too(hoban):
    found = json.loads(hoban("prune", "--dry-run", "--json").output)
    assert found["unused"][0]["size"] > found["unused"][0]["frees"] == found["frees"] > 0
    assert [row["why"] for row in found["live"]] == ["the current dataset_v9 [sub]"]


def test_a_version_whose_recipe_was_deleted_goes_only_when_asked_for(hoban, yard):
    tree = yard.dataset(7, 8, version="v4")
    model = yard.training("c", tree, version="v4")
    needed = yard.dataset(5, version="v9")
    left = hoban("prune", "--dry-run").output
    assert "dataset_v4, model_v4" in left
    hoban("prune", "--yes")
    assert tree.is_dir()
    assert model.is_dir()
    hoban("prune", "--retired", "--yes")
    assert not tree.exists()
    assert not model.exists()
    assert needed.is_dir()
    hoban("prune", "--restore", "--yes")
    assert tree.is_dir()
    assert model.is_dir()


def test_a_dataset_that_a_declared_model_was_trained_on_is_not_retired(hoban, yard):
    tree = yard.dataset(7, 8, version="v4")
    with_it = yard.training("c", tree, version="v4")
    yard.catalog.record(
        "model_v9",
        "sub",
        Build(
            "k",
            path=str(with_it),
            data_version=with_it.name,
            inputs={"dataset_v4": yard.catalog.current("dataset_v4", "sub").data_version},
        ),
    )
    hoban("prune", "--retired", "--yes")
    assert tree.is_dir()


def test_nobody_is_asked_where_nobody_can_answer(hoban, replaced):
    with pytest.raises(HobanError, match="--yes"):
        hoban("prune")
    assert replaced.is_dir()


def test_moved_restored_moved_again_and_deleted(hoban, yard, replaced):
    before, raw = content(replaced), content(yard.raw)
    assert "it is assumed that no run is active" in hoban("prune", "--yes").output
    assert not replaced.exists()
    assert replaced.name in hoban("prune", "--empty-trash", "--dry-run").output
    hoban("prune", "--restore")
    assert content(replaced) == before
    moved = json.loads(hoban("prune", "--yes", "--json").stdout)
    assert moved["unused"][0]["moved"]
    with pytest.raises(HobanError, match="--yes"):
        hoban("prune", "--empty-trash")
    assert "freed" in hoban("prune", "--empty-trash", "--yes").output
    assert not replaced.exists()
    assert content(yard.raw) == raw
    assert "the trash is empty" in hoban("prune", "--restore").output


def test_only_what_lies_below_a_path_is_pruned_and_none_outside(hoban, yard, replaced):
    (yard.data / "models").mkdir()
    for models in ("data/models", "models"):  # from here, or as the table prints it
        assert "Nothing to prune" in hoban("prune", models, "--yes").output
    assert replaced.is_dir()
    for outside in (".", "data/../..", "/"):
        with pytest.raises(HobanError, match="outside the data root"):
            hoban("prune", outside, "--yes")
    hoban("prune", "data/../data/artifacts/dataset_v9", "--yes")
    assert not replaced.exists()


def test_without_a_catalog_nothing_is_pruned(hoban, yard, replaced):
    (yard.data / "catalog.duckdb").unlink()
    with pytest.raises(HobanError, match="no catalog"):
        hoban("prune", "--yes")
    assert replaced.is_dir()


def test_a_mistyped_batch_names_those_that_are_there(hoban, yard):
    hoban("prune", "--yes")
    (batch,) = (yard.data / "trash").iterdir()
    with pytest.raises(HobanError) as error:
        hoban("prune", "--restore", "--batch", "yesterday")
    assert batch.name in error.value.way_out


@pytest.mark.parametrize("status", ["STARTED", "STARTING", "CANCELING"])
def test_an_active_run_stops_it_and_is_named(hoban, replaced, dagster_home, monkeypatch, status):
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
    ways = {"STARTED": "--yes", "STARTING": "--restore", "CANCELING": "--empty-trash"}
    with dg.DagsterInstance.get() as instance:
        run = dg.DagsterRun("build", status=dg.DagsterRunStatus[status])
        instance.add_run(run)
        try:
            with pytest.raises(HobanError, match=f"a run is active: {run.run_id[:8]} {status}"):
                hoban("prune", ways[status])
        finally:
            instance.delete_run(run.run_id)
    assert replaced.is_dir()


def test_a_queued_run_counts_as_active():
    assert set(active_runs.ACTIVE) == {"STARTED", "STARTING", "QUEUED", "CANCELING"}


def test_a_run_whose_process_is_gone_does_not_block(hoban, replaced, dagster_home, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
    tags = {seen.TAG: f"{seen.host()} 999999999 1"}
    with dg.DagsterInstance.get() as instance:
        instance.add_run(dg.DagsterRun("build", status=dg.DagsterRunStatus.STARTED, tags=tags))
    hoban("prune", "--yes")
    assert not replaced.exists()


def test_a_run_that_starts_meanwhile_stops_the_rest(hoban, yard, replaced, monkeypatch):
    yard.dataset(4, 5)  # two may go now
    asked = []

    @contextmanager
    def starts_after_the_first():
        def check():
            asked.append(1)
            if len(asked) == 3:  # before anything, before the first move, before the second
                raise HobanError("a run is active", "wait")

        yield check

    monkeypatch.setattr(prune, "no_active_run", starts_after_the_first)
    with pytest.raises(HobanError, match="a run is active"):
        hoban("prune", "--yes")
    assert len(yard.survey().unused) == 1
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("path", "status"), [("data/raw/coco", 1), ("data/raw", 1), ("data/mine", 0), ("nowhere", 2)]
)
def test_is_safe_to_delete_answers_by_its_exit_status(hoban, yard, path, status):
    (yard.data / "mine").mkdir()
    told = hoban("is-safe-to-delete", path, status=status).output
    assert path in told
    answer = json.loads(hoban("is-safe-to-delete", path, "--json", status=status).stdout)
    assert answer["safe"] is {0: True, 1: False, 2: None}[status]
    assert answer["reason"] in told


def test_both_commands_speak_korean(hoban, monkeypatch):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    assert "대체됨" in hoban("prune", "--dry-run").output
    assert "삭제하면 안 됩니다" in hoban("is-safe-to-delete", "data", status=1).output


def test_every_sentence_has_its_korean():
    names = ("prune", "prune_words", "active_runs", "is_safe_to_delete")
    files = [*(PACKAGE / "upkeep").glob("*.py"), *(PACKAGE / "commands" / f"{n}.py" for n in names)]
    said = {
        text.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and node.args
        and getattr(node.func, "attr", getattr(node.func, "id", ""))
        in ("say", "_say", "_tell", "_confirm")
        for text in ast.walk(node.args[0])
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }
    said |= {prune_words.TOTAL, prune_words.MOVED, prune_words.NOTHING, active_runs.ASSUMED}
    said |= {may_be_deleted.NOT_OURS, may_be_deleted.NO_SOURCE}
    assert len(said) > 70
    assert said - set(korean()) == set()
