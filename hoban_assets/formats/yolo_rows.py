"""One row of a YOLO label: which kind it is, told by how many numbers it has.

======================  =========================================================
5                       class, centre and size of a box
9                       class, four corners of a turned box
7, 11, 13 ...           class, corners of a polygon
5 + keypoints           class, box, keypoints, where data.yaml has ``kpt_shape``
6                       a box with something behind: a model's confidence, a track
7, the last a number    a box with confidence and track (``save_conf``, ``track``)
======================  =========================================================

The last two are written by a model, and so are those that `may_be_tracked` tells by the rows of a
whole source. They are no labels, and an image that has such a row beside drawn ones is not taken
half labelled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hoban_assets.formats.numbers import bounds

_BOX, _OBB = 5, 9  # numbers of a row, the class among them
TRIANGLE = 7
"""Numbers of the smallest polygon, the class among them."""
_VISIBLE = ("0", "1", "2")


@dataclass(frozen=True, slots=True)
class YoloRow:
    """Class index and box (centre, size), None where the row is no box.

    `reshaped` is the rule by which it was made a box, `refused` the one by which it is none and
    its image not taken.
    """

    index: int | None = None
    box: list[float] | None = None
    reshaped: str | None = None
    refused: str | None = None


def parse_row(tokens: list[str], keypoints: int = 0) -> YoloRow:
    """Read the words of a row.

    Args:
        tokens: at least one.
        keypoints: numbers of the keypoints behind a box, 0 where the source has none.
    """
    try:
        numbers = [float(token) for token in tokens]
    except ValueError:
        return YoloRow()
    if any("_" in token or not token.isascii() for token in tokens):
        # Python reads 1_0 as 10, and digits of every script; nothing else does.
        return YoloRow()
    index, count = numbers[0], len(numbers)
    if not all(map(math.isfinite, numbers)) or not index.is_integer():
        return YoloRow()
    if count == _BOX or (keypoints and count == _BOX + keypoints):
        return YoloRow(int(index), numbers[1:5])
    if count == _BOX + keypoints + 1 or (not keypoints and _is_tracked(tokens, numbers)):
        return YoloRow(int(index), numbers[1:5], refused="confidence_row")
    if keypoints or count < TRIANGLE or count % 2 == 0 or _has_visibility(tokens):
        return YoloRow()
    corners = bounds(numbers[1:])
    if corners is None:
        return YoloRow()
    left, top, right, bottom = corners
    box = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    return YoloRow(int(index), box, "obb_to_box" if count == _OBB else "polygon_to_box")


def may_be_tracked(tokens: list[str]) -> bool:
    """Whether a triangle may be a box with confidence and track 0 or 1.

    Where all rows of seven numbers of a source end in a whole number, they are tracks.
    """
    return len(tokens) == TRIANGLE and tokens[-1].isdecimal()


def _is_tracked(tokens: list[str], numbers: list[float]) -> bool:
    """Whether confidence and track number follow a box: no polygon has a corner at 2 or 17."""
    has_track = len(tokens) == TRIANGLE and tokens[-1].isdecimal() and numbers[-1] > 1
    return has_track and 0 <= numbers[-2] <= 1


def _has_visibility(tokens: list[str]) -> bool:
    """Whether keypoints with a visibility of 0, 1 or 2 follow a box, and data.yaml does not say so.

    Read as a polygon they would be a box that reaches over the whole image.
    """
    marks = tokens[_BOX + 2 :: 3]
    return len(tokens) % 3 == 2 and "2" in marks and all(mark in _VISIBLE for mark in marks)
