"""`hoban results` as a person types it."""

import json

import pytest
from results_catalog import PERSON, RISING, course, final, train
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.errors import HobanError


@pytest.fixture
def hoban(tmp_path, monkeypatch):
    train(tmp_path, "model_v8", course(RISING) + final(30))
    train(tmp_path, "model_v9", course(RISING) + final(30, matrix=None))
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("HOBAN_LANG", "en")

    def run(*arguments: str, catch: bool = True):
        return CliRunner().invoke(app, ["results", *arguments], catch_exceptions=catch)

    return run


@pytest.mark.parametrize("name", ["model_v8", "v8"])
def test_a_model_is_named_in_full_or_by_its_version(hoban, name):
    shown = hoban(name)
    assert shown.exit_code == 0, shown.output
    assert "model_v8 [sub]" in shown.output
    assert "mAP50 0.801, mAP50-95 0.491" in shown.output
    assert f"{PERSON}: 114 of 300 labels are missed (38 %)." in shown.output
    assert "map50: mAP50 0.801 against 0.9" in shown.output


def test_its_table_has_a_row_a_class(hoban):
    lines = hoban("v8").output.splitlines()
    row = next(line for line in lines if line.startswith(f"{PERSON} "))
    assert " ".join(row.split()) == f"{PERSON} 2 300 0.600 0.360 0.326 0.620 114 38.0 % 380 30"


def test_an_older_model_shows_what_there_is(hoban):
    shown = hoban("v9").output
    assert "Confusions and false positives are missing" in shown
    assert "0.600" in shown


def test_json_is_for_programs(hoban):
    whole = json.loads(hoban("v8", "--json").output)
    assert whole["model"] == "model_v8"
    assert whole["matrix"][PERSON]["background"] == 114
    assert whole["confusions"][0]["helmet"] is True


def test_a_mistyped_model_names_the_nearest_one(hoban):
    with pytest.raises(HobanError, match="no trained model 'v99'") as error:
        hoban("v99", catch=False)
    assert "did you mean model_v9?" in error.value.way_out


def test_the_page_is_written_where_it_is_said_to_be(hoban, tmp_path):
    shown = hoban("v8", "--page").output
    page = tmp_path / "reports" / "results" / "model_v8-sub.html"
    assert page.is_file()
    assert str(page) in shown


def test_it_speaks_korean(hoban, monkeypatch):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    assert "사람: 라벨 300개 중 114개 미검출(38 %)." in hoban("v8").output
