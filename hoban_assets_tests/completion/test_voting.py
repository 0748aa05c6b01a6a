"""Several teachers, or one at several scales: one score, and no agreement that nothing is there."""

import numpy as np
from teaching_tools import BODY, candidates

from hoban_assets.curation.completion.choosing import Looked, choose
from hoban_assets.curation.completion.limits import Limits


def shifted(by: float) -> tuple:
    return BODY[0] + by, BODY[1], BODY[2] + by, BODY[3]


def test_one_teacher_that_says_it_twice_has_one_vote():
    found = candidates((0.8, BODY), (0.7, shifted(0.01)))
    assert found.score.tolist() == [0.8]


def test_the_score_is_the_mean_over_all_who_know_the_class():
    found = candidates((0.8, BODY, "a"), (0.6, shifted(0.02), "b"), teachers=2)
    assert found.score.tolist() == [0.7]
    assert found.teacher == ["a+b"]
    np.testing.assert_allclose(found.corners[0], BODY)  # of the higher score


def test_who_saw_nothing_counts_as_0_and_what_one_saw_is_still_seen():
    found = candidates((0.8, BODY, "a"), teachers=2)
    assert found.score.tolist() == [0.4]
    assert found.seen.tolist() == [0.8]


def test_nothing_predicted_is_no_candidate():
    assert len(candidates().score) == 0


def looked(count: int, wrong: int) -> list[Looked]:
    """`count` right boxes of score 0.8 and `wrong` wrong ones of 0.3, one image each."""
    from teaching_tools import labelled

    none = labelled(classes=frozenset({"person"}))
    right = [Looked(candidates((0.8, BODY)), none, np.array([BODY]))] * count
    return right + [Looked(candidates((0.3, BODY)), none, np.empty((0, 4)))] * wrong


def test_limits_are_chosen_between_what_is_right_and_what_is_wrong():
    chosen = choose("person", looked(60, 60), Limits())
    assert 0.3 < chosen.limits.box <= 0.8
    assert (chosen.precision, chosen.recall, chosen.objects) == (1.0, 1.0, 60)


def test_too_few_labels_choose_nothing():
    assert choose("person", looked(49, 10), Limits()) is None
