import pytest
from reader_trees import COCO, annotation, coco_json, entry, image, only_box, read, rules, text

from hoban_assets.errors import HobanError
from hoban_assets.formats import RawSource, open_source

BOX = [10, 10, 20, 10]


@pytest.fixture
def folder(tmp_path):
    for name in "ab":
        image(tmp_path / "coco" / "train2017" / f"{name}.jpg")
    return tmp_path / "coco"


def write(folder, images, annotations, name="annotations/instances_train2017.json", **more):
    text(folder / name, coco_json(images, annotations, **more))


def test_boxes_are_found_by_category_name_and_images_may_have_none(tmp_path, folder):
    write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], [annotation(1, BOX)])
    result = read(COCO, tmp_path)
    assert only_box(result) == [0.2, 0.3, 0.2, 0.2]
    assert result.samples.images.image_id.tolist() == [
        f"coco_person/train2017/{n}.jpg" for n in "ab"
    ]
    assert (
        result.samples.images.label_file.tolist()
        == ["coco/annotations/instances_train2017.json"] * 2
    )
    assert result.samples.images.labelled_classes.tolist() == [("person",)] * 2
    assert rules(result) == []


def test_numbers_and_ids_written_as_text_are_numbers(tmp_path, folder):
    bbox = ["10.00", "10", "20.0", 10]
    write(
        folder,
        [entry("1", "a.jpg", width="100", height="50"), entry(2, "b.jpg")],
        [annotation(1, bbox, "5")],
    )
    assert only_box(read(COCO, tmp_path)) == [0.2, 0.3, 0.2, 0.2]


def test_crowds_become_ignore_regions(tmp_path, folder):
    images = [entry(1, "a.jpg"), entry(2, "b.jpg")]
    write(folder, images, [annotation(1, BOX, iscrowd=1), annotation(1, BOX, iscrowd=0)])
    result = read(COCO, tmp_path)
    assert result.samples.boxes.ignore.tolist() == [True, False]
    assert rules(result) == [("crowd", "ignore")]


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (annotation(1, [1, 1, 5, 0]), "box_empty"),
        (annotation(1, [1, 1, -5, 5]), "box_empty"),
        (annotation(1, [1, 1, 5]), "box_malformed"),
        (annotation(1, None), "box_malformed"),
        (annotation(1, [90, 10, 30, 10]), "outside_image"),
        (annotation(1, BOX, 6), "class_not_used"),
        (annotation(1, BOX, 99), "class_out_of_range"),
        (annotation(1, BOX, None), "class_out_of_range"),
    ],
)
def test_a_bad_annotation_is_dropped(tmp_path, folder, bad, rule):
    good = annotation(1, [30, 10, 20, 10])
    write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], [good, bad])
    result = read(COCO, tmp_path)
    assert result.samples.boxes.row.tolist() == [0]
    assert rules(result) == [(rule, "drop")]
    assert result.boxes_in == 2


def test_what_has_no_partner_is_recorded(tmp_path, folder):
    annotations = [annotation(1, BOX), annotation(9, BOX), annotation(77, BOX), 5]
    write(folder, [entry(1, "a.jpg"), entry(9, "gone.jpg"), "x"], annotations)
    result = read(COCO, tmp_path)
    assert result.samples.images.image_id.tolist() == ["coco_person/train2017/a.jpg"]
    assert rules(result) == [("image_missing", "drop")] * 3 + [("label_missing", "drop")]
    assert (result.images_in, result.boxes_in) == (2, 1)


def test_many_absent_images_share_one_decision(tmp_path, folder):
    absent = [entry(100 + n, f"{n}.jpg") for n in range(150)]
    write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg"), *absent], [])
    values = read(COCO, tmp_path).samples.decisions.value
    assert len(values) == 101
    assert values.iloc[-1] == "50 more images are not on disk, the first is 100.jpg"


@pytest.mark.parametrize("name", ["../secret.jpg", "..\\secret.jpg", "/etc/c.jpg", "C:\\d.jpg"])
def test_a_file_name_that_leads_outside_is_not_read(tmp_path, folder, name):
    image(tmp_path / "secret.jpg")
    write(folder, [entry(1, "a.jpg"), entry(2, name)], [annotation(2, BOX)])
    result = read(COCO, tmp_path)
    assert ("path_outside", "drop") in rules(result)
    assert result.samples.boxes.empty


def test_file_names_may_hold_folders(tmp_path, folder):
    image(folder / "val2017" / "a.jpg")
    write(folder, [entry(1, "train2017/a.jpg"), entry(2, "train2017\\b.jpg")], [annotation(2, BOX)])
    text(folder / "annotations" / "instances_val2017.json", coco_json([entry(1, "a.jpg")], []))
    result = read(COCO, tmp_path)
    assert rules(result) == []
    assert len(result.samples.images) == 3
    assert result.samples.boxes.image_id.tolist() == ["coco_person/train2017/b.jpg"]


def test_a_name_in_two_folders_is_not_guessed(tmp_path, folder):
    image(folder / "val2017" / "a.jpg")
    write(folder, [entry(1, "a.jpg")], [annotation(1, BOX)], "annotations/all.json")
    result = read(COCO, tmp_path)
    assert result.samples.images.empty
    assert ("image_missing", "drop") in rules(result)


def test_captions_and_keypoints_are_no_detection_labels(tmp_path, folder):
    images = [entry(1, "a.jpg"), entry(2, "b.jpg")]
    write(folder, images, [annotation(1, BOX)])
    write(folder, images, [annotation(2, BOX)], "annotations/person_keypoints_train2017.json")
    text(folder / "annotations" / "captions_train2017.json", "{")
    text(folder / "annotations" / "readme.json", "{")
    assert len(read(COCO, tmp_path).samples.boxes) == 1


def test_missing_size_is_read_from_the_header(tmp_path, folder):
    images = [entry(1, "a.jpg", width=0), {"id": 2, "file_name": "b.jpg"}]
    text(folder / "train2017" / "b.jpg", "no image")
    write(folder, images, [annotation(1, BOX), annotation(2, BOX)])
    result = read(COCO, tmp_path)
    assert only_box(result) == [0.2, 0.3, 0.2, 0.2]
    assert rules(result) == [("image_unreadable", "drop"), ("resolution_missing", "repair")]


def test_a_choice_of_images_brings_its_own_annotations_only(tmp_path, folder):
    annotations = [annotation(1, BOX), annotation(2, BOX), annotation(2, [1, 1, 5, 5])]
    write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], annotations)
    reader = open_source(COCO, tmp_path)
    result = reader.read({"coco_person/train2017/b.jpg"})
    assert (result.images_in, result.boxes_in) == (1, 2)
    assert result.samples.boxes.row.tolist() == [1, 2]


@pytest.mark.parametrize("content", ["{", '{"images": []}', b"\xff"])
def test_labels_that_cannot_be_parsed_stop_the_source(tmp_path, folder, content):
    text(folder / "annotations" / "instances_train2017.json", content)
    with pytest.raises(HobanError, match=r"instances_train2017\.json"):
        open_source(COCO, tmp_path)


def test_missing_labels_and_categories_are_refused(tmp_path, folder):
    with pytest.raises(HobanError, match="no COCO labels"):
        open_source(COCO, tmp_path)
    write(folder, [entry(1, "a.jpg")], [])
    source = RawSource("c", "coco", "coco", {"people": "person"})
    with pytest.raises(HobanError, match=r"no category 'people'.*'cat', 'objects', 'person'"):
        open_source(source, tmp_path)


def test_what_says_ignore_is_an_ignore_region(tmp_path, folder):
    rows = [annotation(1, [10 * i, 5, 8, 9], ignore=said) for i, said in enumerate((1, 0, "1"))]
    write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], rows)
    result = read(COCO, tmp_path)
    assert rules(result) == [("ignore_region", "ignore")] * 2
    assert sorted(result.samples.boxes.ignore) == [False, True, True]


@pytest.mark.parametrize(("score", "is_label"), [(0.83, False), ("0.2", False), (1, True)])
def test_the_confidence_of_a_model_makes_its_row_no_label(tmp_path, folder, score, is_label):
    rows = [annotation(1, [10, 5, 8, 9], score=score), annotation(1, [40, 5, 8, 9])]
    write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], rows)
    result = read(COCO, tmp_path)
    assert (("confidence_row", "drop") in rules(result)) is not is_label
    assert len(result.samples.boxes) == (2 if is_label else 0)
