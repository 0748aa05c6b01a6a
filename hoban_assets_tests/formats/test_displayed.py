"""In which frame the boxes of an image lie: what its source shows decides, or nobody knows."""

import numpy as np
import pytest
from frame_sets import Frames, corners
from PIL import Image, ImageOps

from hoban_assets.formats.displayed import bring_into_frame

LARGE, SMALL = (800, 600), (400, 300)
INNER, OUTER = (20, 30, 100, 120), (500, 300, 700, 500)


@pytest.fixture
def frames():
    return Frames()


def done(frames):
    return bring_into_frame(frames.samples, frames.facts)


def rules(samples):
    return sorted(zip(samples.decisions.rule, samples.decisions.action, strict=True))


class TestAPictureThatWasReduced:
    def test_keeps_its_boxes_where_a_row_needs_the_stated_size(self, frames):
        name = frames.add(LARGE, SMALL, OUTER, INNER)
        after = done(frames)
        assert corners(after)[name] == [(250, 150, 350, 250), (10, 15, 50, 60)]
        assert rules(after) == [("size_scaled", "repair")]

    def test_loses_them_where_all_rows_happen_to_fit_it(self, frames):
        frames.add(LARGE, SMALL, INNER)
        after = done(frames)
        assert after.boxes.empty
        assert rules(after) == [("size_mismatch", "drop")]

    def test_keeps_them_where_others_of_its_source_prove_the_size(self, frames):
        frames.add(LARGE, SMALL, OUTER)
        name = frames.add(LARGE, SMALL, INNER)
        assert corners(done(frames))[name] == [(10, 15, 50, 60)]

    def test_loses_them_where_another_disproves_it(self, frames):
        frames.add(LARGE, SMALL, OUTER)
        frames.add(LARGE, LARGE, OUTER, rule="frame_of_file")
        name = frames.add(LARGE, SMALL, INNER)
        assert name not in corners(done(frames))

    def test_is_judged_by_its_own_source(self, frames):
        frames.add(LARGE, SMALL, OUTER)
        name = frames.add(LARGE, SMALL, INNER, source="other")
        assert name not in corners(done(frames))

    def test_without_a_box_has_nothing_to_lose(self, frames):
        frames.add(LARGE, SMALL)
        assert rules(done(frames)) == [("size_scaled", "repair")]


class TestAPictureThatWasEnlarged:
    @pytest.mark.parametrize(("count", "kept"), [(1, 0), (2, 0), (3, 3)])
    def test_is_believed_where_it_is_the_habit_of_its_source(self, frames, count, kept):
        for _ in range(count):
            frames.add(SMALL, LARGE, (200, 100, 380, 290))
        assert len(done(frames).boxes) == kept


class TestSidesTheWrongWayRound:
    TALL, WIDE = (300, 400), (400, 300)

    @pytest.mark.parametrize(("count", "kept"), [(1, 0), (3, 3)])
    def test_are_a_habit_of_a_source(self, frames, count, kept):
        names = [frames.add(self.TALL, self.WIDE, INNER) for _ in range(count)]
        after = done(frames)
        assert len(after.boxes) == kept
        if kept:
            assert corners(after) == {name: [INNER] for name in names}
            assert rules(after) == [("size_transposed", "repair")] * 3
            assert set(after.boxes.origin) == {"repaired"}

    def test_are_shown_by_rows_that_fit_the_file_only(self, frames):
        for _ in range(2):
            frames.add(self.WIDE, self.WIDE, (310, 20, 390, 90), rule="frame_of_file",
                       value="300x400 in label, 400x300 in file")  # fmt: skip
        name = frames.add(self.TALL, self.WIDE, INNER)
        assert corners(done(frames))[name] == [INNER]

    def test_are_none_where_a_row_does_not_fit(self, frames):
        for box in (INNER, INNER, (20, 310, 100, 390)):
            frames.add(self.TALL, self.WIDE, box)
        after = done(frames)
        assert after.boxes.empty
        assert rules(after) == [("size_mismatch", "drop")] * 3


class TestExif:
    @pytest.mark.parametrize("orientation", [2, 3, 4])
    def test_mirrored_and_upside_down_follow_the_turned_ones(self, frames, orientation):
        frames.add(LARGE, LARGE, INNER, orientation=6)
        name = frames.add(LARGE, LARGE, INNER, orientation=orientation)
        after = done(frames)
        painted = np.zeros(LARGE[::-1], np.uint8)
        painted[INNER[1] : INNER[3], INNER[0] : INNER[2]] = 255
        image = Image.fromarray(painted)
        image.getexif()[274] = orientation
        rows, columns = np.nonzero(np.asarray(ImageOps.exif_transpose(image)))
        truth = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert corners(after)[name] == [truth]
        assert rules(after) == [("exif_rotated", "repair")] * 2

    @pytest.mark.parametrize("orientation", [2, 3, 4])
    def test_stay_where_labels_follow_the_display(self, frames, orientation):
        frames.add(LARGE[::-1], LARGE, INNER, orientation=8)
        name = frames.add(LARGE, LARGE, INNER, orientation=orientation)
        after = done(frames)
        assert corners(after)[name] == [INNER]
        assert rules(after) == []

    @pytest.mark.parametrize(
        ("stated", "file", "orientation"),
        [(LARGE, LARGE, 3), ((600, 600), (600, 600), 6), ((0, 0), LARGE, 6), ((0, 0), LARGE, 2)],
    )
    def test_is_listed_where_nothing_shows_it(self, frames, stated, file, orientation):
        frames.add(stated, file, INNER if stated[0] else (0.1, 0.1, 0.2, 0.2),
                   orientation=orientation)  # fmt: skip
        after = done(frames)
        assert len(after.boxes) == 1
        assert rules(after) == [("exif_undecided", "review")]

    def test_is_not_trained_where_the_source_shows_both(self, frames):
        frames.add(LARGE, LARGE, INNER, orientation=6)
        frames.add(LARGE[::-1], LARGE, INNER, orientation=6)
        name = frames.add(LARGE, LARGE, INNER, orientation=3)
        after = done(frames)
        assert name not in corners(after)
        assert ("exif_undecided", "drop") in rules(after)

    def test_a_size_taken_from_the_file_shows_nothing(self, frames):
        frames.add(LARGE[::-1], LARGE, INNER, orientation=6, rule="resolution_missing")
        frames.add(LARGE, LARGE, INNER, orientation=3)
        assert ("exif_undecided", "review") in rules(done(frames))


class TestNoSizeInTheLabel:
    @pytest.mark.parametrize(("resized", "left"), [(12, 0), (2, 1)])
    def test_is_no_frame_where_the_source_was_resized(self, resized, left):
        frames = Frames()
        for number in range(14):
            stated = (400, 300) if number < resized else (200, 150)
            frames.add(stated, (200, 150), (10, 10, 90, 90))
        odd = frames.add((200, 150), (200, 150), (10, 10, 90, 90), rule="resolution_missing")
        assert len(corners(bring_into_frame(frames.samples, frames.facts)).get(odd, [])) == left
