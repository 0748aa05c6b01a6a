"""What comes back from a tool may be anything: one message, nothing hangs, nothing else is told."""

import json
import os
import zipfile

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.exchange import reading
from hoban_assets.exchange.reading import read_returned

SECRET = "root:x:0:0"
CVAT = '<annotations><image name="a.jpg" width="{}" height="9"/></annotations>'
DTD = '<!DOCTYPE a [<!ENTITY x "y">]><annotations>&x;</annotations>'
COCO = '{{"images": [{{"id": 1, "file_name": "a", "width": {}, "height": 9}}], {}}}'
REST = '"annotations": [], "categories": []'
BOXED = '"annotations": [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}], "categories": []'
CVAT_BOX = '<box label="person" xtl="0" ytl="0" xbr="1" ybr="1"/>'
TASK = (
    '[{{"data": {{"image": "a"}}, "annotations": [{{"result": [{{"type": "rectanglelabels", '
    '"original_width": 9, "original_height": 9, "value": {{"x": 1, "y": 1, "width": 1, '
    '"height": 1, "rectanglelabels": {}}}}}]}}]}}]'
)
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES = {
    "deep.json": "[" * 100_000,
    "deep2.json": '{"images":' + "[" * 5_000 + "]" * 5_000 + "}",
    "endless.json": COCO.format("1e999", REST),
    "endless.xml": CVAT.format("inf"),
    "null.json": "null",
    "numbers.json": "[1, 2]",
    "no-width.json": COCO.format(0, BOXED),
    "no-width.xml": CVAT.format(0).replace("/></a", f">{CVAT_BOX}</image></a"),
    "no-class.json": TASK.format("[]"),
    "no-letter.json": TASK.format('""'),
    "entity.xml": DTD,
    "utf16.xml": DTD.encode("utf-16"),
    "declared.xml": b'<?xml version="1.0" encoding="utf-16le"?>' + DTD.encode("utf-16le"),
    "half.zip": b"PK\x03\x04 half",
    "empty.zip": b"",
    "half.xml": "<annotations><image",
    "bytes.json": bytes(range(256)),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_no_tool_wrote_is_one_message(tmp_path, name):
    content = FILES[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(HobanError, match=name):
        read_returned(tmp_path / name)


@pytest.mark.parametrize("name", ["pipe.xml", "pipe.json", "pipe.zip"])
def test_a_pipe_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / f"link{name[4:]}").symlink_to(f"../{name}")
    for path in (tmp_path / name, tmp_path / "folder", tmp_path / "folder" / f"link{name[4:]}"):
        with pytest.raises(HobanError):
            read_returned(path)


def test_a_zip_that_grows_or_asks_for_a_password_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST", 1_000)
    for name, size in {"a.json": 2_000, "../../a.json": 10}.items():
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, " " * size)
        with pytest.raises(HobanError):
            read_returned(tmp_path / "a.zip")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1  # says that it is encrypted
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(HobanError, match="cannot be read"):
        read_returned(tmp_path / "a.zip")
    (tmp_path / "big.json").write_text(json.dumps(["x" * 2_000]))
    with pytest.raises(HobanError, match="larger than labels are"):
        read_returned(tmp_path / "big.json")


def yolo(folder, names="names: [person]\n", label="0 .5 .5 .1 .1\n"):
    (folder / "labels" / "train").mkdir(parents=True)
    (folder / "data.yaml").write_text(names)
    (folder / "labels" / "train" / "a.txt").write_text(label)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        f"{LAUGHS}names: *i\n",
        f"names: {'[' * 5000}{']' * 5000}\n",
        "names: 5\n",
        "",
    ],
)
def test_names_of_a_yolo_tree_are_read_under_limits(tmp_path, names):
    with pytest.raises(HobanError):
        read_returned(yolo(tmp_path / "y", names))


def test_names_that_call_something_call_nothing(tmp_path):
    called = f"names: !!python/object/apply:os.system ['touch {tmp_path}/mark']\n"
    read_returned(yolo(tmp_path / "y", called))
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "row", ["a b c d e", "1e999 0 0 0 0", "nan 0 0 0 0", "0 0 0", "0 .5 .5 .1 .1 .2", SECRET]
)
def test_a_row_that_is_no_box_takes_nothing_of_its_picture(tmp_path, row):
    _, (picture,), _ = read_returned(yolo(tmp_path / "y", label=f"{row}\n"))
    assert "is no box" in picture.problem
    assert SECRET not in picture.problem


def test_a_class_between_two_is_none_of_them(tmp_path):
    _, (picture,), _ = read_returned(yolo(tmp_path / "y", label="0.7 .5 .5 .1 .1\n"))
    assert (picture.boxes, picture.problem) == ((), "a class is no whole number")


def test_names_that_are_announced_and_are_not_there_are_asked_for(tmp_path):
    names = "nc: 3\nnames: [person_with_helmet, person]\n"
    with pytest.raises(HobanError, match=r"3 classes are announced \(nc\), 2 are named"):
        read_returned(yolo(tmp_path / "y", names))


def test_links_out_of_the_tree_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    tree = yolo(tmp_path / "y")
    label = tree / "labels" / "train" / "a.txt"
    label.unlink()
    label.symlink_to("../../../secret")
    _, (picture,), _ = read_returned(tree)
    assert picture.problem == "its label is a link out of the folder"
    (tree / "data.yaml").unlink()
    (tree / "data.yaml").symlink_to("../secret")
    with pytest.raises(HobanError) as refused:
        read_returned(tree)
    assert SECRET not in str(refused.value)


def test_a_pipe_for_a_label_is_not_waited_for(tmp_path):
    tree = yolo(tmp_path / "y")
    os.mkfifo(tree / "labels" / "train" / "b.txt")
    with pytest.raises(HobanError, match="no regular file"):
        read_returned(tree)
