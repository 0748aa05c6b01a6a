import json

import pytest
from differing import HELMET, PERSON, Decided, Label, Photo, Shelf
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.errors import HobanError


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("HOBAN_LANG", "en")
    shelf = Shelf(tmp_path)
    photos = [Photo(f"s/{i}.jpg", [Label(HELMET, row=0)]) for i in range(3)]
    shelf.put("dataset_v8", photos, made_from=["raw/s"])
    shelf.put("dataset_v9", photos, made_from=["raw/s"])
    decided = [Decided("s/2.jpg", "over_quota", "quota", boxes=1)]
    shelf.put("dataset_v9", photos[:2], decided, made_from=["raw/s"])
    shelf.put_model("v9", {"all": 0.5, PERSON: 0.5})
    return shelf


def run(*arguments):
    result = CliRunner().invoke(app, ["diff", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_diff_is_a_summary_and_the_rules(shelf):
    output = run("dataset_v8", "dataset_v9")
    assert "1 images left, 0 came, 2 are in both." in output
    assert "over_quota" in output
    assert "dataset_v9/quota" in output


def test_short_names_numbers_and_previous_mean_the_same(shelf):
    (_, first, second, _) = range(1, 5)
    by_number = json.loads(run(f"v9@{first}", f"dataset_v9@{second}", "--json"))
    before = json.loads(run("v9", "--previous", "--json"))
    assert by_number == before
    assert before["images"]["removed"] == 1
    assert before["removed_because"][0]["rule"] == "over_quota"


def test_examples_are_named_on_demand(shelf):
    assert "s/2.jpg" not in run("v8", "v9")
    assert "s/2.jpg" in run("v8", "v9", "--list", "1")
    answer = json.loads(run("v8", "v9", "--list", "1", "--json"))
    assert answer["examples"]["removed"][0]["image_id"] == "s/2.jpg"


def test_markdown_and_korean(shelf, monkeypatch):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    output = run("v8", "v9", "--markdown")
    assert output.startswith("# dataset_v8@1 [sub]")
    assert "이미지 1장이 빠지고" in output
    assert "| over_quota |" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dataset_v8"], "two sides"),
        (["v8", "v9", "--previous"], "one name only"),
        (["v8", "datset_v9"], "did you mean dataset_v9"),
        (["v8", "model_v9"], "hoban compare"),
        (["v8", "v9", "--partition", "full"], "was not built yet"),
        (["v8", "--previous"], "only materialisation"),
        (["v8@x", "v9"], "number"),
    ],
)
def test_a_mistake_says_the_way_out(shelf, arguments, message):
    with pytest.raises(HobanError, match=message):
        run(*arguments)
