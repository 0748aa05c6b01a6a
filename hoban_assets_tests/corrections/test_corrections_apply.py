import numpy as np
from builders import rules, samples_of
from correcting import box, correction
from hypothesis import given
from hypothesis import strategies as st

from hoban_assets.corrections.apply import apply_corrections, boxes_of
from hoban_assets.corrections.edits import edits, is_same
from hoban_assets.ledger import Ledger


def some(**columns):
    return samples_of(
        {"s/a.jpg": [("person", 0.04), ("fallen", 0.09)], "s/b.jpg": [("person", 0.04)]}, **columns
    )


def boxes(samples, image_id):
    return boxes_of(samples.boxes[samples.boxes.image_id == image_id])


def applied(samples, *rows):
    return apply_corrections(samples, rows, set(samples.images.image_id)).samples


def row_of(samples, image_id, after, **more):
    return correction(image_id, boxes(samples, image_id), after, **more)


def test_a_moved_box_keeps_its_row_and_is_said_to_be_of_a_human():
    before = some()
    person, fallen = boxes(before, "s/a.jpg")
    after = applied(before, row_of(before, "s/a.jpg", (person._replace(x=0.52), fallen)))
    moved = after.boxes[(after.boxes.image_id == "s/a.jpg") & (after.boxes.class_name == "person")]
    assert (moved.x_center.item(), moved.origin.item(), moved.row.item()) == (0.52, "human", 0)
    (decision,) = after.decisions.to_dict("records")
    assert (decision["rule"], decision["action"], decision["row"]) == ("box_moved", "correct", 0)
    assert "person 0.5 0.5 0.2 0.2 -> person 0.52" in decision["value"]
    assert "kim" in decision["value"]
    assert before.boxes.equals(some().boxes)  # nothing is edited in place


def test_a_box_that_nobody_touched_keeps_its_origin():
    before = some()
    before = type(before)(before.images, before.boxes.assign(origin="repaired"), before.decisions)
    person, fallen = boxes(before, "s/a.jpg")
    after = applied(before, row_of(before, "s/a.jpg", (person, fallen, box(0.2))))
    assert sorted(after.boxes[after.boxes.image_id == "s/a.jpg"].origin) == [
        "human", "repaired", "repaired",
    ]  # fmt: skip
    assert after.boxes.row[after.boxes.origin == "human"].tolist() == [-1]


def test_a_rejected_picture_is_gone_with_its_boxes_and_an_accepted_one_is_as_it_was():
    before = some()
    after = applied(
        before,
        row_of(before, "s/a.jpg", (), kind="reject"),
        row_of(before, "s/b.jpg", boxes(before, "s/b.jpg"), kind="accept"),
    )
    assert after.images.image_id.tolist() == ["s/b.jpg"]
    assert rules(after) == [
        ("s/a.jpg", "picture_rejected", "correct"),
        ("s/b.jpg", "picture_accepted", "correct"),
    ]
    assert after.boxes.origin.tolist() == ["human"]


def test_classes_that_a_person_calls_complete_are_those_of_the_picture():
    before = some()
    after = applied(
        before, row_of(before, "s/a.jpg", boxes(before, "s/a.jpg"), complete=("person",))
    )
    assert dict(after.images[["image_id", "labelled_classes"]].values)["s/a.jpg"] == ("person",)


def test_what_does_not_fit_any_more_is_reported_and_not_applied():
    before = some()
    now = boxes(before, "s/a.jpg")
    gone = correction("s/gone.jpg", now, ())
    other_bytes = correction("s/a.jpg", now, (), content_hash="of before")
    other_label = correction("s/b.jpg", now, ())
    after = applied(before, gone, other_bytes, other_label)
    assert rules(after) == [
        ("s/a.jpg", "correction_picture_changed", "review"),
        ("s/b.jpg", "correction_label_changed", "review"),
        ("s/gone.jpg", "correction_picture_gone", "review"),
    ]
    assert after.boxes.equals(before.boxes)
    assert after.images.equals(before.images)


def test_a_picture_that_was_not_read_this_time_is_not_gone():
    row = correction("s/elsewhere.jpg")
    before = some()
    assert len(apply_corrections(before, [row], {"s/elsewhere.jpg"}).samples.decisions) == 0


def test_the_same_bytes_under_another_name_are_corrected_where_their_labels_are_the_same():
    before = some(content_hash=["one", "one"])
    row = row_of(before, "s/b.jpg", (), content_hash="one")
    after = applied(before, row)
    assert boxes(after, "s/b.jpg") == ()
    assert boxes(after, "s/a.jpg") == boxes(before, "s/a.jpg")  # it has a second box
    renamed = correction("s/old name.jpg", boxes(before, "s/b.jpg"), (), content_hash="one")
    assert boxes(applied(before, renamed), "s/b.jpg") == ()


places, sizes = st.floats(0.2, 0.8), st.floats(0.05, 0.4)
drawn = st.lists(
    st.builds(
        box, places, places, sizes, sizes, st.sampled_from(["person", "fallen"]), st.booleans()
    ),
    max_size=4,
).map(tuple)


@given(drawn, st.sampled_from(["boxes", "reject", "accept"]))
def test_whatever_is_corrected_nothing_comes_from_nowhere(after, kind):
    before, ledger = some(), Ledger(lambda line: None)
    row = row_of(before, "s/a.jpg", after, kind=kind)
    done = apply_corrections(before, [row], set(before.images.image_id))
    ledger.record(
        "corrections", 2, len(before.boxes) + done.boxes_added, done.samples,
        done.samples.decisions, 0,
    )  # fmt: skip
    assert ledger.unbalanced() == []
    if kind != "reject":
        assert is_same(boxes(done.samples, "s/a.jpg"), after)
        assert (done.samples.boxes.area > 0).all()
        assert done.boxes_added == sum(e.rule == "box_added" for e in edits(row.before, after))
    assert np.isfinite(done.samples.boxes.x_center).all()
