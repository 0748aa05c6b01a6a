"""Predictions made elsewhere: what fits is taken, what does not is refused with the way out."""

import json
from pathlib import Path

import pytest
from drawn_pictures import pictures

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.predictions import read_predictions

HEAD = [0.25, 0.25, 0.5, 0.75]
SHOWN = pictures([(0, 0, *HEAD)], images=2)


def lines(tmp_path, *rows):
    file = tmp_path / "found.jsonl"
    usual = {"file": "site/000.jpg", "class_name": "helmet", "score": 0.9, "box": HEAD}
    file.write_text("\n".join(json.dumps({**usual, **row}) for row in rows))
    return file


def coco(tmp_path, *rows):
    file = tmp_path / "results.json"
    usual = {"image_id": 0, "category_id": 1, "bbox": [160, 120, 160, 240], "score": 0.9}
    file.write_text(json.dumps([{**usual, **row} for row in rows]))
    return file


@pytest.mark.parametrize("name", ["site/001.jpg", "001.jpg", "001", r"D:\raw\site\001.jpg"])
def test_a_picture_is_known_by_the_end_of_its_path(tmp_path, name):
    found = read_predictions(lines(tmp_path, {"file": name}), SHOWN, {})
    assert found.boxes.image.tolist() == [1]


def test_both_formats_say_the_same(tmp_path):
    one = read_predictions(lines(tmp_path, {}), SHOWN, {})
    other = read_predictions(coco(tmp_path, {}), SHOWN, {"1": "helmet"})
    assert one.boxes.corners == pytest.approx(other.boxes.corners)
    assert (one.confidence, one.boxes.class_id) == (other.confidence, other.boxes.class_id)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"score": float("nan")}, "line 1: the score nan"),
        ({"score": 1.5}, "the score 1.5"),
        ({"score": "high"}, "the score 'high'"),
        ({"box": [0.2, 0.2, 0.2, 0.5]}, "has no area"),
        ({"box": [0.2, 0.2, 0.5]}, "not four numbers"),
        ({"box": [100, 100, 200, 200]}, "image of another size"),
        ({"file": "elsewhere/001.jpg"}, "none of the 1 predictions"),
        ({"file": "elsewhere.jpg"}, "none of the 1 predictions.*called 000.jpg"),
        ({"class_name": "dog"}, "has the classes dog.*--class theirs=ours"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, row, message):
    with pytest.raises(HobanError, match=message):
        read_predictions(lines(tmp_path, row), SHOWN, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{}]", "detection 0: is no result of COCO"),
        ('[{"image_id": 1', "is no whole JSON"),
        ("[" * 100_000, "is no whole JSON"),
        (" \n", "is empty"),
        ("not json", "line 1: is no detection"),
        ('{"file": "a"}', "line 1: is no detection"),
    ],
)
def test_damaged_files_are_named(tmp_path, text, message):
    file = tmp_path / "found.json"
    file.write_text(text)
    with pytest.raises(HobanError, match=message):
        read_predictions(file, SHOWN, {})


def test_a_box_a_hair_outside_is_cut_off(tmp_path):
    found = read_predictions(lines(tmp_path, {"box": [-0.01, 0.1, 0.5, 1.01]}), SHOWN, {})
    assert found.boxes.corners.tolist() == [[0, 0.1, 0.5, 1]]


def test_names_that_two_pictures_have_name_none(tmp_path):
    twins = pictures([(0, 0, *HEAD)], images=2, ids=("a/1.jpg", "b/1.jpg"))
    object.__setattr__(twins, "files", (Path("/p/a/1.jpg"), Path("/p/b/1.jpg")))
    assert read_predictions(lines(tmp_path, {"file": "b/1.jpg"}), twins, {}).boxes.image == [1]
    with pytest.raises(HobanError, match="none of the 1 predictions"):
        read_predictions(lines(tmp_path, {"file": "1.jpg"}), twins, {})


@pytest.mark.parametrize(
    "name", ["Fall.v1i.yolo26/train/images/a.jpg", "images/a.jpg", "fall/a.jpg"]
)
def test_a_picture_of_a_dataset_is_known_by_its_raw_file_too(tmp_path, name):
    shown = pictures(
        [(0, 0, *HEAD)],
        ids=("fall/a.jpg",),
        files=(Path("/data/images/val/fall-a-0123.jpg"),),
        raw=("Fall.v1i/train/images/a.jpg",),
    )
    assert read_predictions(lines(tmp_path, {"file": name}), shown, {}).boxes.image == [0]


def test_the_number_of_coco_is_known_in_a_dataset(tmp_path):
    file = tmp_path / "found.json"
    box = {"bbox": [64, 48, 64, 48], "score": 0.5, "category_id": "helmet"}
    file.write_text(json.dumps([{**box, "image_id": 379}]))
    published = (Path("/data/images/val/coco-000000000379-bb46.jpg"),)
    shown = pictures([(0, 0, *HEAD)], files=published, raw=("coco/train2017/000000000379.jpg",))
    assert read_predictions(file, shown, {}).boxes.image == [0]
