import json

import pytest
from differing import HELMET, PERSON, Label, Photo, Shelf
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.errors import HobanError


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("HOBAN_LANG", "en")
    shelf = Shelf(tmp_path)
    for version, value in (("v8", 0.6), ("v9", 0.8)):
        shelf.put(f"dataset_{version}", [Photo("s/1.jpg", [Label(HELMET)], split="val")])
        shelf.put_model(version, {"all": value, PERSON: value})
    shelf.put_model("v7", {"all": 0.5, PERSON: 0.5}, partition="full")
    return shelf


def run(*arguments):
    result = CliRunner().invoke(app, ["compare", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_models_stand_side_by_side(shelf):
    output = run("model_v8", "model_v9")
    assert "model_v9 is better than model_v8: mAP50 0.800 against 0.600 (+0.200)." in output
    assert "Nothing differs." in output
    assert "Both were trained on the same images and boxes." in output


def test_short_names_will_do(shelf):
    answer = json.loads(run("v8", "v9", "--json"))
    assert answer["base"] == "model_v8"
    assert answer["comparisons"][0]["overall"]["difference"] == pytest.approx(0.2)


def test_the_page_is_written_and_named_on_demand(shelf):
    assert "reports" not in run("v8", "v9")
    output = run("v8", "v9", "--page")
    page = shelf.root / "reports" / "compare" / "model_v8-model_v9-sub.html"
    assert str(page) in output.replace("\n", "")
    assert page.is_file()


def test_markdown_and_korean(shelf, monkeypatch):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    output = run("v8", "v9", "--markdown")
    assert output.startswith("# model_v8 / model_v9 [sub]")
    assert "model_v9의 성능이 model_v8보다 높습니다." in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["v8"], "needs two models"),
        (["v8", "model_v8"], "needs two models"),
        (["v8", "modle_v9"], "did you mean model_v9"),
        (["v8", "v7"], r"model_v7 was never trained for partition sub.*hoban build"),
    ],
)
def test_a_mistake_says_the_way_out(shelf, arguments, message):
    with pytest.raises(HobanError, match=message):
        run(*arguments)


def test_the_first_line_says_that_pictures_differ_and_why(shelf):
    for arguments, reason in (((), "best.pt"), (("--recorded",), "asked for")):
        first = run("v8", "v9", *arguments).lstrip().splitlines()[0]
        assert first.startswith("Different pictures:") and reason in first


def test_an_unknown_benchmark_is_no_silent_change_of_pictures(shelf):
    with pytest.raises(HobanError, match="no benchmark 'benchmark_site'"):
        run("v8", "v9", "--on", "benchmark_site")
