"""Predictions made elsewhere: both formats, and one message for each way to be wrong."""

import json

import pandas as pd
import pytest

from hoban_assets.errors import HobanError
from hoban_assets.formats.predictions import read_predictions

IMAGES = pd.DataFrame({"file": ["s/a.jpg", "s/b.jpg"], "width": [200, 100], "height": [100, 100]})
PERSON = {"person": "person"}
GOOD = {"file": "s/a.jpg", "class_name": "person", "score": 0.5, "box": [0.1, 0.2, 0.3, 0.4]}


def lines(folder, *rows, name="p.jsonl"):
    file = folder / name
    file.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return file


def coco(folder, results, images=None):
    (folder / "images.json").write_text(
        json.dumps(
            {
                "images": images or [{"id": 7, "file_name": "a.jpg", "width": 400, "height": 200}],
                "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
            }
        )
    )
    return lines(folder, json.dumps(results), name="r.json"), folder / "images.json"


def test_json_lines_are_read_with_their_rows_and_other_classes_passed_over(tmp_path):
    file = lines(tmp_path, GOOD, {**GOOD, "class_name": "dog"}, "", {**GOOD, "file": "s/b.jpg"})
    table = read_predictions(file, {"person": "fallen"}, IMAGES)
    assert table.class_name.tolist() == ["fallen", "fallen"]
    assert table.row.tolist() == [0, 3]
    assert table.iloc[0][["left", "top", "right", "bottom"]].tolist() == [0.1, 0.2, 0.3, 0.4]


def test_coco_results_are_shares_of_the_picture_at_any_resolution(tmp_path):
    result = {"image_id": 7, "category_id": 1, "bbox": [40, 20, 80, 100], "score": 0.9}
    file, described = coco(tmp_path, [result, {**result, "category_id": 3}])
    table = read_predictions(file, PERSON, IMAGES, described)
    assert table.file.tolist() == ["s/a.jpg"]
    assert table.iloc[0][["left", "top", "right", "bottom"]].tolist() == [0.1, 0.1, 0.3, 0.6]


def test_a_slight_overrun_is_cut(tmp_path):
    file = lines(tmp_path, {**GOOD, "box": [-0.01, 0, 1.01, 1]})
    assert read_predictions(file, PERSON, IMAGES).iloc[0][["left", "right"]].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("[" * 100_000, "it is no JSON"),
        ({**GOOD, "class_name": "Person"}, "is mapped"),
        ({**GOOD, "file": "elsewhere/a.jpg"}, "other pictures"),
        ({**GOOD, "box": [10, 20, 30, 40]}, "does not lie in the picture"),
        ({**GOOD, "box": [0.3, 0.2, 0.1, 0.4]}, "does not lie in the picture"),
        ({**GOOD, "box": [0.1, 0.2]}, "four numbers"),
        ({**GOOD, "score": float("nan")}, "row 1: its score"),
        ({**GOOD, "score": 1.2}, "from 0 to 1"),
        ({**GOOD, "score": None}, "from 0 to 1"),
        ({**GOOD, "score": True}, "from 0 to 1"),
        ({**GOOD, "score": "0.9"}, "from 0 to 1"),
        ({**GOOD, "box": [True, 0.2, 1, 0.4]}, "four numbers"),
        ({"file": "s/a.jpg"}, "lacks"),
        ("{not json", "no JSON"),
    ],
)
def test_what_cannot_be_used_is_refused_with_file_row_and_way_out(tmp_path, row, said):
    with pytest.raises(HobanError, match=said) as caught:
        read_predictions(lines(tmp_path, row), PERSON, IMAGES)
    assert "p.jsonl" in str(caught.value)
    assert caught.value.way_out


def test_pictures_of_another_shape_are_refused(tmp_path):
    result = {"image_id": 7, "category_id": 1, "bbox": [4, 2, 8, 10], "score": 0.9}
    square = [{"id": 7, "file_name": "a.jpg", "width": 300, "height": 300}]
    file, described = coco(tmp_path, [result], square)
    with pytest.raises(HobanError, match="300x300 pixels; here it is 200x100"):
        read_predictions(file, PERSON, IMAGES, described)


@pytest.mark.parametrize("width", ["wide", -400, float("nan"), [400]])
def test_pictures_of_no_size_are_refused(tmp_path, width):
    image = {"id": 7, "file_name": "a.jpg", "width": width, "height": 200}
    result = {"image_id": 7, "category_id": 1, "bbox": [40, 20, 80, 100], "score": 0.9}
    file, described = coco(tmp_path, [result], [image])
    with pytest.raises(HobanError, match=r"says no size of a\.jpg"):
        read_predictions(file, PERSON, IMAGES, described)


def test_coco_results_without_the_file_that_their_ids_mean_are_refused(tmp_path):
    file, _ = coco(tmp_path, [])
    with pytest.raises(HobanError, match="ids mean nothing here"):
        read_predictions(file, PERSON, IMAGES)


def test_a_file_that_is_not_there_or_empty_is_refused(tmp_path):
    with pytest.raises(HobanError, match="no predictions at"):
        read_predictions(tmp_path / "none.jsonl", PERSON, IMAGES)
    with pytest.raises(HobanError, match="is empty"):
        read_predictions(lines(tmp_path), PERSON, IMAGES)
