"""What a reader opens is what a build is compared by: nothing that it reads may change unseen."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from reader_trees import (
    BACKGROUND,
    COCO,
    WIDER,
    aihub,
    aihub_item,
    annotation,
    coco_json,
    entry,
    head,
    image,
    text,
    voc,
    voc_object,
    voc_xml,
    yolo,
    yolo_item,
)

from hoban_assets.formats import READERS, RawSource, open_source
from hoban_assets.observing.walk import walk
from hoban_assets.suffixes import is_image


@pytest.fixture
def sources(tmp_path) -> list[RawSource]:
    """A source of every format, each with a label or a list of classes."""
    aihub_item(tmp_path / "h", "a.jpg", [head([1, 1, 20, 20])])
    image(tmp_path / "coco" / "images" / "a.jpg")
    rows = coco_json([entry(1, "a.jpg")], [annotation(1, [1, 1, 20, 20])])
    text(tmp_path / "coco" / "annotations" / "instances.json", rows)
    yolo_item(tmp_path / "fall set", "a", "0 0.5 0.5 0.2 0.2\n")
    text(tmp_path / "fall set" / "obj.names", "fall\n")
    image(tmp_path / "v" / "JPEGImages" / "a.jpg")
    box = voc_object("worker", [1, 1, 20, 20])
    text(tmp_path / "v" / "Annotations" / "a.xml", voc_xml("a.jpg", box))
    image(tmp_path / "wp" / "Images" / "a.jpg")
    text(tmp_path / "wp" / "Annotations" / "a.jpg.txt", "1\n1 1 1 20 20\n")
    text(tmp_path / "wp" / "train.txt", "a\n")
    image(tmp_path / "bg" / "images" / "a.jpg")
    text(tmp_path / "bg" / "labels" / "a.txt", "")
    text(tmp_path / "exported" / "a.xml", voc_xml("a.jpg"))
    image(tmp_path / "own" / "a.jpg")
    empty = replace(BACKGROUND, folder="bg/images", labels_elsewhere=("exported",))
    own = RawSource("own", "own", "pictures", labelled_classes=())
    found = [aihub(), COCO, yolo(), voc(), WIDER, empty, own]
    assert {source.format for source in found} == set(READERS)
    return found


OPENED: list[str] = []
"""What was opened since a test asked for it. A hook of Python stays until its end."""
sys.addaudithook(lambda event, what: OPENED.append(str(what[0])) if event == "open" else None)


def test_every_file_that_a_reader_opens_is_compared_by_its_content(sources, tmp_path):
    for source in sources:
        OPENED.clear()
        open_source(source, tmp_path).read()
        names = {os.path.normpath(name) for name in OPENED if name.startswith(str(tmp_path))}
        opened = {Path(name) for name in names if not is_image(name) and Path(name).is_file()}
        folders = {"": source.root(tmp_path), **source.label_folders(tmp_path)}
        seen = [walk(folder) for folder in folders.values()]
        labels = {
            Path(one.root, name)
            for one in seen
            for name, is_label in zip(one.names, one.is_label, strict=True)
            if is_label
        }
        assert opened <= labels, source.name
        assert opened or source.format == "pictures"
