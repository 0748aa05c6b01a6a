"""`hoban why` end to end: pictures, files that were never read, and what is typed wrongly."""

import ast
import json
import unicodedata
from pathlib import Path

import pytest
import why_road as road
from cli_runs import run_hoban
from gallery_road import photograph
from PIL import Image

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Run
from hoban_assets.errors import HobanError
from hoban_assets.language import korean, speaker
from hoban_assets.reporting.why import unread
from hoban_assets.reporting.why.asking import found, judged
from hoban_assets.reporting.why.picture import marks_of_image
from hoban_assets.reporting.why.told_unread import unread_data


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data root, made once: its catalog is only read."""
    root = tmp_path_factory.mktemp("why") / "data"
    road.recorded(root)
    return root


@pytest.fixture
def raw(data, tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(data))
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(tmp_path / "raw"))
    monkeypatch.setenv("HOBAN_LANG", "en")
    return tmp_path / "raw"


def place(raw, image_id):
    file = raw / f"{road.FOLDER}{image_id.removeprefix(road.STAGE)}"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").resize((640, 480)).save(file)


def test_the_sentence_comes_first_and_the_old_name_of_the_command_still_works(raw):
    told = run_hoban("why", "twin").splitlines()
    assert told[0] == road.TWIN
    assert told[1].startswith("It is not in dataset_v2 [sub]: it is nearly the same as")
    assert run_hoban("fate", "twin").splitlines() == told


def test_the_picture_shows_both_photographs_side_by_side(raw, data):
    place(raw, road.TWIN)
    place(raw, road.TRAINED)
    told = json.loads(run_hoban("why", "twin", "--picture", "--json"))
    with Image.open(told["picture"]) as both:
        assert both.width > 2 * 640
    assert told["picture"].startswith(f"{data}/reports/why/")
    assert told["witnesses"][0]["transformation"] == "as it is"
    (raw / f"{road.FOLDER}/helmet_wearing/images/trained.jpg").unlink()
    alone = run_hoban("why", "twin", "--picture").splitlines()[-1]
    assert alone == told["picture"]
    with Image.open(alone) as one:
        assert one.width < 2 * 640


def test_labels_ignore_regions_and_boxes_left_out_have_lines_of_their_own(raw, data):
    with asking(data / "catalog.duckdb") as ask:
        lives = [found(ask, raw, name) for name in ("trained", "small")]
    styles = [
        [mark.style for mark in marks_of_image(judged(life, raw), speaker("en"))] for life in lives
    ]
    assert styles == [["strong", "strong", "crossed"], ["dashed"]]


def test_a_photograph_that_is_gone_is_said_with_a_way_out(raw):
    with pytest.raises(HobanError, match="HOBAN_RAW_ROOT"):
        run_hoban("why", "twin", "--picture")


@pytest.mark.parametrize(
    ("file", "rule", "folder"),
    [
        ("mine/lost.jpg", "source_not_declared", "mine"),
        ("coco/train2017/lost.jpg", "never_built", "coco"),
        (f"{road.FOLDER}/helmet_wearing/images/new.jpg", "newer", road.FOLDER),
        (f"{road.FOLDER}/trash/lost.jpg", "folder_not_read", f"{road.FOLDER}/trash"),
        (f"{road.FOLDER}/helmet_wearing/images/lost.heic", "suffix_not_read", None),
        (f"{road.FOLDER}/helmet_wearing/images/.lost.jpg", "hidden", None),
        (f"{road.FOLDER}/helmet_wearing/labels/새것.json", "label_not_read", road.FOLDER),
    ],
)
def test_a_file_that_was_never_read_names_the_rule_and_the_folder(raw, data, file, rule, folder):
    photograph(raw / f"{road.FOLDER}/helmet_wearing/images/trained.jpg")
    (raw / f"{road.FOLDER}/helmet_wearing/labels").mkdir(parents=True)
    (raw / file).parent.mkdir(parents=True, exist_ok=True)
    (raw / file).write_bytes(b"")
    name = file.rpartition("/")[2]
    windows = "D:\\data\\" + file.replace("/", "\\").upper()
    typed = (file, str(raw / file), name, windows, unicodedata.normalize("NFD", file))
    with asking(data / "catalog.duckdb") as ask:
        told = [unread_data(found(ask, raw, each), speaker("en")) for each in typed]
    assert [each["rule"] for each in told] == [rule] * len(typed)
    assert {each["file"] for each in told} == {file}
    assert told[0]["folder"] == (folder or file.rpartition("/")[0])
    assert "never read" in told[0]["sentence"]


def passing(rule, path, value):
    return [f"{road.STAGE}/{path}", "read", rule, "drop", None, value, None, 0]


def test_what_a_reader_noted_that_it_passes_over_is_told_as_it_noted_it(raw, tmp_path):
    noted = [
        passing("not_read", "old/one.jpg", "hidden file"),
        passing("not_read", "spare", "12 images: this format reads images/, the first is a.jpg"),
        passing("not_read", "bin", "40 images: a folder of trash, the first is a.jpg"),
    ]
    rows = road.decisions(*noted)
    rows["file"] = [f"{road.FOLDER}/{n[0].removeprefix(road.STAGE + '/')}" for n in noted]
    catalog = road.Catalog(tmp_path / "catalog.duckdb", deadline=5)
    made = road.stage().with_decisions(rows)
    catalog.record(road.STAGE, "sub", Build("s", samples=made), Run("run", "code"))
    for file in ("spare/b.jpg", "spare/deeper/c.jpg", "bin/deeper/d.jpg"):
        (raw / road.FOLDER / file).parent.mkdir(parents=True, exist_ok=True)
        (raw / road.FOLDER / file).write_bytes(b"")
    photograph(raw / f"{road.FOLDER}/helmet_wearing/images/trained.jpg")
    (raw / f"{road.FOLDER}/helmet_wearing/labels").mkdir(parents=True)
    with asking(catalog.path) as ask:
        told = {
            n: found(ask, raw, n)
            for n in ("one.jpg", "spare/b.jpg", "deeper/c.jpg", "deeper/d.jpg")
        }
    assert {name: each.rule for name, each in told.items()} == {
        "one.jpg": "not_read",
        "spare/b.jpg": "not_read",
        "deeper/c.jpg": "folder_not_read",
        "deeper/d.jpg": "not_read",
    }
    assert told["deeper/d.jpg"].folder == f"{road.FOLDER}/bin"
    assert "hidden file" in unread_data(told["one.jpg"], speaker("ko"))["sentence"]


def test_a_file_may_be_asked_about_before_anything_was_built(raw, tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path / "empty"))
    photograph(raw / "coco" / "train2017" / "a.jpg")
    assert "has never been read" in run_hoban("why", "a.jpg")
    assert not (tmp_path / "empty").exists()


def test_a_mistyped_name_is_answered_with_the_nearest(raw):
    with pytest.raises(HobanError, match=f"did you mean {road.TRAINED}"):
        run_hoban("why", "traned.jpg")
    with pytest.raises(HobanError, match="several images match"):
        run_hoban("why", "helmet_wearing")


def test_every_reason_is_said_in_korean():
    tree = ast.parse(Path(unread.__file__).read_text(encoding="utf-8"))
    texts = {
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and any(isinstance(t, ast.Name) and t.id == "text" for t in node.targets)
    }
    assert len(texts) >= 8
    assert texts <= set(korean())
