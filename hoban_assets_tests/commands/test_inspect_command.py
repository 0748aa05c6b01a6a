"""`hoban inspect` as typed."""

import json
import shutil

import pytest
from cli_runs import run_hoban

from hoban_assets.declared.entries import entry_files
from hoban_assets.errors import HobanError
from hoban_assets.formats import open_source


@pytest.fixture
def hoban(sample, tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(sample))
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("HOBAN_LANG", "en")

    return run_hoban


def test_a_declared_source_is_inspected_by_name(hoban):
    said = hoban("inspect", "fallen_v2i")
    assert "Recipes read it as source 'fallen_v2i'." in said
    assert "Findings, worst first" in said
    assert "2_fallen" in said


def test_a_stage_of_one_source_means_that_source(hoban):
    assert "Recipes read it as source 'coco'." in hoban("inspect", "coco_person", "--no-images")


def test_a_stage_of_several_sources_names_them(hoban):
    with pytest.raises(HobanError, match=r"several sources.*fallen_v2i, fall_v1i_2"):
        hoban("inspect", "fallen_pool")


def test_json_holds_all_tables(hoban, sample):
    seen = json.loads(hoban("inspect", sample / "helmet_60k", "--json", "--examples", "1"))
    assert seen["format"] == "aihub"
    assert seen["declared_as"] == "helmet_60k"
    assert [row["class"] for row in seen["classes"]] == ["07", "08", "16"]
    assert {"findings", "size_bands", "leakage", "duplicates", "defects"} <= seen.keys()
    assert all(len(row["examples"]) == 1 for row in seen["defects"])


def test_an_undeclared_folder_is_inspected_all_the_same(hoban, sample):
    said = hoban("inspect", sample / "fall_extra.yolo26")
    assert "No recipe reads this folder." in said
    assert "hoban inspect fall_extra.yolo26 --declare" in said


def test_its_entry_is_written_and_taken(hoban, sample, tmp_path, monkeypatch):
    monkeypatch.setattr("hoban_assets.declared.writing.DEFS", tmp_path / "defs")
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(tmp_path / "raw"))
    shutil.copytree(sample / "Fall.v3i.yolo26", tmp_path / "raw" / "Our falls")
    said = hoban("inspect", "Our falls", "--declare", "--no-images")
    (found,) = entry_files(folder=tmp_path / "defs")
    assert found.error == ""
    assert (found.entry.name, found.entry.folder) == ("our_falls", "Our falls")
    assert str(found.file) in said
    read = open_source(found.entry.source, tmp_path / "raw").read()
    assert read.samples.box_counts()["fallen"] > 0
    with pytest.raises(HobanError, match="is there already"):
        hoban("inspect", "Our falls", "--declare", "--no-images")
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(sample))
    with pytest.raises(HobanError, match="declared already, as coco"):
        hoban("inspect", "coco", "--declare", "--no-images")


def test_only_what_lies_below_the_raw_root_is_declared(hoban, sample, tmp_path):
    shutil.copytree(sample / "fall_extra.yolo26", tmp_path / "elsewhere")
    with pytest.raises(HobanError, match=r"not below the raw root.*hoban add"):
        hoban("inspect", tmp_path / "elsewhere", "--declare", "--no-images")


def test_korean_is_spoken_where_it_is_set(hoban, monkeypatch):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    assert "발견 사항" in hoban("inspect", "fall_v2i")


def test_a_folder_of_folders_is_a_list(hoban, sample):
    said = hoban("inspect", sample)
    assert "holds 15 sources" in said
    listed = json.loads(hoban("inspect", sample, "--json"))["sources"]
    assert {"folder": "coco", "format": "coco"}.items() <= next(
        row for row in listed if row["folder"] == "coco"
    ).items()


def test_a_folder_that_no_reader_fits_is_listed_with_what_to_do(hoban, sample):
    listed = json.loads(hoban("inspect", sample, "--json"))["sources"]
    labelled = next(row for row in listed if row["folder"] == "background")
    assert labelled["format"] is None
    assert "labels" in labelled["why"]


def test_an_empty_folder_says_what_was_looked_for(hoban, tmp_path):
    with pytest.raises(HobanError) as error:
        hoban("inspect", tmp_path)
    assert "no image" in error.value.problem
    for name in ("aihub", "coco", "yolo", "widerperson", "background"):
        assert name in error.value.way_out


def test_a_file_is_no_folder(hoban, sample):
    with pytest.raises(HobanError, match="is a file"):
        hoban("inspect", sample / "defects.json")


@pytest.mark.parametrize(
    ("typed", "meant"), [("fallen_v2", "fallen_v2i"), ("{sample}/cocoo", "{sample}/coco")]
)
def test_a_mistyped_name_gets_the_nearest_one(hoban, sample, typed, meant):
    with pytest.raises(HobanError) as error:
        hoban("inspect", typed.format(sample=sample))
    assert f"did you mean {meant.format(sample=sample)}?" == error.value.way_out.replace("'", "")


def test_a_format_can_be_told(hoban):
    said = hoban("inspect", "background", "--format", "yolo")
    assert "as told by --format" in said
    with pytest.raises(HobanError, match="did you mean yolo"):
        hoban("inspect", "background", "--format", "yool")


@pytest.mark.parametrize("pattern", ["(", "street"])
def test_a_clip_pattern_needs_its_group(hoban, pattern):
    with pytest.raises(HobanError, match="--clip"):
        hoban("inspect", "fall_v2i", "--clip", pattern)


def test_a_second_inspection_opens_no_image_again(hoban, monkeypatch):
    first = hoban("inspect", "fall_v2i")
    monkeypatch.setattr(
        "hoban_assets.formats.image_facts.probe_file", lambda path: pytest.fail(str(path))
    )
    assert hoban("inspect", "fall_v2i") == first
