import json
import threading

import pytest
from correcting import box, correction, undo
from hypothesis import given
from hypothesis import strategies as st

from hoban_assets.corrections.log import append, read_log
from hoban_assets.corrections.rows import correction_from
from hoban_assets.corrections.standing import standing, version_of
from hoban_assets.errors import HobanError

shares = st.floats(0.2, 0.8)
sizes = st.floats(0.01, 0.4)
names = st.sampled_from(["person", "fallen", "person_with_helmet"])
boxes = st.builds(box, shares, shares, sizes, sizes, names, st.booleans())
rows = st.builds(
    correction,
    st.text("abc/가.", min_size=1),
    st.lists(boxes, max_size=3),
    st.lists(boxes, max_size=3),
    st.sampled_from(["boxes", "accept", "reject"]),
    author=st.text(max_size=5),
    complete=st.none() | st.just(()) | st.just(("person",)),
)


@given(rows)
def test_a_row_comes_back_as_it_was_written(row):
    assert correction_from(json.loads(json.dumps(row.as_json()))) == row


def test_rows_are_added_and_never_changed(tmp_path):
    file = tmp_path / "deep" / "log.jsonl"
    first, second = correction(), correction(after=[box()])
    append(file, [first])
    before = file.read_bytes()
    append(file, [second, undo(first)])
    assert file.read_bytes().startswith(before)
    assert read_log(file)[:2] == (first, second)


def test_what_a_killed_process_left_half_written_is_no_row(tmp_path):
    file, row = tmp_path / "log.jsonl", correction()
    append(file, [row])
    with file.open("ab") as out:
        out.write(b'{"id": "half')
    assert read_log(file) == (row,)
    append(file, [other := correction()])
    assert read_log(file) == (row, other)


def test_a_line_that_is_no_correction_is_named_with_its_number(tmp_path):
    file = tmp_path / "log.jsonl"
    append(file, [correction()])
    with file.open("ab") as out:
        out.write(b'{"kind": "boxes"}\n')
    with pytest.raises(HobanError, match=rf"line 2 of {file}"):
        read_log(file)


@pytest.mark.parametrize(
    "wrong",
    [
        {"before": [["nobody", 0.5, 0.5, 0.1, 0.1, False]]},
        {"after": [["person", 0.95, 0.5, 0.2, 0.1, False]]},
        {"after": [["person", 0.5, 0.5, 0.0, 0.1, False]]},
        {"after": [["person", float("nan"), 0.5, 0.1, 0.1, False]]},
        {"kind": "moved"},
        {"time": "yesterday"},
    ],
)
def test_a_row_that_says_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        correction_from({**correction(after=[box()]).as_json(), **wrong})


def test_writers_at_once_lose_nothing(tmp_path):
    file = tmp_path / "log.jsonl"

    def write(name):
        for _ in range(20):
            append(file, [correction(author=name), correction(author=name)])

    threads = [threading.Thread(target=write, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_log(file)) == 160


def test_the_later_of_two_people_wins_and_both_are_kept():
    kim, lee = correction(after=[box()]), correction(author="lee", after=[box(0.4)])
    found = standing([kim, lee])
    assert found.active == (lee,)
    assert found.overruled == {kim.id: lee.id}


def test_undo_brings_back_the_one_before_and_an_undone_undo_counts_for_nothing():
    kim, lee = correction(), correction(author="lee")
    taken_back = undo(lee)
    assert standing([kim, lee, taken_back]).active == (kim,)
    assert standing([kim, lee, taken_back, undo(taken_back)]).active == (lee,)
    assert standing([kim, undo(kim)]).active == ()
    again = undo(taken_back)
    log = standing([kim, lee, taken_back, again, lost := undo(undo(kim))])
    assert [log.about(row) for row in (kim, taken_back, again, lost)] == [kim, lee, lee, lost]


def test_the_version_is_of_what_is_said_and_not_of_who_says_it():
    kim = correction(after=[box()])
    lee = correction(author="lee", after=[box()])
    assert version_of([kim]) == version_of([lee]) != version_of([correction(after=[box(0.4)])])
    assert version_of([]) == ""
