import unicodedata

import pytest
from reader_trees import aihub, aihub_json, head, image, not_read, read, rules, text

from hoban_assets.formats.detect import detect

ROW = [head([0, 0, 50, 25])]


def put(root, images, labels, name="a.jpg", named=None):
    image(root / images / name)
    text(root / labels / f"{name.rpartition('.')[0]}.json", aihub_json(named or name, ROW))


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("원천데이터", "라벨링데이터"),
        ("01.원천데이터/TS_착용", "02.라벨링데이터/TL_착용"),
        ("Training/01.원천데이터/TS_착용/day 1", "Training/02.라벨링데이터/TL_착용/day 1"),
        ("1.데이터/2.Validation/원천데이터/VS1", "1.데이터/2.Validation/라벨링데이터/VL1"),
        ("TS_1.착용", "TL_1.착용"),
        ("[원천]착용_train", "[라벨]착용_train"),
        ("01.원천데이터/TS1/사진", "02.라벨링데이터/TL1/json"),
    ],
)
def test_what_is_downloaded_is_found_and_read(tmp_path, images, labels, form):
    images, labels = (unicodedata.normalize(form, folder) for folder in (images, labels))
    put(tmp_path / "h", images, labels)
    assert detect(tmp_path / "h").format == "aihub"
    result = read(aihub(), tmp_path)
    assert len(result.samples.boxes) == 1
    assert rules(result) == []
    assert not_read(result) == set()


def test_one_name_in_two_folders_is_told_apart_by_the_folder(tmp_path):
    for day in ("day1", "day2"):
        put(tmp_path / "h", f"원천데이터/TS_{day}", f"라벨링데이터/TL_{day}")
    result = read(aihub(), tmp_path)
    samples = result.samples
    assert samples.images.label_file.tolist() == [
        "h/라벨링데이터/TL_day1/a.json",
        "h/라벨링데이터/TL_day2/a.json",
    ]
    assert rules(result) == []


def test_a_name_that_fits_two_labels_gets_none(tmp_path):
    put(tmp_path / "h", "원천데이터/TS_x", "라벨링데이터/TL_y")
    put(tmp_path / "h", "원천데이터/TS_x", "라벨링데이터/TL_z")
    put(tmp_path / "h", "원천데이터/TS_x", "라벨링데이터/TL_x", "b.jpg")
    result = read(aihub(), tmp_path)
    assert result.samples.images.image_id.tolist() == ["heads/원천데이터/TS_x/b.jpg"]
    assert rules(result) == [("image_missing", "drop")] * 2 + [("label_missing", "drop")]


def test_training_and_validation_do_not_lend_each_other_labels(tmp_path):
    image(tmp_path / "h" / "원천데이터" / "TS_1" / "a.jpg")
    text(tmp_path / "h" / "라벨링데이터" / "VL_9" / "a.json", aihub_json("a.jpg", ROW))
    assert detect(tmp_path / "h").format is None


def test_a_root_of_several_sets_is_no_set_itself(tmp_path):
    for name in ("site A", "site B"):
        put(tmp_path / name, "Training/원천데이터", "Training/라벨링데이터")
    assert {part.folder.name for part in detect(tmp_path).parts} == {"site A", "site B"}


def test_packed_labels_are_said_to_be_unpacked(tmp_path):
    image(tmp_path / "원천데이터" / "TS_1" / "a.jpg")
    text(tmp_path / "라벨링데이터" / "TL_1.zip", "PK")
    found = detect(tmp_path)
    assert found.format is None
    assert "unpack" in found.near


def test_json_of_another_kind_is_named_as_labels_and_not_as_background(tmp_path):
    image(tmp_path / "원천데이터" / "a.jpg")
    text(tmp_path / "라벨링데이터" / "a.json", '{"shapes": [1], "points": 2}')
    found = detect(tmp_path)
    assert found.format is None
    assert found.near
