"""Export, an edit, collect, list, show, undo: by the commands, over a small catalog."""

import json

import pytest
import xxhash
from builders import samples_of
from cli_runs import run_hoban
from correcting import START, correction
from PIL import Image

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.corrections.log import append
from hoban_assets.errors import HobanError


@pytest.fixture
def catalog(tmp_path, monkeypatch) -> Catalog:
    """The stage coco_person with one picture."""
    file = tmp_path / "raw/coco/a.jpg"
    file.parent.mkdir(parents=True)
    Image.effect_noise((64, 48), 10).convert("RGB").save(file)
    hashes = [xxhash.xxh3_128_hexdigest(file.read_bytes())]
    rows = samples_of({"coco/a.jpg": [("person", 0.04)]}, content_hash=hashes)
    made = Catalog(tmp_path / "catalog.duckdb", deadline=5)
    made.record("coco_person", "sub", Build("k", samples=rows), Run("r", "c"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(tmp_path / "raw"))
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("HOBAN_LANG", "en")
    monkeypatch.setenv("HOBAN_AUTHOR", "kim")
    return made


def listed(*arguments):
    return json.loads(run_hoban("corrections", "list", "--json", *arguments))


def test_an_edit_is_collected_listed_shown_and_taken_back(catalog, tmp_path):
    assert listed() == []
    out = tmp_path / "out"
    assert "1 pictures with 1 boxes" in run_hoban(
        "export", "coco_person", "--format", "cvat", "--to", out
    )
    file = out / "annotations.xml"
    file.write_text(file.read_text().replace('label="person"', 'label="fallen"'))
    assert "1 pictures corrected, 0 unchanged, 0 not taken" in run_hoban("collect", file)
    (row,) = listed()
    assert (row["author"], row["tool"], row["state"], row["picture"], row["what"]) == (
        "kim", "cvat", "waiting", "coco/a.jpg", "1 class_changed",
    )  # fmt: skip
    shown = json.loads(run_hoban("corrections", "show", row["id"]))
    assert [shown["before"][0][0], shown["after"][0][0]] == ["person", "fallen"]
    run_hoban("corrections", "undo", row["id"], "--author", "lee")
    assert [r["state"] for r in listed()] == ["undone", "undo"]
    with pytest.raises(HobanError, match="taken back already"):
        run_hoban("corrections", "undo", row["id"])
    copy = tmp_path / "copy.jsonl"
    run_hoban("corrections", "export", copy)
    assert copy.read_text() == (tmp_path / "corrections/log.jsonl").read_text()


def test_all_that_was_collected_at_once_is_taken_back_at_once(catalog, tmp_path):
    mine = [correction(f"coco/{i}.jpg", time=START) for i in "ab"]
    hers = correction("coco/c.jpg", time=START, author="lee")
    append(tmp_path / "corrections/log.jsonl", [*mine, hers])
    told = run_hoban("corrections", "undo", mine[0].id, "--together")
    assert told.count("taken back:") == 2
    assert [r["state"] for r in listed()] == ["undone", "undone", "waiting", "undo", "undo"]


def test_mistakes_are_one_message(catalog, tmp_path):
    with pytest.raises(HobanError, match="no correction 'abc'"):
        run_hoban("corrections", "show", "abc")
    with pytest.raises(HobanError, match="there is no"):
        run_hoban("collect", tmp_path / "nothing.xml")
    (tmp_path / "none.json").write_text("[]")
    with pytest.raises(HobanError, match=r"none\.json holds no labels of a picture"):
        run_hoban("collect", tmp_path / "none.json")
    with pytest.raises(HobanError, match="no picture is as you ask"):
        run_hoban("export", "coco_person", "--class", "fallen")
    with pytest.raises(HobanError, match="did you mean cvat"):
        run_hoban("export", "coco_person", "--format", "cvt")


def test_what_could_not_be_taken_is_told_and_the_command_fails(catalog, tmp_path):
    run_hoban("export", "coco_person", "--format", "cvat", "--to", tmp_path / "out")
    file = tmp_path / "out/annotations.xml"
    file.write_text(file.read_text().replace('label="person"', 'label="cat"'))
    with pytest.raises(AssertionError, match="no class 'cat'"):
        run_hoban("collect", file)
    assert listed() == []


def test_why_it_was_not_taken_is_told_in_the_language_of_the_user(catalog, tmp_path, monkeypatch):
    run_hoban("export", "coco_person", "--format", "cvat", "--to", tmp_path / "out")
    file = tmp_path / "out/annotations.xml"
    file.write_text(file.read_text().replace('label="person"', 'label="cat"'))
    monkeypatch.setenv("HOBAN_LANG", "ko")
    with pytest.raises(AssertionError, match="클래스 'cat'") as told:
        run_hoban("collect", file)
    assert "no class" not in str(told.value)
