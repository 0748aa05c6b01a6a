"""What a model proposes is no label until a person says so; one decision settles a track."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from builders import samples_of
from correcting import box, correction

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.commands.corrections import _what
from hoban_assets.corrections.apply import apply_corrections
from hoban_assets.corrections.proposed import (
    FILE,
    Clip,
    Looked,
    Proposal,
    Proposed,
    all_proposed,
    read_proposed,
    write_proposed,
)
from hoban_assets.corrections.rows import correction_from
from hoban_assets.corrections.standing import Standing, standing, version_of
from hoban_assets.corrections.taking import Edited, Maker, Now, Refused, taken
from hoban_assets.corrections.tracks import decide_track
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings
from hoban_assets.upkeep.backup.making import Choice, files_of
from hoban_assets.upkeep.data_root import places

MAN, DOG = box(0.3), box(0.7)
FRAMES = [f"site/clip/clip_f{n:06d}.jpg" for n in range(3)]
BY = Maker("kim", "test", datetime(2026, 11, 29, tzinfo=UTC))


def looked(image_id, *proposals):
    return Looked(image_id, f"hash of {image_id}", proposals)


PROPOSED = Proposed(
    "site",
    "model_v9",
    {
        FRAMES[0]: looked(FRAMES[0], Proposal(MAN, 0.9, 0), Proposal(DOG, 0.4, 1)),
        FRAMES[1]: looked(FRAMES[1], Proposal(MAN, 0.8, 0)),
        FRAMES[2]: looked(FRAMES[2]),
    },
    (Clip("clip", "cam1/clip.mp4", 3.0, 3, "cam1", "2026-11-29"),),
)
NOW = {(f"hash of {i}", i): Now((), ()) for i in FRAMES}


NUMBERS = count()


def decided(track=0, verdict="label", log=Standing(), now=NOW, **more):  # noqa: B008
    return decide_track(
        PROPOSED, track, verdict, now, log, BY, lambda: f"{next(NUMBERS):032x}", **more
    )


def open_on(image_id, log):
    row = log.of(f"hash of {image_id}", image_id)
    return [p.box for p in PROPOSED.pending(image_id, f"hash of {image_id}", row)]


def test_it_is_read_as_it_was_written_and_damage_is_named(tmp_path):
    write_proposed(tmp_path, PROPOSED)
    assert read_proposed(tmp_path, "site") == PROPOSED
    assert all_proposed(tmp_path) == {"site": PROPOSED}
    assert all_proposed(tmp_path / "nowhere") == {}
    file = tmp_path / "site" / FILE
    file.write_text(file.read_text(encoding="utf-8") + '{"image_id": 1}\n', encoding="utf-8")
    with pytest.raises(HobanError, match=r"boxes\.jsonl cannot be read.*hoban propose site"):
        read_proposed(tmp_path, "site")


def test_one_decision_labels_a_track_on_every_frame_and_no_other_box():
    rows = decided()
    assert [row.image_id for row in rows] == FRAMES[:2]
    assert [row.after for row in rows] == [(MAN,), (MAN,)]
    assert {row.complete for row in rows} == {None}
    log = standing(rows)
    assert open_on(FRAMES[0], log) == [DOG]
    assert open_on(FRAMES[1], log) == []


def test_one_decision_refuses_a_track_and_what_was_said_before_stays():
    log = standing(decided())
    rows = decided(1, "refuse", log)
    assert [(row.after, row.judged) for row in rows] == [((MAN,), (MAN, DOG))]
    assert open_on(FRAMES[0], standing([*log.rows, *rows])) == []


def test_a_track_may_be_of_another_class():
    assert [row.after[0].class_name for row in decided(class_name="fallen")] == ["fallen"] * 2


def test_what_cannot_be_decided_is_told():
    with pytest.raises(Refused, match="has no track 9"):
        decided(9)
    with pytest.raises(Refused, match="is decided on every frame"):
        decided(log=standing(decided()))
    with pytest.raises(Refused, match="no stage in the catalog has"):
        decided(now={})
    with pytest.raises(Refused, match="no class 'cat'"):
        decided(class_name="cat")


def test_frames_that_a_person_settled_are_left_alone():
    done = correction(FRAMES[0], after=[DOG], complete=CLASS_NAMES)
    gone = correction(FRAMES[1], kind="reject")
    with pytest.raises(Refused, match="is decided on every frame"):
        decided(log=standing([done, gone]))


def test_proposals_for_other_bytes_are_none():
    assert PROPOSED.pending(FRAMES[0], "another hash", None) == []


def edited(image_id, shown, after, **more):
    return Edited(image_id, f"hash of {image_id}", 640, 480, tuple(shown), tuple(after), **more)


def test_a_picture_accepted_with_no_box_is_a_verified_background():
    row = taken(edited(FRAMES[2], [], [], accepted=True), Now((), ()), standing([]), BY, "1")
    assert (row.kind, row.after, row.complete) == ("accept", (), CLASS_NAMES)
    labelled = Now((), ("person",))
    row = taken(edited("coco/a.jpg", [], [], accepted=True), labelled, standing([]), BY, "1")
    assert row.complete == CLASS_NAMES


def test_accepted_proposals_are_labels_and_the_picture_is_complete():
    now = Now((), (), (MAN, DOG), CLASS_NAMES)
    shown = [MAN, DOG]
    row = taken(edited(FRAMES[0], shown, shown, accepted=True), now, standing([]), BY, "1")
    assert (set(row.after), row.complete) == ({MAN, DOG}, CLASS_NAMES)
    row = taken(edited(FRAMES[0], shown, [MAN]), now, standing([]), BY, "1")
    assert (row.after, row.complete) == ((MAN,), CLASS_NAMES)
    assert taken(edited(FRAMES[0], shown, shown), now, standing([]), BY, "1") is None


def test_acceptance_of_labels_says_nothing_of_classes_that_their_source_leaves_out():
    now = Now((MAN,), ("person",))
    row = taken(edited("coco/a.jpg", [MAN], [MAN], accepted=True), now, standing([]), BY, "1")
    assert (row.kind, row.complete) == ("accept", None)


def test_a_box_drawn_after_a_refusal_does_not_bring_the_proposal_back():
    log = standing(decided(0, "refuse"))
    now = Now((), (), (DOG,), CLASS_NAMES)
    drawn = box(0.5, 0.2, 0.1, 0.1)
    row = taken(edited(FRAMES[0], [DOG], [DOG, drawn]), now, log, BY, "1")
    assert (row.after, row.judged) == ((drawn,), (MAN,))


def test_what_was_judged_travels_in_the_log():
    (row, _) = decided(0, "refuse")
    assert correction_from(row.as_json()) == row
    assert version_of([row]) == version_of([replace(row, author="lee")])


def test_a_list_of_corrections_tells_what_was_refused():
    (row,) = decided(1, "refuse")
    assert _what(row) == "1 proposals_refused"
    assert _what(decided()[0]) == "1 box_added"


def test_proposals_are_in_a_backup_and_no_leftovers(tmp_path):
    settings = Settings.from_env({"DAGSTER_HOME": str(tmp_path), "HOBAN_DATA_ROOT": "data"})
    write_proposed(settings.proposals, PROPOSED)
    assert list(places(settings.data_root, settings)) == []
    kept = {member.name for member in files_of(settings, Choice())}
    assert {"proposals/site/boxes.jsonl", "proposals/site/about.json"} <= kept


def test_a_refusal_is_a_decision_and_no_acceptance():
    rows = samples_of({FRAMES[0]: []}, labelled=())
    (row,) = decided(1, "refuse")
    applied = apply_corrections(rows, [row], {FRAMES[0]})
    told = applied.samples.decisions
    assert told.rule.tolist() == ["proposals_refused"]
    assert told.value[0].startswith("1 boxes (kim, 2026-11-29, test,")
    assert applied.samples.data_version() == rows.data_version()


def test_a_labelled_track_is_a_box_of_a_person_on_a_picture_that_stays_incomplete():
    rows = samples_of({FRAMES[0]: []}, labelled=())
    (row, _) = decided(0)
    after = apply_corrections(rows, [row], {FRAMES[0]}).samples
    assert after.boxes.origin.tolist() == ["human"]
    assert after.images.labelled_classes.tolist() == [()]
