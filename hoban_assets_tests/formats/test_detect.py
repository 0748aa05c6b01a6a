"""A folder is told by what lies in it, not by its name."""

import json
from dataclasses import replace

import pytest
from reader_trees import aihub_item, annotation, coco_json, entry, head, image, text, yolo_item

from hoban_assets.declared.sources import SOURCES
from hoban_assets.formats import RawSource
from hoban_assets.formats.detect import detect
from hoban_assets.formats.own_classes import open_own, own_splits
from hoban_assets.formats.rows import NO_ID


def formats(found):
    return {part.folder.name: part.format for part in found.parts}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_declared_source_of_the_sample_is_detected(sample, source):
    found = detect(sample / source.folder)
    if source.format == "background" and found.near:  # the sample hides labels among backgrounds
        assert found.format is None
    else:
        assert found.format == source.format


def test_the_raw_root_is_a_list_of_sources(sample):
    found = detect(sample)
    assert found.format is None
    of = formats(found)
    assert of["coco"] == "coco"
    assert of["WiderPerson"] == "widerperson"
    assert of["helmet_60k"] == of["helmet_30k"] == of["helmet_21k"] == "aihub"
    assert of["background"] is None  # the sample hides labels among its pictures
    assert of["fall.v1i (2).yolo26"] == "yolo"
    assert {*of, "background"} == {path.name for path in sample.iterdir() if path.is_dir()}


def test_real_photographs_are_detected(real_raw):
    assert sorted(formats(detect(real_raw)).values()) == sorted(
        ["aihub", "background", "coco", *["yolo"] * 8]
    )


def test_two_exports_side_by_side_are_two_sources(tmp_path):
    for name in ("first", "second"):
        aihub_item(tmp_path / "both" / name / "worn", "a1.jpg", [head([1, 1, 9, 9])])
    assert formats(detect(tmp_path / "both")) == {"first": "aihub", "second": "aihub"}


@pytest.mark.parametrize("layout", ["set/training/worn", "set/worn", "set/set/worn", "set"])
def test_folders_of_one_aihub_export_are_one_source(tmp_path, layout):
    aihub_item(tmp_path / layout, "a1.jpg", [head([1, 1, 9, 9])])
    assert detect(tmp_path / "set").format == "aihub"


def test_yolo_needs_no_data_yaml(tmp_path):
    yolo_item(tmp_path / "낙상 (1)" / "train", "사람", "0 .5 .5 .2 .2")
    assert detect(tmp_path / "낙상 (1)").format == "yolo"


def test_coco_is_known_by_its_content_wherever_the_json_is_called_what(tmp_path):
    image(tmp_path / "set" / "train" / "a.jpg")
    labels = coco_json([entry(1, "a.jpg")], [annotation(1, [1, 1, 9, 9])])
    text(tmp_path / "set" / "train" / "_annotations.coco.json", labels)
    assert detect(tmp_path / "set").format == "coco"


def test_a_large_coco_json_is_not_parsed_to_be_known(tmp_path, monkeypatch):
    monkeypatch.setattr("hoban_assets.formats.detect._PARSED_WHOLE", 10)
    monkeypatch.setattr("hoban_assets.formats.detect._PEEK", 40)
    image(tmp_path / "set" / "a.jpg")
    text(tmp_path / "set" / "labels.json", coco_json([], [annotation(1, [1, 1, 9, 9])] * 50))
    assert detect(tmp_path / "set").format == "coco"


def test_few_labels_beside_many_images_are_no_background(tmp_path):
    for number in range(8):
        image(tmp_path / "bg" / "images" / f"{number}.jpg")
    text(tmp_path / "bg" / "labels" / "3.json", json.dumps({"annotations": []}))
    found = detect(tmp_path / "bg")
    assert (found.format, found.facts["labels"]) == (None, 1)
    assert "look like labels" in found.near


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        (["a.jpg", "a.xml"], "Pascal VOC"),
        (["a.jpg", "a.txt"], "put the images into images/"),
        (["a.jpg", "a.json"], "put the images into images/"),
        (["set.zip"], "unpack"),
        (["labels/a.txt"], "folder above"),
    ],
)
def test_what_no_reader_fits_gets_a_hint(tmp_path, files, hint):
    for name in files:
        path = tmp_path / "set" / name
        image(path) if name.endswith(".jpg") else text(path, "0 .5 .5 .1 .1")
    found = detect(tmp_path / "set")
    assert found.format is None
    assert hint in found.near


def test_an_empty_folder_holds_nothing(tmp_path):
    found = detect(tmp_path)
    assert (found.format, found.parts, dict(found.suffixes)) == (None, (), {})


def test_the_folder_images_alone_points_to_the_folder_above(sample):
    found = detect(sample / "helmet_21k" / "helmet_wearing" / "images")
    assert found.format is None
    assert "folder above" in found.near


def own(source, raw_root):
    opened = open_own(source, raw_root)
    return opened, opened.reader.read().samples


def test_every_class_of_a_source_is_read_as_itself(tmp_path):
    folder = tmp_path / "h" / "c"
    aihub_item(folder, "a1.jpg", [head([1, 1, 9, 9], 7), head([20, 1, 40, 9], "31")])
    row = {"class": "31", "box": [50, 1, 60, 9], "middle classification": "비계", "category": "x"}
    aihub_item(folder, "a2.jpg", [row])
    opened, samples = own(RawSource("h", "h", "aihub", {"07": "person_with_helmet"}), tmp_path)
    assert [(c.name, c.text) for c in opened.classes] == [("07", ""), ("31", "비계 · x")]
    assert sorted(samples.boxes.class_name) == ["07", "31", "31"]
    assert samples.decisions.empty


def test_a_class_past_the_range_of_class_id_is_told_by_its_name(tmp_path):
    names = [f"c{number}" for number in range(300)]
    text(tmp_path / "big" / "data.yaml", json.dumps({"names": names}))
    yolo_item(tmp_path / "big" / "train", "a", "127 .5 .5 .2 .2\n128 .5 .5 .2 .2\n299 .5 .5 .2 .2")
    _, samples = own(RawSource("big", "big", "yolo"), tmp_path)
    assert samples.boxes.class_name.tolist() == ["c127", "c128", "c299"]
    assert samples.boxes.class_id.tolist() == [127, NO_ID, NO_ID]


def test_without_names_classes_are_numbers(tmp_path):
    yolo_item(tmp_path / "fall set" / "train", "a", "4 .5 .5 .2 .2\n0 .5 .5 .1 .1")
    opened, samples = own(RawSource("f", "fall set", "yolo"), tmp_path)
    assert [c.name for c in opened.classes] == ["0", "4"]
    assert samples.boxes.class_name.tolist() == ["4", "0"]
    assert "data.yaml" in opened.notes[0].facts["problem"]


def test_ignore_regions_of_widerperson_are_classes_of_their_own(sample):
    source = next(s for s in SOURCES if s.format == "widerperson")
    opened, samples = own(source, sample)
    assert [c.name for c in opened.classes] == list("12345")
    by_class = samples.boxes.groupby("class_name").ignore.all()
    assert by_class[["4", "5"]].all()
    assert not by_class[["1", "2", "3"]].any()


def test_declared_sources_are_read_as_before_an_inspection(sample):
    from hoban_assets.formats import open_source

    for source in SOURCES:
        samples = open_source(source, sample).read().samples
        assert set(samples.boxes.class_name) <= set(source.classes.values())
        same = open_source(replace(source), sample).read().samples
        assert same.data_version() == samples.data_version()


def test_parts_of_a_split_are_told_by_folders_or_lists(sample):
    wider = open_own(next(s for s in SOURCES if s.format == "widerperson"), sample).listed
    assert {part for parts in own_splits(wider, wider.paths) for part in parts} == {
        "train",
        "valid",
    }
    paths = ["train2017/a.jpg", "x/Training/b.jpg", "val/images/c.jpg", "images/train.jpg"]
    coco = open_own(next(s for s in SOURCES if s.format == "coco"), sample).listed
    assert own_splits(coco, paths) == [("train",), ("train",), ("valid",), ()]
