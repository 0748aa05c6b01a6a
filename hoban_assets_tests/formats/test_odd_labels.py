"""A file of any suffix that is of a picture makes it no empty scene, whatever format it is."""

import pytest
from reader_trees import image, text

from hoban_assets.formats import RawSource, open_source
from hoban_assets.formats.detect import detect
from hoban_assets.formats.odd_labels import tells_of

ROW = "0 .5 .5 .1 .1\n"
OF_ONE = {f"a0.{suffix}": ROW for suffix in ("label", "bbox", "anno", "yolo", "gt", "jpg.lbl")}
OF_MANY = {
    "boxes.tsv": "name\tx\ty\tw\th\na0.jpg\t1\t2\t3\t4\n",
    "train.lst": "0\t4\t5\t100\t50\t0\t0.1\t0.1\t0.3\t0.3\ta0.jpg\n",
    "labels.yaml": "a0.jpg:\n- {class: person, bbox: [1, 1, 9, 9]}\n",
    "dlib.xml": "<images><image file='a0.jpg'><box top='1' left='2' width='3' height='4'/></image>",
    "all.json": '{"a0.jpg": [[1, 1, 9, 9]]}',
    "labels.db": b"SQLite format 3\x00",
    "export.ndjson": '{"data_row": {"id": 1}}\n',
}
NO_LABELS = {
    "README.txt": "3 photographs of the yard, 2031\n",
    "md5.txt": "d41d8cd98f00b204e9800998ecf8427e  a0.jpg\n",
    "a0.xmp": "<x:xmpmeta/>",
    "a0.mp4": b"\0\0\0\x18ftyp",
    "list.lst": "a0.jpg\na1.jpg\n",
    "a0.label": " \n",
    ".a0.label": ROW,
}


@pytest.fixture
def scenes(tmp_path):
    for number in range(3):
        image(tmp_path / "set" / f"a{number}.jpg")
    return tmp_path / "set"


@pytest.mark.parametrize("name", [*OF_ONE, *OF_MANY])
def test_a_folder_with_it_is_never_called_background(scenes, name):
    text(scenes / name, {**OF_ONE, **OF_MANY}[name])
    found = detect(scenes)
    assert found.format is None and found.near


@pytest.mark.parametrize("name", NO_LABELS)
def test_what_is_no_label_says_nothing(scenes, name):
    text(scenes / name, NO_LABELS[name])
    assert detect(scenes).format == "background"


@pytest.mark.parametrize("name", [*OF_ONE, "boxes.tsv", "train.lst", "all.json"])
def test_a_declared_background_drops_the_picture_that_it_is_of(scenes, name):
    text(scenes / name, {**OF_ONE, **OF_MANY}[name])
    result = open_source(RawSource("empty", "set", "background"), scenes.parent).read()
    assert sorted(result.samples.images.image_id) == ["empty/a1.jpg", "empty/a2.jpg"]
    assert "background_has_label" in set(result.samples.decisions.rule)


def test_labels_that_a_reader_passes_over_are_told(tmp_path):
    image(tmp_path / "f" / "images" / "a.jpg")
    text(tmp_path / "f" / "labels" / "a.txt", ROW)
    text(tmp_path / "f" / "labels" / "a.bbox", ROW)
    text(tmp_path / "f" / "data.yaml", "names: [fall]\n")
    reader = open_source(RawSource("falls", "f", "yolo", {"fall": "fallen"}), tmp_path)
    assert [each.path for each in reader.unread] == ["labels/a.bbox"]


def test_a_name_alone_or_numbers_alone_say_nothing_of_a_picture():
    assert tells_of("site 1.jpg,1,2,3,4".encode("cp949"), ["site 1.jpg"])
    assert tells_of("현장.jpg;1;2;3;4".encode("cp949"), ["현장.jpg"])
    assert not tells_of(b"1 2 3 4 5 6", ["a.jpg"])
    assert not tells_of(b"a.jpg b.jpg 2031-05-01", ["a.jpg"])
