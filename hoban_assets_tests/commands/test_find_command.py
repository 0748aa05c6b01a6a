"""`hoban find` as typed."""

import json
import shutil

import pytest
from cli_runs import run_hoban

from hoban_assets.errors import HobanError


@pytest.fixture
def hoban(sample, tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(sample))
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("HOBAN_LANG", "en")
    return run_hoban


@pytest.fixture
def find(hoban):
    return lambda *arguments: json.loads(hoban("find", *arguments, "--json"))


def rows(answer):
    return {(hit["source"], hit["where"], hit["match"]): hit for hit in answer["hits"]}


def test_captions_are_searched_with_their_pictures(find, sample):
    document = json.loads((sample / "coco/annotations/captions_train2017.json").read_text())
    lying = [a for a in document["annotations"] if "lying" in a["caption"]]
    answer = find("lying|fall", "coco")
    hit = rows(answer)["coco", "caption", "lying"]
    assert hit["count"] == len(lying) > 0
    assert hit["on_disk"] <= hit["images"] <= hit["count"]
    assert all("lying" in example["text"] for example in hit["examples"])
    (searched,) = answer["searched"]
    assert searched["captions"] == len(document["annotations"])
    assert not searched["captions_expected"]


def test_categories_are_found_whatever_their_case(find):
    hits = rows(find("PERS", "coco"))
    assert hits["coco", "category", "person"]["count"] > 0
    assert hits["coco", "category", "person"]["examples"][0]["file"].startswith("coco/train2017/")


def test_texts_beside_aihub_codes_are_found(find):
    hits = find("비계", "helmet_60k")["hits"]
    assert [(h["where"], h["match"], h["count"]) for h in hits] == [("text", "16: 02 · 비계", 1)]


def test_classes_without_a_box_are_found_too(find):
    hits = rows(find("fall-person", "fallen_pool"))
    assert hits["fall_v3i", "class", "Fall-person"]["count"] == 0


def test_file_names_are_searched_by_what_matched(find):
    hits = rows(find("house|dsc_0031", "fallen_v2i"))
    assert hits["fallen_v2i", "file name", "dsc_0031"]["count"] == 1


def test_limit_is_the_number_of_examples(find):
    hits = rows(find("person", "coco", "--limit", "1"))
    assert len(hits["coco", "category", "person"]["examples"]) == 1


def test_a_folder_and_all_can_be_searched(find, sample):
    assert find("fall", sample / "fall_extra.yolo26")["searched"][0]["files"] == 3
    searched = {row["source"] for row in find("fall", "all")["searched"]}
    assert {"coco", "helmet_60k", "wider_person", "fall_v2i"} <= searched


def test_nothing_found_says_what_was_searched(hoban):
    said = hoban("find", "zzz", "coco")
    assert "Nothing matches 'zzz'." in said
    assert "searched coco: 3 classes" in said


def test_an_invalid_pattern_is_said_to_be_one(hoban):
    with pytest.raises(HobanError, match=r"no regular expression: missing \)"):
        hoban("find", "(", "coco")


def test_captions_that_are_absent_or_unreadable_are_missed_aloud(hoban, sample, tmp_path):
    copy = tmp_path / "coco"
    shutil.copytree(sample / "coco", copy)
    captions = copy / "annotations" / "captions_train2017.json"
    captions.unlink()
    assert "It has no captions" in hoban("find", "person", copy)
    captions.write_text("{}")
    with pytest.raises(HobanError, match=r"captions_train2017\.json"):
        hoban("find", "person", copy)
