"""Figures of a judgement, on boxes written down by hand."""

import numpy as np
import pytest
from drawn_pictures import NAMES, detections, drawn, pictures

from hoban_assets.evaluation import bootstrap
from hoban_assets.evaluation.figures import (
    average_precisions,
    best_confidence,
    counts_at,
    stock_average_precisions,
    view,
)
from hoban_assets.evaluation.judging import (
    Confidences,
    choose_confidences,
    judge,
)
from hoban_assets.evaluation.matches import match

HEAD, FAR, TINY = (0.1, 0.1, 0.3, 0.4), (0.6, 0.6, 0.9, 0.9), (0.5, 0.1, 0.52, 0.12)
ALL_AT = Confidences(dict.fromkeys(NAMES, 0.5), "train")


def values(judgement, kind="all", name="all"):
    return {
        line.class_name: line.values
        for line in judgement.lines
        if (line.kind, line.slice) == (kind, name)
    }


def test_what_a_source_does_not_label_counts_in_the_stock_figures_only():
    shown = pictures([(0, 0, *HEAD), (1, 2, *FAR)], images=2, labelled=[[1, 1, 0], [0, 0, 1]])
    found = detections(
        [(0, 0, 0.6, *HEAD), (0, 2, 0.9, *FAR), (1, 2, 0.6, *FAR), (1, 0, 0.9, *HEAD)]
    )
    judged = judge("w", shown, found, 640, ALL_AT)
    assert values(judged)["all"]["mAP50"] == 1
    assert judged.line().stock["mAP50"] == pytest.approx(0.5, abs=0.01)
    assert judged.confusions == {("helmet", "helmet"): 1, ("person", "person"): 1}


def test_precision_and_recall_are_at_the_chosen_confidence():
    shown = pictures([(0, 0, *HEAD), (0, 0, *FAR)])
    found = detections([(0, 0, 0.9, *HEAD), (0, 0, 0.4, *FAR), (0, 0, 0.45, *TINY)])
    low = judge("w", shown, found, 640, Confidences(dict.fromkeys(NAMES, 0.3), "train"))
    high = judge("w", shown, found, 640, ALL_AT)
    assert values(high)["helmet"] | {"mAP50": 0, "mAP50-95": 0} == {
        "precision": 1,
        "recall": 0.5,
        "mAP50": 0,
        "mAP50-95": 0,
    }
    assert values(low)["helmet"]["recall"] == 1
    assert values(low)["helmet"]["precision"] == pytest.approx(2 / 3)


def test_the_confidence_lies_between_the_last_useful_detection_and_the_next():
    shown = pictures([(0, 0, *HEAD), (0, 0, *FAR)])
    found = detections([(0, 0, 0.9, *HEAD), (0, 0, 0.6, *FAR), (0, 0, 0.2, *TINY)])
    chosen = choose_confidences(shown, found, 640)
    assert chosen.values["helmet"] == pytest.approx(0.4)
    assert chosen.usual == ("bare", "person") and chosen.values["bare"] == 0.25


def test_detections_of_one_confidence_are_never_taken_apart():
    shown = pictures([(0, 0, *HEAD)])
    found = detections([(0, 0, 0.5, *HEAD), (0, 0, 0.5, *FAR)])
    seen = view(match(shown, found, 640), 0)
    assert counts_at(seen, best_confidence(seen)).sum(axis=0).tolist() == [1, 1, 1]


def test_a_size_band_counts_neither_labels_nor_mistakes_of_another_size():
    shown = pictures([(0, 0, *HEAD), (0, 0, *TINY)])
    found = detections([(0, 0, 0.9, *FAR), (0, 0, 0.8, *TINY), (0, 0, 0.7, *HEAD)])
    by_size = {
        name: values(judge("w", shown, found, 640, ALL_AT), "size", name)["helmet"]
        for name in ("small", "large")
    }
    assert by_size["small"]["mAP50"] == 1  # the mistake is a large one
    assert by_size["large"]["mAP50"] == pytest.approx(0.5)


def test_groups_and_sources_have_figures_of_their_own():
    shown = pictures(
        [(0, 0, *HEAD), (1, 0, *HEAD)], images=2, groups=["a", "b"], sources=np.array(["x", "y"])
    )
    judged = judge("w", shown, detections([(0, 0, 0.9, *HEAD)]), 640, ALL_AT)
    for kind, found, missed in (("group", "a", "b"), ("source", "x", "y")):
        assert values(judged, kind, found)["helmet"]["recall"] == 1
        assert values(judged, kind, missed)["helmet"]["recall"] == 0


def test_drawing_every_picture_once_gives_the_figure_itself():
    shown, found = drawn(60, seed=4)
    matches = match(shown, found, 640)
    once = np.ones((1, len(shown)), np.float32)
    for class_id in range(len(NAMES)):
        seen = view(matches, class_id)
        again = bootstrap.drawn_average_precisions(seen, once)[0]
        assert again == pytest.approx(average_precisions(seen), abs=1e-9)


def test_pictures_of_one_camera_are_drawn_together():
    weights = bootstrap.draws(np.repeat(list("abcdef"), 3))
    assert (weights.reshape(-1, 6, 3) == weights.reshape(-1, 6, 3)[:, :, :1]).all()
    assert (weights.reshape(-1, 6, 3)[:, :, 0].sum(axis=1) == 6).all()


def test_an_interval_over_cameras_is_wider_than_one_over_their_pictures():
    """Ten pictures of a camera are right or wrong together: they are one piece of evidence."""
    images = 100
    shown = pictures([(i, 0, *HEAD) for i in range(images)], images=images)
    found = detections([(i, 0, 0.9, *HEAD) for i in range(images) if i // 10 % 2])
    width = {}
    for name, groups in (("own", range(images)), ("camera", np.arange(images) // 10)):
        grouped = pictures([(i, 0, *HEAD) for i in range(images)], images=images, groups=groups)
        around = judge("w", grouped, found, 640, ALL_AT).line("helmet").intervals["recall"]
        width[name] = around.high - around.low
    assert width["camera"] > 2 * width["own"]
    assert len(shown) == images


def test_too_few_cameras_have_no_interval():
    shown = pictures([(0, 0, *HEAD)], groups=["a"])
    assert not judge("w", shown, detections([(0, 0, 0.9, *HEAD)]), 640, ALL_AT).line().intervals


def test_an_ignore_region_absorbs_a_mistake():
    found = detections([(0, 0, 0.9, *FAR), (0, 0, 0.8, *HEAD)])
    for regions, precision in (([], 0.5), ([(0, 0, *FAR)], 1.0)):
        judged = judge("w", pictures([(0, 0, *HEAD)], regions), found, 640, ALL_AT)
        assert values(judged)["helmet"]["precision"] == precision


def test_nothing_found_and_nothing_labelled_are_told_apart():
    judged = judge("w", pictures([(0, 0, *HEAD)]), detections([]), 640, ALL_AT)
    assert set(values(judged)) == {"all", "helmet"}
    assert values(judged)["helmet"]["recall"] == 0
    assert np.isnan(values(judged)["helmet"]["precision"])


@pytest.mark.parametrize("seed", range(3))
def test_stock_ap_is_that_of_ultralytics(seed):
    from ultralytics.utils.metrics import ap_per_class

    shown, found = drawn(40, seed)
    matches = match(shown, found, 640)
    theirs = ap_per_class(
        matches.right,
        matches.confidence,
        matches.class_id,
        shown.labels.class_id,
        names=dict(enumerate(NAMES)),
    )[5]
    ours = [
        stock_average_precisions(view(matches, c, label_aware=False)) for c in range(len(NAMES))
    ]
    assert np.array(ours) == pytest.approx(theirs, abs=1e-6)
