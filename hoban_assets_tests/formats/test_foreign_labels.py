import json

import pytest
from reader_trees import image, only_box, read, rules, text, voc, voc_object, voc_xml

from hoban_assets.formats import decoding
from hoban_assets.formats.foreign_labels import rows_of_images
from hoban_assets.formats.labels_around import labels_beside

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


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("정답/라벨_site 1.txt", "0 .5 .5 .1 .1"),
        ("out/bbox_site 2.json", "{}"),
        ("out/site 2-annotation.xml", "<annotation/>"),
        ("정답표.csv", "파일명,좌상x,좌상y,우하x,우하y\nsite 2.jpg,1,2,30,40\n"),
        ("정답표.csv", "파일명;x\nsite 2;1;2;30;40\n".encode("cp949")),
        ("좌표.txt", "site 1.jpg 1 2 30 40 작업자\n"),
        ("현장.json", '{"site 1.jpg": {"작업자": [[1, 2, 3, 4]]}}'),
        ("좌표.xls", b"\xd0\xcf\x11\xe0"),
        ("라벨.zip", b"PK"),
        ("TL_라벨.zip.part0", b"PK"),
    ],
)
def test_labels_beside_in_forms_that_nobody_reads_are_found(photos, file, content):
    text(photos.parent / file, content)
    assert labels_beside(photos, NAMES) == str(photos.parent / file)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("메모.txt", "빈 현장 사진 2장, site 1 부터 site 2 까지"),
        ("목록.csv", "파일명\nsite 1.jpg\nsite 2.jpg\n"),
        ("out/site 2_memo.txt", "0 .5 .5 .1 .1"),
        ("my site 1.zip", b"PK"),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0"),
    ],
)
def test_what_lies_beside_and_is_no_label_says_nothing(photos, file, content):
    text(photos.parent / file, content)
    assert labels_beside(photos, NAMES) is None


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("사진/1월", "좌표/1월/a.txt"),
        ("사진/1월/오전", "텍스트/1월/오전/a.txt"),
        ("사진/1월", "라벨/a.txt"),
        ("01.원천데이터/TS_1", "02.라벨링데이터/TL_1/a.json"),
        ("01.원천데이터/TS1", "02.라벨링데이터/TL1/전체.csv"),
        ("Training/[원천]작업", "Validation/[라벨]작업/a.json"),
        ("원천데이터/VS_안전모", "라벨링데이터/VL_안전모.zip"),
    ],
)
def test_a_tree_that_mirrors_that_of_the_images_holds_their_labels(tmp_path, folder, label):
    image(tmp_path / "set" / folder / "a.jpg")
    text(tmp_path / "set" / label, "a.jpg 0 .5 .5 .1 .1")
    assert labels_beside(tmp_path / "set" / folder, ["a.jpg"]) == str(tmp_path / "set" / label)


def test_labels_that_have_pictures_of_their_own_are_theirs(tmp_path):
    image(tmp_path / "one" / "images" / "a.jpg")
    image(tmp_path / "two" / "images" / "a.jpg")
    text(tmp_path / "two" / "images" / "a.txt", "0 .5 .5 .1 .1")
    assert labels_beside(tmp_path / "one" / "images", ["a.jpg"]) is None
