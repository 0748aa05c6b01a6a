"""The same figures from an independent library, under LVIS' terms for what is not labelled."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_pictures import NAMES, OUR_NAMES, drawn

from hoban_assets.evaluation.errors import calibration_error, evaluated, kinds_of_errors
from hoban_assets.evaluation.figures import average_precisions, view
from hoban_assets.evaluation.matches import match


def of_hotcoco(pictures, found) -> np.ndarray:
    """AP [classes, 10]: precision is [iou, recall, class, area, detections]."""
    precision = evaluated(pictures, found).eval["precision"]
    return np.asarray(precision)[:, :, :, 0, -1].mean(axis=1).T


def of_ours(pictures, found) -> np.ndarray:
    matches = match(pictures, found, 640)
    return np.array([average_precisions(view(matches, c)) for c in range(len(NAMES))])


@pytest.mark.parametrize("seed", range(3))
def test_label_aware_ap_is_that_of_hotcoco(seed):
    pictures, found = drawn(300, seed)
    assert not pictures.labelled.all() and len(pictures.regions) > 50
    theirs, ours = of_hotcoco(pictures, found), of_ours(pictures, found)
    assert 0.1 < theirs.mean() < 0.9
    assert ours == pytest.approx(theirs, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_what_a_label_rules_out_is_wrong_for_both(seed):
    pictures, found = drawn(300, seed)
    ours = replace(pictures, names=OUR_NAMES)
    person, fallen = map(OUR_NAMES.index, ("person", "fallen"))
    mistaken = found.boxes.class_id == fallen
    mistaken &= np.random.default_rng(seed).random(len(found)) < 0.3
    classes = np.where(mistaken, person, found.boxes.class_id)
    found = replace(found, boxes=replace(found.boxes, class_id=classes))
    ruled, as_before = of_ours(ours, found), of_ours(pictures, found)
    assert (ruled[person, 0] < as_before[person, 0] - 0.01).all()
    assert np.delete(ruled, person, axis=0) == pytest.approx(np.delete(as_before, person, axis=0))
    assert ruled == pytest.approx(of_hotcoco(ours, found), abs=1e-3)


def test_without_what_is_labelled_the_figures_would_be_others():
    """The agreement above is no accident: judged as if all were labelled, AP is far lower."""
    pictures, found = drawn(300, seed=0)
    matches = match(pictures, found, 640)
    stock = np.array(
        [average_precisions(view(matches, c, label_aware=False)) for c in range(len(NAMES))]
    )
    assert (stock[:, 0] < of_hotcoco(pictures, found)[:, 0] - 0.05).all()


def test_the_kinds_of_errors_are_all_told():
    judged = evaluated(*drawn(100, seed=1))
    kinds = {row["kind"]: row["count"] for row in kinds_of_errors(judged)}
    assert kinds["Miss"] > 0 and kinds["Loc"] > 0 and kinds["Dupe"] > 0
    assert 0 < calibration_error(judged) < 1
