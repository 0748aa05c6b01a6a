"""What stands twice in a label, and not the same, is never resolved by 'the last one counts'."""

import json

import numpy as np
import pytest
from reader_trees import (
    aihub,
    aihub_item,
    head,
    image,
    read,
    rules,
    text,
    voc,
    voc_corners,
    voc_object,
    voc_xml,
)

from hoban_assets.formats.decoding import parse_json
from hoban_assets.formats.numbers import as_numbers, number
from hoban_assets.formats.outlines import contradictions
from hoban_assets.formats.yolo_rows import parse_row

FACTS = '"image": {"filename": "a.jpg", "resolution": [100, 50]}'
ONE = json.dumps([head([10, 10, 30, 20])])


@pytest.mark.parametrize(
    "label",
    [
        f'{{{FACTS}, "annotations": {ONE}, "annotations": []}}',
        f'{{{FACTS}, "annotations": [], "annotations": {ONE}}}',
        f'{{{FACTS}, "image": {{"filename": "b.jpg"}}, "annotations": {ONE}}}',
        f'\ufeff{{{FACTS}, "annotations": {ONE}, "annotations": []}}',
        f'{{{FACTS}, "annotations": [{{"class": "07", "box": [1, 1, 9, 9], "class": "08"}}]}}',
        f'{{{FACTS}, "annotations": [{{"class": "07", "box": [1, 1, 9, 9], "box": [2, 2, 9]}}]}}',
        # what has the length of the pair that is lost
        f'{{{FACTS}, "annotations": [], "annotations": {ONE}, "tags": ["a"]}}',
        f'{{{FACTS}, "annotations": [], "annotations": {ONE}, "tags": [[1]]}}',
        f'{{{FACTS}, "annotations": [], "annotations": {ONE}, "tag": "a"}}',
    ],
)
def test_a_label_with_two_lists_or_two_images_is_not_read(tmp_path, label):
    aihub_item(tmp_path / "h", "a.jpg", [], label=label)
    result = read(aihub(), tmp_path)
    assert ("label_unparseable", "drop") in rules(result)
    assert not len(result.samples.images)


def test_the_same_said_twice_and_a_word_that_is_no_key_are_read():
    assert parse_json(b'{"annotations": [], "annotations": []}') == {"annotations": []}
    said = {"annotations": [{"text": "annotations", "class": "class"}], "images": ["images"]}
    assert parse_json(json.dumps(said).encode()) == said
    row = b'{"annotations": [{"class": "07", "class": "07"}]}'
    assert parse_json(row) == {"annotations": [{"class": "07"}]}


ROWS = ", ".join(f'{{"image_id": {i}, "bbox": [1, 1, 9, 9], "flags": {{}}}}' for i in range(2000))


@pytest.mark.parametrize(
    "said",
    [
        '"bbox": [1, 1, 9, 9]',
        '"bbox": [1, 1, 9, 9], "url": "http://a:80/b", "seen": {"at": "9:00"}',
        '"bbox": [1, 1, 9, 9], "url": "http\\u003a//a"',
        '"bbox" : [1, 1, 9, 9], "points": [[1, 2], ["a:b"]], "rle": [{"size": [1, 2]}]',
    ],
)
def test_in_a_large_file_too(said):
    """Where pairs are counted all at once; what else holds a colon hides none that is doubled."""
    once = f'{{"annotations": [{{"image_id": 1, {said}}}, {ROWS}], "images": []}}'
    assert parse_json(once.encode()) == json.loads(once)
    for again in ('"bbox": [2, 2, 9, 9]', '"image_id": 2', '"bbox" :[]'):
        twice = once.replace(said, f"{said}, {again}")
        with pytest.raises(ValueError, match="twice, and not the same"):
            parse_json(twice.encode())


BOX = voc_corners((1, 1, 9, 9))


@pytest.mark.parametrize(
    ("objects", "left"),
    [
        (voc_object("worker", (10, 10, 30, 20), BOX), 0),
        (voc_object("worker", (10, 10, 30, 20), "<xmin>4</xmin>"), 1),
        (voc_object("worker", None, BOX + BOX), 1),
    ],
)
def test_an_object_with_two_boxes_has_none(tmp_path, objects, left):
    image(tmp_path / "v" / "a.jpg")
    text(tmp_path / "v" / "a.xml", voc_xml("a.jpg", objects))
    result = read(voc(), tmp_path)
    assert len(result.samples.boxes) == left
    assert (("box_malformed", "drop") in rules(result)) == (not left)


def test_numbers_are_those_of_every_tool_and_not_of_python_alone():
    assert parse_row(["0", "0.5_0", "0.5", "0.4", "0.2"]).index is None
    assert parse_row(["1_0", "0.5", "0.5", "0.4", "0.2"]).index is None
    assert parse_row(["１", "0.5", "0.5", "0.4", "0.2"]).index is None
    assert parse_row(["1", "0.5", "٠.5", "0.4", "0.2"]).index is None
    assert number("1_0") != number("1_0")
    assert number("1e1") == 10


def test_a_box_that_is_said_to_be_turned_is_for_a_person_to_look_at():
    boxes = [[10, 10, 100, 20]] * 4
    said = [{"rotation": 45.0}, {"rotation": 360}, {"occluded": True}, {"rotation": "x"}]
    objects = [{"bbox": box, "attributes": a} for box, a in zip(boxes, said, strict=True)]
    assert list(contradictions(objects, boxes, as_numbers(boxes), np.arange(4))) == [0]
