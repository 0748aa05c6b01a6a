import pytest
from reader_trees import image, only_box, read, rules, text, yolo, yolo_item

from hoban_assets.errors import HobanError
from hoban_assets.formats import RawSource, open_source

NAMES = "names: ['not fallen', 'fall', 'no']\ntrain: C:\\Users\\kim\\train\nval: ../../../etc\n"


@pytest.fixture
def folder(tmp_path):
    text(tmp_path / "fall set" / "data.yaml", NAMES)
    return tmp_path / "fall set"


def test_parts_that_exist_are_read_whatever_the_paths_in_data_yaml(tmp_path, folder):
    for part in ("train", "valid", "test", "val", "."):
        yolo_item(folder / part, "a b [1] 낙상", "1 0.5 0.5 0.2 0.4\n", ".JPG")
    yolo_item(folder / "old", "b", "1 0.5 0.5 0.2 0.4\n")
    text(folder / "train" / "labels.cache", b"\x80pickle")
    text(folder / "train" / "labels" / "labels.cache", b"\x80pickle")
    samples = read(yolo(), tmp_path).samples
    assert len(samples.images) == len(samples.boxes) == 5
    assert (samples.images.width == 0).all()
    assert "falls/valid/images/a b [1] 낙상.JPG" in set(samples.images.image_id)
    assert set(samples.decisions.file) == {
        "fall set/old/images/b.JPG"[:-3] + "jpg",
        "fall set/old/labels/b.txt",
    }
    assert set(samples.decisions.rule) == {"not_read"}


@pytest.mark.parametrize(
    ("line", "box", "rule"),
    [
        ("1 0.5 0.5 0.2 0.4", [0.5, 0.5, 0.2, 0.4], None),
        ("1 0.1 0.1 0.3 0.1 0.3 0.3 0.1 0.3", [0.2, 0.2, 0.2, 0.2], "obb_to_box"),
        ("1 0.1 0.1 0.3 0.1 0.2 0.3", [0.2, 0.2, 0.2, 0.2], "polygon_to_box"),
        ("1 0.5 0.5 1.1 0.4", [0.5, 0.5, 1.0, 0.4], "clipped"),
        ("1 0.444444 0.5 1.111113 0.4", [0.5, 0.5, 1.0, 0.4], "clipped"),
        ("1.0 0.5 0.5 1.000001 0.4", [0.5, 0.5, 1.0, 0.4], None),
    ],
)
def test_rows_become_boxes(tmp_path, folder, line, box, rule):
    yolo_item(folder / "train", "a", line)
    result = read(yolo(), tmp_path)
    assert only_box(result) == pytest.approx(box, abs=1e-6)
    assert rules(result) == ([] if rule is None else [(rule, "repair")])
    assert result.samples.boxes.origin.tolist() == ["human" if rule is None else "repaired"]
    assert result.samples.decisions.value.tolist() == ([] if rule is None else [line])


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("1 0.5 0.5 0.2", "box_malformed"),
        ("1 0.1 0.1 0.3 0.1 0.2 0.3 0.4", "box_malformed"),
        ("1 0.5 0.5 nan 0.2", "box_malformed"),
        ("fall 0.5 0.5 0.2 0.2", "box_malformed"),
        ("1 0.5 0.5 0 0.2", "box_empty"),
        ("1 0.5 0.5 -0.1 0.2", "box_empty"),
        ("1 1.2 0.5 0.2 0.2", "outside_image"),
        ("3 0.5 0.5 0.2 0.2", "class_out_of_range"),
        ("-1 0.5 0.5 0.2 0.2", "class_out_of_range"),
        ("0 0.5 0.5 0.2 0.2", "class_not_used"),
        ("2 0.5 0.5 0.2 0.2", "class_not_used"),
    ],
)
def test_a_bad_row_is_dropped_and_the_image_stays(tmp_path, folder, line, rule):
    yolo_item(folder / "train", "a", f"\n{line}\n1 0.5 0.5 0.2 0.4\n")
    result = read(yolo(), tmp_path)
    assert only_box(result) == [0.5, 0.5, 0.2, 0.4]
    assert rules(result) == [(rule, "drop")]
    assert result.boxes_in == 2
    assert result.samples.boxes.row.tolist() == [2]
    if rule != "class_not_used":
        assert result.samples.decisions.row.tolist() == [1]
        assert result.samples.decisions.value.tolist() == [line]


def test_an_exact_duplicate_row_is_merged(tmp_path, folder):
    yolo_item(folder / "train", "a", "1 0.5 0.5 0.2 0.4\n" * 3)
    yolo_item(folder / "train", "b", "1 0.5 0.5 0.2 0.4\n")
    result = read(yolo(), tmp_path)
    assert len(result.samples.boxes) == 2
    assert rules(result) == [("duplicate_row", "merge")] * 2


def test_empty_missing_orphaned_and_undecodable_labels(tmp_path, folder):
    yolo_item(folder / "train", "empty", "")
    yolo_item(folder / "train", "unlabelled", None)
    yolo_item(folder / "train", "binary", b"\xff\xd8\xff\xe0")
    text(folder / "train" / "labels" / "alone.txt", "1 0.5 0.5 0.2 0.4")
    result = read(yolo(), tmp_path)
    assert result.samples.images.image_id.tolist() == ["falls/train/images/empty.jpg"]
    assert rules(result) == [
        ("image_missing", "drop"),
        ("label_missing", "drop"),
        ("label_unparseable", "drop"),
    ]
    orphan = result.samples.decisions.set_index("rule").loc["image_missing"]
    assert orphan.image_id == "falls/train/labels/alone.txt"
    assert (orphan.images_removed, orphan.boxes_removed) == (0, 0)


def test_augmentations_of_one_photograph_share_a_group_over_sources(tmp_path, folder):
    yolo_item(folder / "train", "f1_jpg.rf.aa", "")
    yolo_item(folder / "valid", "f1_jpg.rf.bb", "")
    yolo_item(folder / "valid", "clip7_03", "")
    yolo_item(folder / "valid", "other", "")
    source = yolo(clip_pattern=r"^(?P<clip>clip\d+)_")
    assert read(source, tmp_path).samples.images.group_id.tolist() == [
        "family:f1_jpg",
        "clip:clip7",
        "family:f1_jpg",
        "falls/valid/images/other.jpg",
    ]


def test_names_may_be_a_dict(tmp_path, folder):
    text(folder / "data.yaml", "names:\n  0: no\n  7: fall\n")
    yolo_item(folder / "train", "a", "7 0.5 0.5 0.2 0.4\n0 0.5 0.5 0.1 0.1\n")
    result = read(yolo(), tmp_path)
    assert len(result.samples.boxes) == 1
    assert result.samples.decisions.value.tolist() == ["no x1"]


def test_missing_data_yaml_names_the_file_and_the_way_out(tmp_path, folder):
    yolo_item(folder / "train", "a", "")
    (folder / "data.yaml").unlink()
    with pytest.raises(HobanError, match=r"fall set/data\.yaml does not exist -> put a file there"):
        open_source(yolo(), tmp_path)


@pytest.mark.parametrize("content", ["nc: 1", "names: []", "names: [", b"\xff\xfe\xfa", "- a"])
def test_data_yaml_without_names_is_refused(tmp_path, folder, content):
    yolo_item(folder / "train", "a", "")
    text(folder / "data.yaml", content)
    with pytest.raises(HobanError, match=r"data\.yaml"):
        open_source(yolo(), tmp_path)


def test_a_class_that_is_not_among_the_names_is_refused(tmp_path, folder):
    yolo_item(folder / "train", "a", "")
    source = RawSource("falls", "fall set", "yolo", {"fallen": "fallen"})
    with pytest.raises(HobanError, match=r"no class 'fallen'.*'not fallen', 'fall', 'no'"):
        open_source(source, tmp_path)


def test_a_source_without_images_is_refused(tmp_path, folder):
    image(tmp_path / "elsewhere" / "images" / "a.jpg")
    (folder / "train").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HobanError, match=r"falls is empty.*not followed.*train"):
        open_source(yolo(), tmp_path)


@pytest.mark.parametrize(
    ("ends", "left"), [((0, 1, 1), 0), ((0, 1, 5), 0), ((0, 1, 0.7), 3), ((0, 1), 2)]
)
def test_rows_of_seven_numbers_are_what_the_others_of_their_source_are(
    tmp_path, folder, ends, left
):
    for number, end in enumerate(ends):
        yolo_item(folder / "train", f"{number}", f"1 0.5 0.5 0.4 0.2 0.9 {end}\n")
    every = read(yolo(), tmp_path).samples
    assert len(every.boxes) == left
    one = open_source(yolo(), tmp_path).read(every.images.image_id[:1].tolist()).samples
    assert len(one.boxes) == min(left, 1)  # a part is judged as the whole is
