import unicodedata

import pytest
from reader_trees import (
    image,
    not_read,
    only_box,
    read,
    rules,
    text,
    voc,
    voc_object,
    voc_xml,
)

from hoban_assets.formats import RawSource
from hoban_assets.formats.detect import detect
from hoban_assets.formats.own_classes import open_own

WORKER = voc_object("worker", (10, 10, 30, 20))
BOX = [0.2, 0.3, 0.2, 0.2]


def pair(folder, name="a.jpg", label=None, *, images="images", labels="Annotations"):
    image(folder / images / name)
    label = voc_xml(name, WORKER) if label is None else label
    text(folder / labels / f"{name.rpartition('.')[0]}.xml", label)


@pytest.mark.parametrize("part", ["", "train", "2.검증", "batch_1"])
@pytest.mark.parametrize(
    ("images", "labels"),
    [("images", "Annotations"), ("JPEGImages", "annotations"), ("Images", "labels"), ("", "")],
)
def test_every_layout_is_found_and_read(tmp_path, part, images, labels):
    pair(tmp_path / "v" / part, images=images, labels=labels)
    assert detect(tmp_path / "v").format == "voc"
    result = read(voc(), tmp_path)
    assert only_box(result) == BOX
    assert rules(result) == []
    assert not_read(result) == set()


def test_folders_below_are_paired_with_the_same_ones_below_the_labels(tmp_path):
    pair(tmp_path / "v", images="images/day1", labels="labels/day1")
    pair(tmp_path / "v", images="images/day2", labels="labels/day2", label=voc_xml("a.jpg"))
    result = read(voc(), tmp_path)
    assert set(result.samples.boxes.image_id) == {"site/images/day1/a.jpg"}
    assert rules(result) == [("no_annotations", "review")]


def test_a_set_inside_a_development_kit_is_found_below(tmp_path):
    pair(tmp_path / "kit" / "VOC2031", images="JPEGImages")
    text(tmp_path / "kit" / "VOC2031" / "ImageSets" / "Main" / "train.txt", "a\n")
    found = detect(tmp_path / "kit")
    assert [(part.format, part.folder.name) for part in found.parts] == [("voc", "VOC2031")]


def test_xml_of_another_kind_or_of_other_images_is_not_voc(tmp_path):
    pair(tmp_path / "cvat", label="<annotations><image name='a.jpg'/></annotations>")
    assert detect(tmp_path / "cvat").format is None
    image(tmp_path / "others" / "images" / "a.jpg")
    text(tmp_path / "others" / "Annotations" / "b.xml", voc_xml("b.jpg", WORKER))
    assert detect(tmp_path / "others").format is None


def test_a_list_of_names_beside_xml_does_not_make_it_yolo(tmp_path):
    pair(tmp_path / "v", labels="labels")
    text(tmp_path / "v" / "data.yaml", "names: [worker]")
    assert detect(tmp_path / "v").format == "voc"


def test_other_classes_are_counted_and_a_row_without_name_is_dropped(tmp_path):
    rows = [WORKER, voc_object("dog", (1, 1, 9, 9)), voc_object(" ", (1, 1, 9, 9))]
    pair(tmp_path / "v", label=voc_xml("a.jpg", *rows))
    result = read(voc(), tmp_path)
    assert rules(result) == [("box_malformed", "drop"), ("class_not_used", "drop")]
    assert only_box(result) == BOX


@pytest.mark.parametrize(
    ("corners", "rule"),
    [
        ((30, 20, 10, 10), ("corners_swapped", "repair")),
        ((10, 10, 10, 20), ("box_empty", "drop")),
        ((90, 10, 104, 20), ("clipped", "repair")),
        ((10, 10, "x", 20), ("box_malformed", "drop")),
        ((10, 10, 30), ("box_malformed", "drop")),
        (("nan", 1, 2, 3), ("box_malformed", "drop")),
        (None, ("box_malformed", "drop")),
    ],
)
def test_rows_are_judged_like_those_of_any_format(tmp_path, corners, rule):
    pair(tmp_path / "v", label=voc_xml("a.jpg", voc_object("worker", corners)))
    assert rules(read(voc(), tmp_path)) == [rule]


def test_difficult_is_an_ignore_region_and_truncated_is_a_box(tmp_path):
    rows = [
        voc_object("worker", (10, 10, 30, 20), "<truncated>1</truncated>"),
        voc_object("worker", (50, 10, 90, 40), "<difficult>1</difficult>"),
    ]
    pair(tmp_path / "v", label=voc_xml("a.jpg", *rows))
    result = read(voc(), tmp_path)
    assert result.samples.boxes.ignore.tolist() == [False, True]
    assert rules(result) == [("ignore_region", "ignore")]


def test_parts_of_a_person_do_not_lend_their_box(tmp_path):
    part = "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin></bndbox></part>"
    pair(tmp_path / "v", label=voc_xml("a.jpg", voc_object("worker", (10, 10, 30, 20), part)))
    assert only_box(read(voc(), tmp_path)) == BOX


def test_a_turned_box_and_a_polygon_become_the_box_around_them(tmp_path):
    turned = "<robndbox><cx>20</cx><cy>20</cy><w>20</w><h>10</h><angle>1.5707963267948966</angle>"
    points = ((40, 10), (60, 10), (60, 30))
    polygon = "".join(f"<x{i}>{x}</x{i}><y{i}>{y}</y{i}>" for i, (x, y) in enumerate(points, 1))
    rows = [
        voc_object("worker", None, f"{turned}</robndbox>"),
        voc_object("worker", None, f"<polygon>{polygon}</polygon>"),
    ]
    pair(tmp_path / "v", label=voc_xml("a.jpg", *rows))
    result = read(voc(), tmp_path)
    assert rules(result) == [("obb_to_box", "repair"), ("polygon_to_box", "repair")]
    sizes = result.samples.boxes[["width", "height"]].round(6).to_numpy().tolist()
    assert sizes == [[0.1, 0.4], [0.2, 0.4]]


def test_a_box_that_its_polygon_contradicts_goes_to_review(tmp_path):
    polygon = (
        "<polygon><x1>70</x1><y1>30</y1><x2>90</x2><y2>30</y2><x3>90</x3><y3>45</y3></polygon>"
    )
    pair(tmp_path / "v", label=voc_xml("a.jpg", voc_object("worker", (1, 1, 20, 20), polygon)))
    assert rules(read(voc(), tmp_path)) == [("box_contradicted", "ignore")]


@pytest.mark.parametrize("size", [None, (0, 0), ("", "")])
def test_without_a_stated_size_that_of_the_file_counts(tmp_path, size):
    pair(tmp_path / "v", label=voc_xml("a.jpg", WORKER, size=size))
    result = read(voc(), tmp_path)
    assert only_box(result) == BOX
    assert rules(result) == [("resolution_missing", "repair")]


@pytest.mark.parametrize("named", ["a.jpg", "a", "C:\\work\\site\\a.jpg", "/home/k/a.jpg", ""])
def test_the_name_may_be_a_path_of_another_machine(tmp_path, named):
    pair(tmp_path / "v", label=voc_xml(named, WORKER))
    assert rules(read(voc(), tmp_path)) == []


def test_a_name_that_no_image_has_is_told_and_one_that_another_has_costs_the_image(tmp_path):
    pair(tmp_path / "v", "a.jpg", voc_xml("IMG_77.jpg", WORKER))
    pair(tmp_path / "v", "b.jpg", voc_xml("a.jpg", WORKER))
    result = read(voc(), tmp_path)
    assert rules(result) == [("filename_differs", "review"), ("identity_unclear", "drop")]
    assert set(result.samples.images.image_id) == {"site/images/a.jpg"}


def test_two_images_of_one_stem_only_the_named_one_has_the_label(tmp_path):
    pair(tmp_path / "v", "a.jpg")
    image(tmp_path / "v" / "images" / "a.png")
    result = read(voc(), tmp_path)
    assert set(result.samples.images.image_id) == {"site/images/a.jpg"}
    assert rules(result) == [("identity_unclear", "drop")]


@pytest.mark.parametrize("declared", ["utf-8", "cp949", "euc-kr", None])
@pytest.mark.parametrize("written", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_names_are_read_whatever_encoding_is_declared(tmp_path, declared, written):
    head = "" if declared is None else f'<?xml version="1.0" encoding="{declared}"?>\n'
    label = (head + voc_xml("a.jpg", voc_object("작업자", (10, 10, 30, 20)))).encode(written)
    pair(tmp_path / "v", label=label)
    own = open_own(voc(), tmp_path)
    assert [each.name for each in own.classes] == ["작업자"]
    assert len(own.reader.read().samples.boxes) == 1


def test_a_decomposed_name_is_the_same_class(tmp_path):
    name = unicodedata.normalize("NFD", "작업자")
    pair(tmp_path / "v", label=voc_xml("a.jpg", voc_object(name, (10, 10, 30, 20))))
    own = RawSource("site", "v", "voc", {"작업자": "person"})
    assert only_box(read(own, tmp_path)) == BOX


BOMB = "<!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '&b;&b;'>]>"


@pytest.mark.parametrize(
    "label",
    [
        BOMB + voc_xml("a.jpg", WORKER),
        "<!doctype annotation>" + voc_xml("a.jpg"),
        '<!DOCTYPE x SYSTEM "file:///etc/hostname"><annotation/>',
        "<annotation><object>",
        "<annotations/>",
        "\0\1\2",
        "",
        "&amp;",
    ],
)
def test_what_is_no_label_costs_its_image_and_nothing_else(tmp_path, label):
    pair(tmp_path / "v", "a.jpg", label)
    pair(tmp_path / "v", "b.jpg")
    result = read(voc(), tmp_path)
    assert rules(result) == [("label_unparseable", "drop")]
    assert set(result.samples.images.image_id) == {"site/images/b.jpg"}


def test_a_document_type_is_refused_in_every_encoding(tmp_path):
    pair(tmp_path / "v", "a.jpg", (BOMB + voc_xml("a.jpg", WORKER)).encode("utf-16"))
    assert ("label_unparseable", "drop") in rules(read(voc(), tmp_path))


def test_an_xml_without_image_and_an_image_without_xml_are_told(tmp_path):
    pair(tmp_path / "v", "a.jpg")
    image(tmp_path / "v" / "images" / "b.jpg")
    text(tmp_path / "v" / "Annotations" / "c.xml", voc_xml("c.jpg"))
    assert rules(read(voc(), tmp_path)) == [("image_missing", "drop"), ("label_missing", "drop")]


@pytest.mark.parametrize(("named", "left"), [("a.jpg", 1), ("c.jpg", 2)])
def test_an_image_that_a_second_label_names_is_not_read_by_halves(tmp_path, named, left):
    for name in ("a.jpg", "b.jpg"):
        pair(tmp_path / "v", name)
    text(tmp_path / "v" / "Annotations" / "a_2.xml", voc_xml(named, WORKER))
    assert len(read(voc(), tmp_path).samples.images) == left


def test_what_labelme_keeps_as_deleted_is_no_label(tmp_path):
    rows = [voc_object("worker", (10, 10, 30, 40), f"<deleted>{d}</deleted>") for d in (1, 0)]
    image(tmp_path / "v" / "a.jpg")
    text(tmp_path / "v" / "a.xml", voc_xml("a.jpg", *rows))
    result = read(voc(), tmp_path)
    assert rules(result) == [("row_deleted", "drop")]
    assert len(result.samples.boxes) == 1


def test_a_class_that_differs_in_writing_alone_is_told_once(tmp_path):
    for name in "ab":
        image(tmp_path / "v" / f"{name}.jpg")
        objects = [voc_object(own, (10, 10, 30, 40)) for own in ("Worker", "worker", "crane")]
        text(tmp_path / "v" / f"{name}.xml", voc_xml(f"{name}.jpg", *objects))
    decisions = read(voc(), tmp_path).samples.decisions
    assert decisions.value[decisions.rule == "class_alike"].tolist() == ["'Worker' is not 'worker'"]
