"""Mistakes of a model on one picture, and what is nearest to them, by numbers."""

import numpy as np
from drawn_pictures import NAMES, OUR_NAMES, detections, pictures

from hoban_assets.evaluation.mistakes import mistakes
from hoban_assets.evaluation.nearest import labels_and_regions, nearest
from hoban_assets.reporting.why_model import figures

LIMITS = dict.fromkeys(NAMES, 0.25)
ONE, TWO, THREE = (0.1, 0.1, 0.3, 0.5), (0.5, 0.1, 0.6, 0.3), (0.7, 0.6, 0.9, 0.9)


def told(labels, found, **more):
    all_of_it = mistakes(pictures(labels, **more), detections(found), LIMITS)
    return [(each.kind, each.class_name, each.found_as) for each in all_of_it]


def test_misses_come_first_then_mix_ups_then_false_alarms():
    labels = [(0, 2, *ONE), (0, 0, *TWO)]
    found = [(0, 1, 0.8, *TWO), (0, 2, 0.6, *THREE), (0, 2, 0.2, *ONE)]
    assert told(labels, found) == [
        ("missed", "person", ""),
        ("mixed_up", "helmet", "bare"),
        ("false_alarm", "person", "person"),
    ]


def test_what_is_right_is_no_mistake():
    assert told([(0, 2, *ONE)], [(0, 2, 0.9, *ONE)]) == []


def test_what_nobody_labelled_is_neither_right_nor_wrong():
    labelled = [[True, True, False]]
    assert told([], [(0, 2, 0.9, *ONE)], labelled=labelled) == [("unjudged", "person", "person")]
    assert told([], [(0, 2, 0.1, *ONE)], labelled=labelled) == []


def test_what_a_label_rules_out_is_a_mistake_whoever_labelled_the_picture():
    """Of a photograph of falls: the source does not label persons, but who has fallen is none."""
    falls = {"labelled": [[False, False, True]], "names": OUR_NAMES}
    person, fallen = 1, 2
    found = [(0, person, 0.9, *ONE), (0, person, 0.9, *TWO)]
    picture, limits = pictures([(0, fallen, *ONE)], **falls), dict.fromkeys(OUR_NAMES, 0.25)
    told = [
        (m.kind, m.class_name, m.found_as) for m in mistakes(picture, detections(found), limits)
    ]
    assert told == [("mixed_up", "fallen", "person"), ("unjudged", "person", "person")]


def test_the_nearest_are_of_other_photographs_one_box_each():
    train = pictures([(0, 2, 0, 0, 1, 1), (0, 2, 0, 0, 0.5, 1), (1, 0, 0, 0, 1, 1)], images=3)
    found = figures.boxes_near(
        train, train.labels, np.ones(3, bool), np.array([0.5, 0.9, 0.7]), skip=train.ids[2]
    )
    assert [(n.image_id, n.alike) for n in found] == [(train.ids[0], 0.9), (train.ids[1], 0.7)]
    skipped = figures.boxes_near(
        train, train.labels, np.ones(3, bool), np.array([0.5, 0.9, 0.7]), skip=train.ids[0]
    )
    assert [n.class_name for n in skipped] == ["helmet"]


def test_nearest_is_by_the_cosine_best_first():
    among = np.array([[1, 0], [0, 1], [0.6, 0.8]])
    assert nearest(np.array([0.0, 1.0]), among, 2) == [(1, 1.0), (2, 0.8)]


def test_labels_and_regions_are_told_apart_in_the_order_of_images():
    both, is_label = labels_and_regions(pictures([(1, 2, *ONE)], [(0, 0, *TWO)], images=2))
    assert both.image.tolist() == [0, 1]
    assert is_label.tolist() == [False, True]
