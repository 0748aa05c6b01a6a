from correcting import box, correction
from hypothesis import given
from hypothesis import strategies as st

from hoban_assets.corrections.edits import carried_over, edits, is_same, on_screen

places = st.floats(0.2, 0.8)
boxes = st.lists(
    st.builds(
        box, places, places, st.floats(0.05, 0.4), st.floats(0.05, 0.4),
        st.sampled_from(["person", "fallen"]), st.booleans(),
    ),
    max_size=5,
).map(tuple)  # fmt: skip


def rules(before, after):
    return [edit.rule for edit in edits(tuple(before), tuple(after))]


def test_what_a_person_did_is_named():
    a, b = box(0.3), box(0.7)
    assert rules([a, b], [b, a]) == []
    assert rules([a, b], [a, b._replace(x=0.72)]) == ["box_moved"]
    assert rules([a], [a._replace(class_name="fallen")]) == ["class_changed"]
    assert rules([a], [a._replace(ignore=True)]) == ["ignore_changed"]
    assert rules([a], [a, b]) == ["box_added"]
    assert rules([a, b], [b]) == ["box_removed"]
    assert rules([a], [b]) == ["box_removed", "box_added"]  # they do not touch


def test_two_boxes_at_one_place_are_told_apart_by_their_class():
    person, fallen = box(), box(name="fallen")
    assert rules([person, fallen], [fallen, person._replace(x=0.52)]) == ["box_moved"]


@given(boxes, boxes)
def test_edits_lead_from_one_to_the_other(before, after):
    left = list(before)
    for edit in edits(before, after):
        if edit.before is not None:
            left.remove(before[edit.before])
        if edit.after is not None:
            left.append(after[edit.after])
    assert is_same(tuple(left), after)


@given(boxes, boxes)
def test_where_all_is_shown_all_is_carried_over(before, after):
    result, lost = carried_over(before, before, after)
    assert lost == []
    assert is_same(result, after)


def test_two_edits_of_two_boxes_at_one_place_are_two():
    twice = (box(), box())
    result, lost = carried_over(twice, twice, (box(ignore=True),))
    assert (result, lost) == ((box(ignore=True),), [])
    both = (box(), box(), box(ignore=True))
    assert carried_over(both, both, (box(),)) == ((box(),), [])


def test_what_a_dataset_does_not_show_stays_as_it_is():
    hidden, small, large = box(0.2, name="fallen"), box(0.5), box(0.8)
    shown = (small._replace(ignore=True), large)  # the recipe made it an ignore region
    moved = (small._replace(ignore=True), large._replace(y=0.52))
    assert carried_over((hidden, small, large), shown, moved) == ((hidden, small, moved[1]), [])


def test_a_correction_is_on_the_screen_before_and_after_it_is_built():
    small, large, new = box(0.2), box(0.8), box(0.5)
    row = correction(before=(small, large), after=(small._replace(y=0.55), large, new))
    assert is_same(on_screen((small, large), row), row.after)
    assert on_screen(row.after, row) == row.after
    shown = (small._replace(ignore=True), large)  # a dataset's rule
    assert is_same(on_screen(shown, row), (small._replace(y=0.55, ignore=True), large, new))
    assert on_screen((large,), correction(before=(large,), kind="reject")) == (large,)
    removed = correction(before=(small, large), after=(large,))
    assert on_screen((small, large), removed) == (large,)
    assert on_screen((large,), removed) == (large,)


def test_an_edit_of_a_box_that_the_stage_does_not_have_is_told():
    gone = box(0.3)
    assert carried_over((box(0.7),), (gone,), ()) == ((box(0.7),), [gone])
