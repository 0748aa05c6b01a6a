"""False alarms per camera-hour: what was refused over the hours of video, and what is open."""

import pytest
from correcting import box, correction

from hoban_assets.corrections.proposed import Clip, Looked, Proposal, Proposed
from hoban_assets.corrections.standing import standing
from hoban_assets.language import speaker
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.site.document import document
from hoban_assets.reporting.site.figures import figures_of

MAN, DOG, BIKE = box(0.2), box(0.5), box(0.8, name="fallen")
A, B = "site/gate/gate_f000000.jpg", "site/yard/yard_f000000.jpg"
CLIPS = (Clip("gate", "gate.mp4", 1800, 1, "cam1"), Clip("yard", "yard.mp4", 900, 1, "cam2"))


def looked(image_id, *boxes, track=0):
    found = tuple(
        Proposal(b, 0.9, None if track is None else track + n) for n, b in enumerate(boxes)
    )
    return Looked(image_id, f"hash of {image_id}", found)


LOOKS = (looked(A, MAN, DOG), looked(B, BIKE, track=5))


def figures(*rows, looks=LOOKS, clips=CLIPS):
    proposed = Proposed("site", "model_v9", {x.image_id: x for x in looks}, clips)
    return figures_of(proposed, standing(rows))


def test_open_objects_make_it_a_range():
    found = figures(correction(A, after=[MAN], judged=(MAN, DOG)))
    assert found.videos.false_alarms == pytest.approx((1 / 0.75, 2 / 0.75))
    assert [(c.name, c.hours, c.count("wrong"), c.count("open")) for c in found.cameras] == [
        ("cam1", 0.5, 1, 0),
        ("cam2", 0.25, 0, 1),
    ]


def test_all_decided_make_it_a_figure_and_acceptance_decides_all_of_a_picture():
    rows = [
        correction(A, after=[MAN], complete=("person",)),
        correction(B, kind="accept", complete=("person", "fallen")),
    ]
    found = figures(*rows)
    assert found.videos.false_alarms == pytest.approx((2 / 0.75, 2 / 0.75))
    assert (found.complete, found.empty) == (2, 1)
    text = markdown(document(found, speaker("en")))
    assert "**2.67 false alarms per camera-hour**" in text


def test_another_class_is_a_false_alarm_and_a_moved_box_is_none():
    moved = MAN._replace(x=MAN.x + 0.02)
    found = figures(correction(A, after=[moved, DOG._replace(class_name="fallen")], complete=()))
    assert (found.videos.count("right"), found.videos.count("wrong")) == (1, 1)


def test_a_rejected_picture_says_nothing_of_what_is_on_it():
    found = figures(correction(A, kind="reject"))
    assert (found.videos.count("open"), found.rejected) == (3, 1)


def test_photographs_have_no_hours():
    found = figures(looks=(looked("site/a.jpg", MAN, track=None),), clips=())
    assert found.videos.false_alarms is None
    assert found.photographs.count("open") == 1
    assert "camera-hour" not in markdown(document(found, speaker("en")))
