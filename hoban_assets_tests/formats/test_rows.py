import numpy as np
import pytest

from hoban_assets.formats.rows import RowLists, as_numbers, bounds, judge


def judged(boxes, encoding="corners", size=(100, 50), classes=None):
    rows = RowLists()
    for row, box in enumerate(boxes):
        rows.add(0, row, classes[row] if classes else 0, box)
    return judge(rows, np.array([size], float), encoding)


def outcome(box, encoding="corners"):
    """Corners in pixels of what is kept (or None), and the rules."""
    result = judged([box], encoding)
    rules = [verdict.rule for verdict in result.verdicts]
    if not len(result.position):
        return None, rules
    c = {
        name: float(result.columns[name][0]) for name in ("x_center", "y_center", "width", "height")
    }
    corners = [
        (c["x_center"] - c["width"] / 2) * 100,
        (c["y_center"] - c["height"] / 2) * 50,
        (c["x_center"] + c["width"] / 2) * 100,
        (c["y_center"] + c["height"] / 2) * 50,
    ]
    return [round(v, 6) for v in corners], rules


@pytest.mark.parametrize(
    ("box", "kept", "rules"),
    [
        ([10, 10, 30, 20], [10, 10, 30, 20], []),
        ([0, 0, 100, 50], [0, 0, 100, 50], []),
        ([30, 10, 10, 20], [10, 10, 30, 20], ["corners_swapped"]),
        ([30, 20, 10, 10], [10, 10, 30, 20], ["corners_swapped"]),
        ([-0.5, 10, 30, 20], [0, 10, 30, 20], ["clipped"]),
        ([-0.001, 10, 30, 20], [0, 10, 30, 20], ["clipped"]),
        ([-0.00001, 10, 30, 20], [0, 10, 30, 20], []),
        ([90, 10, 110, 20], [90, 10, 100, 20], ["clipped"]),
        ([90, 10, 110.5, 20], None, ["outside_image"]),
        ([120, 10, 90, 20], None, ["corners_swapped", "outside_image"]),
        ([200, 10, 210, 20], None, ["outside_image"]),
        ([-1e308, -1e308, 1e308, 1e308], None, ["outside_image"]),
        ([-1e300, 0, 1e300, 1], None, ["outside_image"]),
        ([10, 10, 10, 20], None, ["box_empty"]),
        ([10, 10, 30, float("inf")], None, ["box_malformed"]),
        ([10, 10, 30, True], None, ["box_malformed"]),
        ([[10, 10], [30, 20]], None, ["box_malformed"]),
        (["10", "10.0", " 30", 20], [10, 10, 30, 20], []),
    ],
)
@pytest.mark.filterwarnings("error")
def test_the_rule_for_a_row(box, kept, rules):
    assert outcome(box) == (kept, rules)


def test_a_negative_size_is_not_a_swapped_corner():
    assert outcome([30, 10, -20, 10], "top_left") == (None, ["box_empty"])
    assert outcome([30, 10, -20, 10], "centre") == (None, ["box_empty"])


@pytest.mark.filterwarnings("error")
def test_numbers_past_all_bounds_are_dropped_without_a_warning():
    assert outcome([1e308, 0, 1e308, 1], "top_left") == (None, ["box_malformed"])
    assert outcome([1, 1, 1e200, 1e200], "centre") == (None, ["outside_image"])


def test_encodings():
    assert outcome([10, 10, 20, 10], "top_left")[0] == [10, 10, 30, 20]
    assert outcome([20, 15, 20, 10], "centre")[0] == [10, 10, 30, 20]


def test_duplicates_are_judged_after_repair_and_the_first_stays():
    boxes = [[30, 10, 10, 20], [10, 10, 30, 20], [10, 10, 30, 20]]
    result = judged(boxes, classes=[0, 0, 1])
    assert result.position.tolist() == [0, 2]
    merged = [v for v in result.verdicts if v.rule == "duplicate_row"]
    assert [(v.position, v.action) for v in merged] == [(1, "merge")]


def test_an_ignore_region_is_no_duplicate_of_a_label():
    rows = RowLists()
    for row in range(2):
        rows.add(0, row, 2, [1, 1, 5, 5])
    rows.ignored[1] = "crowd"
    result = judge(rows, np.array([[100.0, 50.0]]), "corners")
    assert np.asarray(result.columns["ignore"]).tolist() == [False, True]


def test_no_rows_at_all():
    assert judged([]).position.tolist() == []
    assert as_numbers([]).shape == (0, 4)


@pytest.mark.parametrize(
    ("points", "box"),
    [
        ([1, 2, 5, 1, 3, 9], [1, 1, 5, 9]),
        ([[1, 2], [5, 1], ["3", 9]], [1, 1, 5, 9]),
        ([1, 2, 5, 1], None),
        ([1, 2, 5, 1, 3], None),
        ([[1, 2], [5, 1], 3], None),
        ([1, 2, 5, 1, 3, None], None),
        ([], None),
        ("polygon", None),
    ],
)
def test_bounds_of_a_polygon(points, box):
    assert bounds(points) == box
