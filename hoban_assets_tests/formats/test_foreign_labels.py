import json

import pytest
from reader_trees import image, only_box, read, rules, text, voc, voc_object, voc_xml

from hoban_assets.formats import decoding
from hoban_assets.formats.foreign_labels import labels_beside, rows_of_images

NAMES = ["photos/site 1.jpg", "photos/site 2.jpg"]


@pytest.fixture
def photos(tmp_path):
    for name in NAMES:
        image(tmp_path / name)
    return tmp_path / "photos"


@pytest.mark.parametrize(
    "file",
    [
        *("정답/site 2.txt", "xml/deep/site 2.xml", "라벨/site 1.json", "out/site 1_label.txt"),
        *("SegmentationClass/site 1.png", "masks/site 2_mask.png", "라벨.xlsx"),
    ],
)
def test_a_label_beside_the_folder_that_has_an_images_name_is_found(photos, file):
    text(photos.parent / file, "0 .5 .5 .1 .1")
    assert labels_beside(photos, NAMES) == str(photos.parent / file)


@pytest.mark.parametrize(
    "file", ["labels/other.txt", "readme.txt", "labels/.site 2.bak", "x/site 1.png", "원가.xlsx"]
)
def test_files_of_other_images_are_none(photos, file):
    text(photos.parent / file, "0 .5 .5 .1 .1")
    assert labels_beside(photos, NAMES) is None


def test_an_empty_label_beside_says_nothing(photos):
    text(photos.parent / "labels" / "site 1.txt", " \n")
    assert labels_beside(photos, NAMES) is None


def test_a_coco_file_beside_counts_where_one_of_the_images_has_rows(photos):
    entries = [{"id": 1, "file_name": "site 1.jpg"}, {"id": 2, "file_name": "x.jpg"}]
    document = {"images": entries, "annotations": [{"image_id": 2, "bbox": [1, 1, 2, 2]}]}
    file = photos.parent / "all.json"
    text(file, json.dumps(document))
    assert rows_of_images(str(file)) == {"x.jpg": 1}
    assert labels_beside(photos, NAMES) is None
    document["annotations"] = [{"image_id": 1, "bbox": [1, 1, 2, 2]}]
    text(file, json.dumps(document))
    assert labels_beside(photos, NAMES) == str(file)


def test_a_label_too_large_for_one_image_costs_its_image(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "LARGEST_LABEL", 400)
    row = voc_object("worker", (10, 10, 30, 20))
    for name, rows in (("a", [row]), ("b", [row] * 9)):
        image(tmp_path / "v" / f"{name}.jpg")
        text(tmp_path / "v" / f"{name}.xml", voc_xml(f"{name}.jpg", *rows))
    result = read(voc(), tmp_path)
    assert only_box(result) == [0.2, 0.3, 0.2, 0.2]
    assert rules(result) == [("label_unparseable", "drop")]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (rb'["\ud800x", "\udc00"]', ["\\ud800x", "\\udc00"]),
        (rb'["\ud83d\ude00", NaN]', ["\U0001f600", None]),
        (rb'["\ud800\ud83d\ude00"]', ["\\ud800\U0001f600"]),
        (rb'["\\ud800", "\ud800"]', ["\\ud800", "\\ud800"]),
    ],
)
def test_half_a_character_in_json_is_kept_as_its_escape(data, value):
    found = [each if isinstance(each, str) else None for each in decoding.parse_json(data)]
    assert found == value
    assert "".join(filter(None, found)).encode()
