"""A prescaled tree can be made again: it holds no only copy while the raw files are there."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from builders import samples_of

from hoban_assets.language import speaker
from hoban_assets.publish.prescaled import Scaling
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.settings import Settings
from hoban_assets.upkeep.written_by_hoban import objection_to_tree, whose_content

SAY = speaker("en")


@pytest.fixture
def settings(tmp_path) -> Settings:
    (tmp_path / "raw/coco").mkdir(parents=True)
    for number in (1, 2):
        picture = np.full((90, 160, 3), 80 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f"raw/coco/{number}.jpg"), picture)
    return Settings.from_env(
        {"HOBAN_DATA_ROOT": str(tmp_path / "data"), "HOBAN_RAW_ROOT": str(tmp_path / "raw")}
    )


@pytest.fixture
def tree(settings) -> Path:
    ids = {f"coco/{number}.jpg": [("person", 0.1)] for number in (1, 2)}
    sizes = [(settings.raw_root / file).stat().st_size for file in ids]
    found = samples_of(
        ids, width=[160, 160], height=[90, 90], bytes=sizes, content_hash=[None, None]
    )
    samples = replace(found, images=found.images.assign(split=["train", "val"]))
    place = settings.artifacts / "dataset_v9/sub/0123456789abcdef"
    return publish(samples, settings.raw_root, place, scaling=Scaling(64)).path


def test_it_may_go_while_the_raw_files_are_there(settings, tree):
    assert objection_to_tree(tree, settings.raw_root, SAY) is None
    image = next(tree.glob("images/train/*"))
    assert "can be made again" in whose_content(image, settings, SAY)


def test_it_stays_where_a_raw_file_is_gone_or_another_one(settings, tree):
    raw = settings.raw_root / "coco/1.jpg"
    raw.write_bytes(b"another")
    assert "only copy of photographs (1)" in objection_to_tree(tree, settings.raw_root, SAY)
    raw.unlink()
    assert "only copy of photographs (1)" in objection_to_tree(tree, settings.raw_root, SAY)


def test_it_stays_where_somebody_changed_a_picture_of_it(settings, tree):
    next(tree.glob("images/val/*")).write_bytes(b"painted over")
    assert "only copy of photographs (1)" in objection_to_tree(tree, settings.raw_root, SAY)
