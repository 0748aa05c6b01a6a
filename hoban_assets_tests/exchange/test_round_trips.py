"""What is exported and comes back untouched is what it was, in every format."""

import json
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.corrections.edits import is_same
from hoban_assets.corrections.rows import Box
from hoban_assets.corrections.standing import Standing
from hoban_assets.corrections.taking import Edited, Maker, Now, snapped, taken
from hoban_assets.exchange.exporting import FORMATS
from hoban_assets.exchange.pictures import Picture, told_by_name
from hoban_assets.exchange.reading import read_returned
from hoban_assets.naming import image_tag

BY = Maker("kim", "test", datetime(2026, 3, 1, tzinfo=UTC))


@st.composite
def boxes(draw):
    w, h = draw(st.floats(0.002, 1)), draw(st.floats(0.002, 1))
    x, y = draw(st.floats(w / 2, 1 - w / 2)), draw(st.floats(h / 2, 1 - h / 2))
    return Box(draw(st.sampled_from(CLASS_NAMES)), x, y, w, h, draw(st.booleans()))


@st.composite
def pictures(draw):
    return [
        Picture(
            image_id=f"s/{number}-{name}.jpg",
            file=f"folder/{number}-{name}.JPG",
            content_hash=f"{number:032x}",
            width=draw(st.integers(16, 6000)),
            height=draw(st.integers(16, 6000)),
            boxes=tuple(draw(st.lists(boxes(), max_size=4))),
            complete=tuple(draw(st.sets(st.sampled_from(CLASS_NAMES)))),
        )
        for number, name in enumerate(
            draw(st.lists(st.text("aé가 .<&\"'", max_size=6), max_size=3))
        )
    ]


def round_trip(form, shown):
    with tempfile.TemporaryDirectory() as folder:
        FORMATS[form].write(Path(folder), shown)
        tool, returned, _ = read_returned(Path(folder))
    assert tool == form
    return {told_by_name(each.name): each for each in returned}


@pytest.mark.parametrize("form", FORMATS)
@given(shown=pictures())
def test_nothing_is_lost_but_what_is_said_to_be(form, shown):
    returned = round_trip(form, shown)
    assert set(returned) == {(image_tag(p.image_id), p.content_hash) for p in shown}
    behind = FORMATS[form].LEFT_BEHIND
    for picture in shown:
        back = returned[image_tag(picture.image_id), picture.content_hash]
        carried = tuple(b for b in picture.boxes if not (b.ignore and "ignore" in behind))
        again = snapped(carried, back.boxes, picture.width, picture.height)
        assert is_same(carried, again)
        assert all(box in carried for box in again)  # to the last digit
        assert (
            back.complete is None
            if "complete" in behind
            else set(back.complete) == set(picture.complete)
        )
        assert not back.rejected
        assert not back.problem


@pytest.mark.parametrize("form", FORMATS)
@given(shown=pictures(), moved=st.floats(-0.4, 0.4))
def test_what_was_not_touched_makes_no_correction_and_what_was_makes_one(form, shown, moved):
    returned = round_trip(form, shown)
    behind = FORMATS[form].LEFT_BEHIND
    for picture in shown:
        back = returned[image_tag(picture.image_id), picture.content_hash]
        seen = tuple(b for b in picture.boxes if not (b.ignore and "ignore" in behind))
        now = Now(picture.boxes, picture.complete)
        edited = Edited(
            picture.image_id, picture.content_hash, picture.width, picture.height, seen, back.boxes
        )
        assert taken(edited, now, Standing(), BY, "1") is None
        new = (*back.boxes, Box("person", 0.5, 0.5, 0.1 + abs(moved), 0.1))
        row = taken(Edited(**{**vars(edited), "after": new}), now, Standing(), BY, "1")
        assert row.before == picture.boxes
        assert len(row.after) == len(picture.boxes) + 1


def test_what_cvat_rounds_is_no_edit():
    drawn = (Box("person", 1 / 3, 0.3, 0.1, 0.2),)
    shown = [Picture("s/a.jpg", "s/a.jpg", "0" * 32, 641, 479, drawn, ())]
    with tempfile.TemporaryDirectory() as folder:
        FORMATS["cvat"].write(Path(folder), shown)
        file = Path(folder) / "annotations.xml"
        text = file.read_text()
        rounded = re.sub(r"(?<=\")\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", text)
        assert rounded != text
        file.write_text(rounded)
        _, (back,), _ = read_returned(file)
    assert back.boxes != drawn
    assert snapped(drawn, back.boxes, 641, 479) == drawn


def test_coco_and_label_studio_files_are_told_apart_by_what_they_hold(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([]))
    assert read_returned(tmp_path / "a.json")[:2] == ("label-studio", [])
    document = {"images": [], "annotations": [], "categories": []}
    (tmp_path / "b.json").write_text(json.dumps(document))
    assert read_returned(tmp_path / "b.json")[:2] == ("coco", [])
