"""Labels are compared under the flip or turn that lays the pictures on each other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from test_events import OTHER, WORKER, Box, moved, scene, turned_boxes

from hoban_assets.curation.disagreements import disagreements
from hoban_assets.curation.packed_boxes import TURNS, turned_picture


def picture(boxes: list[Box], seed: int = 0) -> np.ndarray:
    """A room that is no flip of itself, with something in each box."""
    draw = np.random.default_rng(seed)
    room = cv2.resize(draw.uniform(40, 200, (8, 8)).astype(np.float32), (64, 64))
    for _, x, y, w, h in boxes:
        left, right = int((x - w / 2) * 64), int((x + w / 2) * 64)
        top, bottom = int((y - h / 2) * 64), int((y + h / 2) * 64)
        room[top:bottom, left:right] = 250 - room[top:bottom, left:right]
    return room.astype(np.uint8)


def listed(first: list[Box], second: list[Box], *pictures: np.ndarray) -> list[str]:
    samples = scene(first, second)
    classes = [["person"]] * 2
    samples.images["labelled_classes"] = classes
    one, other = np.array([0]), np.array([1])
    rows = disagreements(samples, one, other, "dedupe", lambda at: np.stack(pictures)[at])
    assert rows.action.eq("review").all()
    return rows.value.tolist()


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_turned_picture_with_its_labels_is_no_fault_and_without_them_is_one(turn: int) -> None:
    boxes = [WORKER, OTHER]
    seen = picture(boxes)
    mirrored = turned_picture(seen, turn)
    assert listed(boxes, turned_boxes(boxes, turn), seen, mirrored) == []
    (text,) = listed(boxes, turned_boxes([WORKER], turn), seen, mirrored)
    assert text.startswith("0.33 person: 2 here, 1 in the kept image, 1 apart")


def test_labels_that_were_not_turned_with_their_picture_are_found() -> None:
    seen = picture([WORKER, OTHER])
    (text,) = listed([WORKER, OTHER], [WORKER, OTHER], seen, turned_picture(seen, 1))
    assert "4 apart" in text


def test_other_pictures_are_not_compared() -> None:
    assert listed([WORKER], [OTHER], picture([WORKER]), picture([OTHER], seed=9)) == []


def test_someone_who_left_or_moved_is_no_fault() -> None:
    gone = moved(WORKER, 1.5)
    assert listed([WORKER], [], picture([WORKER]), picture([])) == []
    assert listed([WORKER], [gone], picture([WORKER]), picture([gone])) == []
    (text,) = listed([WORKER], [], picture([WORKER]), picture([WORKER]))
    assert text == "1.00 1 labels here, no box in the kept image"
