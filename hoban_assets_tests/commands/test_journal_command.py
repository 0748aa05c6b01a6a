"""`hoban journal` as it is typed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.cli import app
from hoban_assets.errors import HobanError

TODAY = datetime.now().astimezone().date()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An event log with one run, and a catalog with what another one built."""
    home = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")

    @dg.asset
    def broken() -> None:
        raise dg.Failure("no space left -> free some", allow_retries=False)

    with dg.DagsterInstance.from_config(str(home)) as instance:
        dg.materialize([broken], instance=instance, raise_on_error=False)
    Catalog(home / "data" / "catalog.duckdb").record(
        "dataset_v9", "sub", Build("key"), Run("wiped")
    )
    return home


@pytest.fixture
def hoban(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("HOBAN_DATA_ROOT", "data")
    monkeypatch.setenv("HOBAN_LANG", "en")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["journal", *arguments])

    return run


def test_the_default_is_the_last_day_on_which_something_happened(hoban: Any) -> None:
    text = hoban().stdout
    assert text.startswith("# Development journal 20")
    assert "- **broken** · **failed**" in text
    assert "Way out: free some" in text


def test_json_is_the_same_for_programs(hoban: Any) -> None:
    days = json.loads(hoban("--days", "2", "--json").stdout)
    runs = [run for day in days for run in day["runs"]]
    assert {"failed", "forgotten"} == {run["status"] for run in runs}


def test_korean_is_chosen_as_for_every_document(
    hoban: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOBAN_LANG", "ko")
    assert hoban().stdout.startswith("# 개발 일지 ")


def test_a_file_is_written_and_named(hoban: Any, tmp_path: Path) -> None:
    file = tmp_path / "notes" / "today.md"
    assert hoban("--output", str(file)).stdout.strip() == str(file)
    assert file.read_text(encoding="utf-8").startswith("# Development journal")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--day", "23.11.2026"], "no day '23.11.2026'"),
        (["--day", str(TODAY + timedelta(days=2))], "still to come"),
        (["--day", "2020-01-01"], "nothing happened on 2020-01-01 -> the last day with something"),
        (["--output", "/"], "/ is a folder"),
    ],
)
def test_mistakes_are_named_with_the_way_out(hoban: Any, arguments: list[str], words: str) -> None:
    error = hoban(*arguments).exception
    assert isinstance(error, HobanError)
    assert words in str(error)


def test_without_dagster_home_the_way_out_is_named(
    hoban: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.chdir(tmp_path)
    error = hoban().exception
    assert isinstance(error, HobanError)
    assert "DAGSTER_HOME is not set" in error.problem


def test_help_has_an_example(hoban: Any) -> None:
    assert "Example: hoban journal" in hoban("--help").stdout
