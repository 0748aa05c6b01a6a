"""Slips of `dagster asset materialize` are answered before the graph is loaded."""

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.slips import refuse_slips

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
