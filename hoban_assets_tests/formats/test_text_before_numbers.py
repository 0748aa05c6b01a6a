"""What stands before the number of a frame, which is read once for all frames of a clip."""

import pytest

from hoban_assets.formats.clips import text_before_number, without_marks


@pytest.mark.parametrize(
    "stem",
    [
        *("S2-N4601M00103", "S2-N4601M00103_(1)", "a_rot90", "a_rot12345", "flip_12", "wall"),
        *("a_flip_aug2_jpg.rf.12", "a12.rf.x3", "a.rf.12", "a_jpg12", "12", "aug_2_wall7"),
        *("0123abcd-wall12", "0123abcd-12", "안전모_12", "wall-12-copy3"),
    ],
)
def test_the_text_before_a_number_is_that_of_the_name_without_marks(stem):
    base = without_marks(stem)
    before = base.rstrip("0123456789")
    assert text_before_number(stem) == (None if before == base else before)
