"""A model's boxes beside the labels: right, wrong, and what it has not found."""

from pathlib import Path

import numpy as np
import pytest

from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.pictures import Boxes, Pictures
from hoban_assets.viewer.second_set import told

NAMES = ("person", "fallen")
ONE, OTHER, NOWHERE = (0.1, 0.1, 0.3, 0.5), (0.6, 0.1, 0.8, 0.5), (0.4, 0.7, 0.5, 0.9)


def boxes(*rows):
    """Image, class, corners."""
    return Boxes(
        np.array([r[0] for r in rows], np.int64),
        np.array([r[1] for r in rows], np.int64),
        np.array([r[2] for r in rows], float).reshape(-1, 4),
    )


def pictures(labels, regions=(), labelled=((True, True), (True, False))):
    some = ("a", "b")
    texts = np.array(some, str)
    return Pictures(
        "val", NAMES, some, tuple(map(Path, some)), np.full((2, 2), 100), texts, texts,
        np.array(["val", "val"]), np.array(labelled), boxes(*labels), boxes(*regions), some,
    )  # fmt: skip


def kinds(labels, found, **more):
    detections = Detections(boxes(*(f[:3] for f in found)), np.array([f[3] for f in found], float))
    seen = told(pictures(labels, **more), detections, dict.fromkeys(NAMES, 0.25))
    return {i: sorted((b["kind"], b["class_name"]) for b in each) for i, each in seen.items()}


@pytest.mark.parametrize(
    ("labels", "found", "a"),
    [
        ([(0, 0, ONE)], [(0, 0, ONE, 0.9)], [("right", "person")]),
        ([(0, 0, ONE)], [], [("not_found", "person")]),
        ([(0, 0, ONE)], [(0, 0, ONE, 0.1)], [("not_found", "person")]),
        ([(0, 0, ONE)], [(0, 1, ONE, 0.9)], [("not_found", "person"), ("wrong", "fallen")]),
        (
            [(0, 0, ONE)],
            [(0, 0, ONE, 0.9), (0, 0, OTHER, 0.8)],
            [("right", "person"), ("wrong", "person")],
        ),
        ([], [], []),
    ],
)
def test_every_picture_is_told_with_hits_misses_and_false_alarms(labels, found, a):
    assert kinds(labels, found) == {"a": a, "b": []}


def test_what_nobody_labels_there_and_what_is_ignored_is_neither():
    assert kinds([(1, 1, OTHER)], [(1, 1, ONE, 0.9)])["b"] == []
    assert kinds([], [(0, 0, NOWHERE, 0.9)], regions=[(0, 0, NOWHERE)])["a"] == []


def test_a_box_is_centre_and_size():
    detections = Detections(boxes((0, 0, ONE)), np.array([0.9]))
    (seen,) = told(pictures([]), detections, dict.fromkeys(NAMES, 0.25))["a"]
    assert seen["box"] == pytest.approx([0.2, 0.3, 0.2, 0.4])
