"""The check no_regression on the same pictures: only what is shown to be worse fails."""

import pytest

from hoban_assets.evaluation.bootstrap import Interval
from hoban_assets.evaluation.comparing import Difference
from hoban_assets.evaluation.regression import no_regression_on_the_same


def step(value, around, name="all"):
    return Difference(name, "mAP50-95", 0.5, 0.5 + value, 100, around)


@pytest.mark.parametrize(
    ("value", "around", "passed"),
    [
        (-0.1, Interval(-0.15, -0.05), False),
        (-0.1, Interval(-0.25, 0.05), True),  # few pictures: nothing is shown
        (-0.1, None, True),
        (-0.01, Interval(-0.015, -0.005), True),  # shown, and too little to warn of
        (0.1, Interval(0.05, 0.15), True),
    ],
)
def test_a_fall_counts_where_its_interval_is_below_zero(value, around, passed):
    check = no_regression_on_the_same([step(value, around)], "9 of 3 cameras", "model_v8")
    assert check.passed is passed
    assert "model_v8 (9 of 3 cameras)" in check.text and f"{value:+.3f}" in check.text


def test_a_class_that_fell_is_named_although_the_mean_rose():
    steps = [
        step(0.05, Interval(0.01, 0.09)),
        step(-0.2, Interval(-0.3, -0.1), "fallen"),
        step(0.3, Interval(0.2, 0.4), "person"),
    ]
    check = no_regression_on_the_same(steps, "", "model_v8")
    assert not check.passed
    assert "fell by more than 0.02: fallen 0.500 -> 0.300" in check.text
    assert check.numbers["change/fallen"] == pytest.approx(-0.2)
