"""Labels that were planted wrong are found, and nothing else is doubted."""

import numpy as np
import pytest
from drawn_pictures import NAMES, detections, pictures

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.folds import folds
from hoban_assets.evaluation.label_errors import label_errors, unable

LEFT, RIGHT, TOP = (0.1, 0.5, 0.3, 0.8), (0.6, 0.5, 0.8, 0.8), (0.1, 0.1, 0.25, 0.3)
IMAGES = 40


def world(labelled=None):
    """Two persons and a helmet on each picture; a detector finds them, a little beside."""
    rng = np.random.default_rng(3)
    truth, found = [], []
    for image in range(IMAGES):
        for class_id, box in ((2, LEFT), (2, RIGHT), (0, TOP)):
            truth.append((image, class_id, *box))
            # A detector is as sure of those that planted errors are about as of most others.
            sure = 0.85 if image in (3, 5, 7) else rng.uniform(0.6, 0.9)
            found.append((image, class_id, sure, *(box + rng.normal(0, 0.004, 4))))
    return truth, found


def doubts(truth, found, **more):
    told = label_errors(pictures(truth, images=IMAGES, **more), detections(found), 640)
    return {(each.kind, each.image, each.class_name, each.found_as) for each in told}


def test_what_agrees_is_not_doubted():
    assert doubts(*world()) == set()


def test_planted_errors_are_found_and_no_others():
    truth, found = world()
    truth.remove((3, 2, *RIGHT))
    truth[truth.index((5, 0, *TOP))] = (5, 1, *TOP)
    truth[truth.index((7, 2, *LEFT))] = (7, 2, 0.24, 0.62, 0.44, 0.92)
    # The same kinds of classes have to be known, or nothing can be said of 'bare'.
    truth += [(image, 1, 0.7, 0.1, 0.8, 0.25) for image in range(20, 40)]
    found += [(image, 1, 0.8, 0.7, 0.1, 0.8, 0.25) for image in range(20, 40)]
    assert doubts(truth, found) == {
        ("label_overlooked", 3, "person", "person"),
        ("label_swapped", 5, "bare", "helmet"),
        ("label_misplaced", 7, "person", "person"),
    }


def test_a_class_that_the_source_does_not_label_is_not_judged():
    truth, found = world()
    truth = [row for row in truth if row[0] >= 20 or row[1] != 2]
    labelled = np.ones((IMAGES, len(NAMES)), bool)
    labelled[:20, 2] = False
    assert doubts(truth, found, labelled=labelled) == set()
    assert len(doubts(truth, found)) > 10


def test_a_model_that_finds_next_to_nothing_doubts_nothing():
    truth, found = world()
    few = [row for row in found if row[0] < 4] + [(9, 2, 0.9, 0.4, 0.1, 0.5, 0.2)]
    given = pictures(truth, images=IMAGES), detections(few), 640
    assert label_errors(*given) == ()
    assert unable(*given) == ("helmet", "person")
    assert unable(given[0], detections(found), 640) == ()


def test_what_lies_in_an_ignore_region_was_not_overlooked():
    truth, found = world()
    truth.remove((3, 2, *RIGHT))
    assert doubts(truth, found, regions=[(3, 2, 0.55, 0.45, 0.85, 0.85)]) == set()


def test_a_missed_label_beside_a_found_one_is_not_called_badly_placed():
    truth, found = world()
    beside = (0.25, 0.5, 0.45, 0.8)
    truth.append((9, 2, *beside))  # overlaps the left person, and is not found
    assert doubts(sorted(truth, key=lambda row: row[0]), found) == set()


def test_folds_keep_groups_together_and_are_about_equal():
    groups = np.array(["a"] * 5 + ["b"] * 3 + ["c"] * 2 + ["d", "e", "f"])
    which = folds(groups, 3)
    assert all(len(set(which[groups == name])) == 1 for name in groups)
    assert sorted(np.bincount(which).tolist()) == [4, 4, 5]
    assert folds(groups[::-1], 3)[::-1].tolist() == which.tolist()


def test_fewer_groups_than_folds_are_refused():
    with pytest.raises(HobanError, match="2 cameras or clips cannot be cut into 3 folds"):
        folds(np.array(["a", "b", "a"]), 3)
