"""Work in several processes: the same answers, and one clear message where one of them ends."""

from __future__ import annotations

import math
import operator
import signal

import numpy as np
import pytest

from hoban_assets.curation.copies import search
from hoban_assets.curation.copies.candidates import Candidates
from hoban_assets.curation.copies.processes import spread
from hoban_assets.curation.copies.proving import best_proofs
from hoban_assets.curation.copies.sketch import sketch
from hoban_assets.errors import HobanError


def test_answers_come_in_the_order_of_their_tasks_whoever_gives_them() -> None:
    assert list(spread(operator.neg, range(9), 2)) == list(spread(operator.neg, range(9), 1))
    with pytest.raises(ValueError, match=r"domain|nonnegative"):
        list(spread(math.sqrt, [4.0, -1.0], 2))


def test_a_process_that_is_killed_is_one_message_with_a_way_out() -> None:
    with pytest.raises(HobanError, match=r"killed by SIGKILL.*memory.*HOBAN_WORKERS to 1") as told:
        list(spread(signal.raise_signal, [int(signal.SIGKILL)], 2))
    assert "photographs" in told.value.problem


def test_tasks_are_taken_only_as_far_as_they_are_worked_on() -> None:
    tasks = iter(range(1, 1001))
    assert next(spread(operator.neg, tasks, 1)) == -1
    assert next(tasks) == 2


def test_a_task_brings_the_sketches_that_it_needs_and_says_the_same() -> None:
    rng = np.random.default_rng(0)
    first, other = (rng.integers(0, 255, (300, 300), np.uint8) for _ in "12")
    rows = np.stack([sketch(p) for p in (other, first, other, first[:, ::-1], first)])
    likely = Candidates(
        np.array([0, 1, 1], np.int32), np.array([2, 3, 4], np.int32), np.full(3, -1, np.int8)
    )
    needed, pairs = search._task(rows, likely, slice(1, 3))
    assert len(needed) == 3
    for ours, theirs in zip(best_proofs((needed, pairs)), best_proofs((rows, likely)), strict=True):
        np.testing.assert_array_equal(ours, theirs[1:])
