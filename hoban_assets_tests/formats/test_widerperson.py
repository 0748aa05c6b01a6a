import pytest
from reader_trees import PEDESTRIANS, WIDER, image, only_box, read, rules, text

from hoban_assets.errors import HobanError
from hoban_assets.formats import RawSource, open_source


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "wp"
    text(folder / "train.txt", "000040\n\n")
    text(folder / "val.txt", "000041\n")
    for name in ("000040", "000041", "test_part"):
        image(folder / "Images" / f"{name}.jpg")
    text(folder / "Annotations" / "000040.jpg.txt", "1\n1 10 10 30 20\n")
    text(folder / "Annotations" / "000041.jpg.txt", "0\n")
    return folder


def annotate(folder, content):
    text(folder / "Annotations" / "000040.jpg.txt", content)


def test_images_of_the_lists_are_read_and_the_test_part_is_not(tmp_path, folder):
    result = read(WIDER, tmp_path)
    assert result.samples.images.image_id.tolist() == [
        "wider/Images/000040.jpg",
        "wider/Images/000041.jpg",
    ]
    assert result.samples.images[["width", "height"]].to_numpy().tolist() == [[100, 50]] * 2
    assert only_box(result) == [0.2, 0.3, 0.2, 0.2]
    assert result.samples.boxes.row.tolist() == [1]
    assert rules(result) == []


def test_ignore_regions_and_crowds_are_kept_as_ignore_regions_of_persons(tmp_path, folder):
    rows = "".join(f"{code} {code}0 10 90 20\n" for code in range(1, 6))
    annotate(folder, "5\n" + rows)
    result = read(WIDER, tmp_path)
    assert result.samples.boxes.ignore.tolist() == [False] * 3 + [True] * 2
    assert set(result.samples.boxes.class_name) == {"person"}
    assert rules(result) == [("crowd", "ignore"), ("ignore_region", "ignore")]
    rows_of = result.samples.decisions.query("rule != 'not_read'")
    assert rows_of.value.tolist() == ["4 40 10 90 20", "5 50 10 90 20"]


@pytest.mark.parametrize("first", ["3\n", ""])
def test_a_wrong_or_missing_count_is_repaired(tmp_path, folder, first):
    annotate(folder, f"{first}1 10 10 30 20\n2 10 10 40 20\n")
    result = read(WIDER, tmp_path)
    assert len(result.samples.boxes) == 2
    assert rules(result) == [("count_mismatch", "repair")]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("1 10 10 30", "box_malformed"),
        ("1 10 10 30 x", "box_malformed"),
        ("x 10 10 30 20", "box_malformed"),
        ("6 10 10 30 20", "class_out_of_range"),
        ("0 10 10 30 20", "class_out_of_range"),
        ("3 10 10 30 20", "class_not_used"),
        ("1 10 10 10 20", "box_empty"),
    ],
)
def test_bad_rows_are_dropped(tmp_path, folder, row, rule):
    annotate(folder, f"2\n{row}\n1 50 10 90 20\n")
    source = RawSource("wider", "wp", "widerperson", {"1": "person", "2": "person"})
    result = read(source, tmp_path)
    assert len(result.samples.boxes) == 1
    assert rules(result) == [(rule, "drop")]


@pytest.mark.parametrize("content", ["", "\n", "many\n1 10 10 30 20\n", b"\xff\xfe"])
def test_an_unparseable_label_costs_the_image(tmp_path, folder, content):
    annotate(folder, content)
    assert rules(read(WIDER, tmp_path)) == [("label_unparseable", "drop")]


def test_ids_without_image_or_label_or_that_lead_outside(tmp_path, folder):
    image(tmp_path / "secret.jpg")
    text(folder / "val.txt", "000041\ngone\n../../secret\n..\\secret\n/etc/x\n000040\n")
    (folder / "Annotations" / "000041.jpg.txt").unlink()
    result = read(WIDER, tmp_path)
    assert rules(result) == [
        ("image_missing", "drop"),
        ("label_missing", "drop"),
        *[("path_outside", "drop")] * 3,
    ]
    assert result.images_in == 2


def test_an_image_without_readable_header_is_dropped(tmp_path, folder):
    text(folder / "Images" / "000040.jpg", b"")
    result = read(WIDER, tmp_path)
    assert rules(result) == [("image_unreadable", "drop")]
    assert result.boxes_in == 1


def test_missing_lists_are_named(tmp_path, folder):
    (folder / "train.txt").unlink()
    assert open_source(WIDER, tmp_path).image_ids() == ["wider/Images/000041.jpg"]
    (folder / "val.txt").unlink()
    with pytest.raises(HobanError, match=r"neither train\.txt nor val\.txt"):
        open_source(RawSource("wider", "wp", "widerperson", PEDESTRIANS), tmp_path)


@pytest.mark.parametrize(
    "name", ["000040.jpg", "Images/000040.jpg", "D:\\wp\\Images\\000040.jpg", "/home/k/000040.jpg"]
)
def test_an_id_may_come_with_suffix_and_folders(tmp_path, folder, name):
    text(folder / "train.txt", f"{name}\n")
    result = read(WIDER, tmp_path)
    assert only_box(result) == [0.2, 0.3, 0.2, 0.2]
    assert rules(result) == []


def test_a_label_may_have_the_stem_of_its_image(tmp_path, folder):
    (folder / "Annotations" / "000040.jpg.txt").rename(folder / "Annotations" / "000040.txt")
    assert len(read(WIDER, tmp_path).samples.boxes) == 1


def test_of_two_images_of_one_id_the_one_that_its_label_names(tmp_path, folder):
    image(folder / "Images" / "000040.png")
    result = read(WIDER, tmp_path)
    assert result.samples.boxes.image_id.tolist() == ["wider/Images/000040.jpg"]
    assert rules(result) == [("identity_unclear", "drop")]
    (folder / "Annotations" / "000040.jpg.txt").rename(folder / "Annotations" / "000040.txt")
    assert rules(read(WIDER, tmp_path)) == [("identity_unclear", "drop")] * 2
