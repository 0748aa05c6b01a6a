"""Mistakes of a model on one picture, by numbers."""

from drawn_pictures import NAMES, detections, pictures

from hoban_assets.evaluation.mistakes import mistakes

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
