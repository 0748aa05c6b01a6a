"""`hoban build` in a real terminal: Ctrl-C, and two builds at once."""

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from road import REPOSITORY, Road
from terminals import Terminal
from test_failures import wait_until_gone
from typer.testing import CliRunner

from hoban_assets.cli import app

HOBAN = str(Path(sys.executable).parent / "hoban")
Typed = Callable[..., Terminal]
LIMIT = 480
"""Seconds until a test gives up and says what was printed; pytest gives up after 600."""
NO_PERSON_READS = ("Traceback", "Stack Trace", "dagster._core", "DEBUG", "Interrupted", "\\u000a")


@pytest.fixture(scope="module")
def road(sample, tmp_path_factory) -> Road:
    folder = tmp_path_factory.mktemp("terminal")
    shutil.copy(REPOSITORY / "dagster.yaml", folder)
    return Road(sample, folder / "data")


@pytest.fixture
def typed(road: Road) -> Iterator[Typed]:
    """Types `hoban` with words, in a terminal of its own, where nothing was ever started."""
    deadline = time.monotonic() + LIMIT
    with ExitStack() as started:

        def type_(*words: str, **env: str) -> Terminal:
            env = {"DAGSTER_HOME": str(road.data.parent), "HOBAN_LANG": "en", **env}
            env = {**os.environ, **road.env(**env)}
            terminal = Terminal([HOBAN, *words], env, REPOSITORY, deadline)
            started.callback(terminal.close)
            return terminal

        yield type_


def nothing_is_left(road: Road, *terminals: Terminal) -> None:
    """No process, and in no terminal a word that is not for its reader."""
    for terminal in terminals:
        assert [words for words in NO_PERSON_READS if words in terminal.text] == []
    wait_until_gone(f"HOBAN_DATA_ROOT={road.data}", seconds=60)


AGAIN = "\n  hoban build v9 --partition sub --model"


def test_of_two_builds_that_find_no_records_yet_one_creates_them_and_both_end_well(road, typed):
    both = [typed("build", "background") for _ in range(2)]
    assert [terminal.ends() for terminal in both] == [0, 0]
    nothing_is_left(road, *both)


def test_ctrl_c_in_the_middle_of_a_stage_ends_in_one_sentence(road, typed):
    terminal = typed("build", "v9", "--model", HOBAN_LANG="ko")
    terminal.wait_for("fallen_pool  ")
    terminal.ctrl_c()
    terminal.ctrl_c()  # as who is impatient does
    assert terminal.ends() == 130
    nothing_is_left(road, terminal)
    assert (
        f"중단했습니다. 같은 명령을 다시 실행하세요. 끝난 것은 다시 만들지 않습니다.{AGAIN}"
        in terminal.text
    )


def test_a_second_build_waits_for_the_gpu_and_goes_on_where_the_first_was_stopped(road, typed):
    words = ("build", "v9", "--model")
    first = typed(*words, HOBAN_EPOCHS_SUB="400")
    first.wait_for(r"model_v9  epoch ([2-9]|\d\d+)/400")
    second = typed(*words, HOBAN_EPOCHS_SUB="400", HOBAN_LANG="ko")
    second.wait_for(r"기다림: model_v9 \[sub\]이\(가\) GPU를 쓰고 있습니다. 실행 \w{8}, .* 전부터")
    first.ctrl_c()
    first.wait_for("Stopping: one moment, please\\.")
    assert first.ends() == 130
    told = re.search(r"Start the same command: it goes on at epoch (\d+)\.(.*\s.*)", first.text)
    assert told
    assert told[2] == AGAIN
    second.wait_for(rf"model_v9  에폭 {int(told[1]) + 1}/400")
    second.ctrl_c()
    assert second.ends() == 130
    (trained,) = (road.data / "models" / "model_v9" / "sub").glob("*/metrics.jsonl")
    figures = [json.loads(line) for line in trained.read_text().splitlines()]
    epochs = [
        figure["epoch"]
        for figure in figures
        if figure["metric"] == "box_loss" and figure["split"] == "train"
    ]
    assert epochs == list(range(1, len(epochs) + 1))  # none is trained twice
    assert len(epochs) > int(told[1])
    nothing_is_left(road, first, second)


def test_ctrl_c_before_the_first_step_is_told_alike(road, monkeypatch):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("hoban_assets.reporting.status.figures.status_of", pressed)
    done = CliRunner().invoke(app, ["build", "v9"], env=road.env(HOBAN_LANG="en"))
    assert done.exit_code == 130
    assert "Stopped. Start the same command: what was finished" in done.stdout
