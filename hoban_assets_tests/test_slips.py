"""Slips of `dagster asset materialize` are answered before the graph is loaded."""

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.slips import refuse_slips, refuse_unknown

ENV = {"DAGSTER_HOME": "/checkout"}


def materialize(*words):
    return ["dagster", "asset", "materialize", *words]


@pytest.mark.parametrize(
    ("words", "env", "answer"),
    [
        (["--select", "*model_v9"], ENV, "--select '.model_v9' --partition sub"),
        (["--select=model_v9", "--partition=Full"], ENV, "--partition full"),
        (["--select", "model_v9", "--partition", "v9"], ENV, "there are sub and full"),
        (["--select", "model_v9", "--partition", "sub"], {}, "env.sh"),
    ],
)
def test_a_slip_is_answered_with_the_command_that_works(words, env, answer):
    with pytest.raises(HobanError, match=answer):
        refuse_slips(materialize(*words), env)


def test_the_command_of_dg_is_looked_at_too():
    with pytest.raises(HobanError) as caught:
        refuse_slips(["dg", "launch", "--assets", "+dataset_v9", "--partition", "big"], ENV)
    assert caught.value.way_out == "dg launch --assets '+dataset_v9' --partition sub"


@pytest.mark.parametrize(
    ("select", "answer"),
    [
        ("dataset_v99", "did you mean dataset_v9"),
        ("*dataset_v9,raw/coco", None),
        ("+coko+", "hoban status"),
        ("dataset_v9, helmut", "no asset 'helmut'"),
        ("tag:a=b", None),
        ("group:stages", None),
    ],
)
def test_an_asset_that_is_not_there_is_answered_with_its_neighbour(select, answer):
    names = {"dataset_v9", "raw/coco", "background"}
    for argv in (materialize("--select", select), ["dg", "launch", "--assets", select]):
        if answer is None:
            refuse_unknown(argv, names)
            continue
        with pytest.raises(HobanError) as caught:
            refuse_unknown(argv, names)
        assert answer in str(caught.value)
    refuse_unknown(["pytest", "--select", select], names)


@pytest.mark.parametrize(
    "argv",
    [
        materialize("--select", "model_v9", "--partition", "sub"),
        materialize("--select", "raw/coco,raw/background"),
        materialize("--select", "model_v9", "--partition-range", "sub...full"),
        materialize("--help"),
        ["dagster", "dev"],
        ["pytest"],
        [],
    ],
)
def test_what_can_end_well_goes_on(argv):
    refuse_slips(argv, ENV)
