"""From what a person did to a row: which labels it is about, and what it says of a teacher's."""

from datetime import UTC, datetime

import pytest
from correcting import box, correction

from hoban_assets.corrections.standing import Standing, standing
from hoban_assets.corrections.taking import Edited, Maker, Now, Refused, taken

BY = Maker("kim", "test", datetime(2026, 3, 1, tzinfo=UTC))
HUMAN, GUESS = box(0.3, name="person_with_helmet"), box(0.7)
TAUGHT = Now((HUMAN,), ("person_with_helmet",), (GUESS,), ("person",))


def edited(after, shown=(HUMAN, GUESS), **more):
    return Edited("s/a.jpg", "hash of s/a.jpg", 640, 480, tuple(shown), tuple(after), **more)


def row(after, now=TAUGHT, log=None, **more):
    return taken(edited(after, **more), now, log or Standing(), BY, "1")


def test_a_teachers_boxes_stay_a_teachers_where_nobody_judged_them():
    moved = HUMAN._replace(x=0.32)
    made = row([moved, GUESS])
    assert (made.before, made.after, made.complete) == ((HUMAN,), (moved,), None)
    assert row([HUMAN, GUESS]) is None


@pytest.mark.parametrize(
    ("after", "labels", "how"),
    [
        ([HUMAN, GUESS], (HUMAN, GUESS), {"accepted": True}),
        ([HUMAN], (HUMAN,), {}),
        ([HUMAN, GUESS._replace(x=0.72)], (HUMAN, GUESS._replace(x=0.72)), {}),
    ],
)
def test_what_stays_of_a_judged_teachers_boxes_is_a_label_and_no_teacher_looks_again(
    after, labels, how
):
    made = row(after, **how)
    assert (made.before, made.after) == ((HUMAN,), labels)
    assert made.complete == ("person_with_helmet", "person")


def test_a_class_that_is_not_known_is_not_written_into_the_log():
    # A log that names one cannot be read any more.
    with pytest.raises(Refused, match="'persn'"):
        row([HUMAN], complete=("person", "persn"))


def test_a_second_acceptance_says_nothing_new():
    made = row([HUMAN, GUESS], accepted=True)
    built = Now(made.after, made.complete)
    log = standing(
        [correction("s/a.jpg", made.before, made.after, "boxes", complete=made.complete)]
    )
    assert row([HUMAN, GUESS], built, log, accepted=True) is None


def test_a_rejected_picture_can_be_taken_up_again_by_an_edit():
    log = standing([correction("s/a.jpg", [HUMAN], [], "reject")])
    made = row([HUMAN], None, log, shown=[HUMAN], accepted=True)
    assert (made.kind, made.before, made.after) == ("accept", (HUMAN,), (HUMAN,))


def test_without_a_stage_there_is_nothing_to_correct():
    with pytest.raises(Refused, match="no stage"):
        row([HUMAN], None)
