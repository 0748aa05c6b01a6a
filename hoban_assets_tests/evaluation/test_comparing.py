"""Two models on the same pictures."""

import numpy as np
import pytest
from drawn_pictures import detections, drawn, pictures

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.comparing import paired, unseen

HEAD = (0.1, 0.1, 0.3, 0.4)


def test_a_model_is_no_better_than_itself():
    shown, found = drawn(60, seed=1)
    same = paired(shown, ("a", found), ("b", found), 640)
    assert {(d.value, d.around.low, d.around.high) for d in same.differences} == {(0, 0, 0)}
    assert same.of().direction == "same"


def test_a_model_that_finds_more_on_most_cameras_is_better():
    images = 60
    shown = pictures([(i, 0, *HEAD) for i in range(images)], images=images)
    some = detections([(i, 0, 0.9, *HEAD) for i in range(images) if i % 3])
    more = detections([(i, 0, 0.9, *HEAD) for i in range(images)])
    step = paired(shown, ("a", some), ("b", more), 640).of("helmet", "mAP50")
    assert step.direction == "better" and step.value == pytest.approx(1 / 3, abs=0.01)
    assert 0.2 < step.around.low < step.value < step.around.high < 0.5


def test_pairing_makes_the_interval_narrower_than_two_side_by_side():
    """Both find the same easy pictures; what one camera is worth cancels out."""
    images = 80
    shown = pictures([(i, 0, *HEAD) for i in range(images)], images=images)
    easy = [i for i in range(images) if i % 2]
    old = detections([(i, 0, 0.9, *HEAD) for i in easy])
    new = detections([(i, 0, 0.9, *HEAD) for i in [*easy, *range(0, 16, 2)]])
    step = paired(shown, ("a", old), ("b", new), 640).of("helmet", "mAP50")
    assert step.around.high - step.around.low < 0.15  # of one side alone it is 0.22
    assert step.direction == "better"


def dataset(name, train, val):
    ids = (*train, *val)
    return pictures(
        [(i, 0, *HEAD) for i in range(len(ids))],
        images=len(ids),
        ids=ids,
        title=name,
        contents=tuple(f"content of {each}" for each in ids),
        groups=[each[0] for each in ids],
        parts=["train"] * len(train) + ["val"] * len(val),
    )


def test_what_one_model_was_trained_on_judges_neither():
    old = dataset("v8", ["a1", "b1"], ["c1", "d1", "e1"])
    new = dataset("v9", ["a1", "d2"], ["c1", "e1", "f1", "b9"])
    kept = unseen([old, new])
    # d1 and b9 are of cameras that the other one learnt.
    assert set(kept.ids) == {"c1", "e1", "f1"}
    assert len(kept.labels) == 3


def test_a_copy_under_another_name_is_known_by_its_content():
    old = dataset("v8", ["a1"], ["b1"])
    renamed = dataset("v9", ["x1"], ["y1"])
    same = renamed.take(np.ones(2, bool))
    object.__setattr__(same, "contents", ("content of b1 scaled to 99 bytes", "content of y1"))
    assert set(unseen([old, same]).ids) == {"y1"}


def test_where_nothing_is_left_the_way_out_is_a_benchmark():
    with pytest.raises(HobanError, match="benchmark"):
        unseen([dataset("v8", ["a1"], ["b1"]), dataset("v9", ["b1"], ["a1"])])
