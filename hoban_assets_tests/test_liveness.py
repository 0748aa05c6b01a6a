"""A silent worker: when it is reported, and what is said of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hoban_assets.processes.liveness import (
    ProcessState,
    Silence,
    describe,
    last_message,
    process_state,
    processes_of,
)
from hoban_assets.workers import _watchdog


class Watched:
    """A worker that is silent for as long as the test says, with a clock of its own."""

    def __init__(self, seconds: float | None) -> None:
        self.now = 0.0
        self.cpu = 10.0
        self.warnings: list[str] = []
        self.silence = Silence(
            "yolo_train", seconds, self.look, self.warnings.append, lambda: self.now
        )

    def look(self) -> list[ProcessState]:
        return [ProcessState(1, "sleeping", self.cpu)]

    def at(self, now: float) -> int:
        """Let time pass; return how many warnings there are."""
        self.now = now
        self.silence.check(lambda: "epoch 3/30")
        return len(self.warnings)


class TestAWarning:
    def test_comes_after_each_stretch_of_silence(self) -> None:
        worker = Watched(900)
        assert [worker.at(t) for t in (5, 899, 900, 901, 1799, 1800, 2700)] == [0, 0, 1, 1, 1, 2, 3]

    def test_is_not_made_up_for_where_several_are_due_at_once(self) -> None:
        worker = Watched(10)
        assert [worker.at(t) for t in (35, 36, 40)] == [1, 1, 2]

    def test_does_not_come_while_the_worker_speaks(self) -> None:
        worker = Watched(900)
        for minute in range(60):
            worker.at(minute * 60)
            worker.silence.end()
        assert worker.warnings == []

    def test_is_taken_back_once_the_worker_speaks_again(self) -> None:
        worker = Watched(900)
        worker.at(1000)
        worker.silence.end()
        assert worker.warnings[-1] == "yolo_train speaks again, after 16 min 40 s"
        assert [worker.at(t) for t in (1100, 1899, 1900)] == [2, 2, 3]

    def test_never_comes_where_it_is_switched_off(self) -> None:
        assert Watched(None).at(1e6) == 0

    def test_counts_the_processor_time_used_since(self) -> None:
        worker = Watched(900)
        worker.at(5)
        worker.cpu += 850
        worker.at(900)
        assert "14 min 10 s of processor time used since: it computes" in worker.warnings[0]


def state(name: str, waits_in: str = "") -> ProcessState:
    return ProcessState(1, name, 0.0, waits_in)


class TestWhatIsSaid:
    def test_names_worker_time_last_words_and_state(self) -> None:
        others = [state("running"), state("sleeping"), state("sleeping")]
        text = describe(
            "yolo_train", 900, "epoch 3/30", [state("sleeping", "pipe_read"), *others], 0
        )
        assert text.startswith(
            'yolo_train has said nothing for 15 min 0 s; its last words: "epoch 3/30"; process '
            "state: sleeping in pipe_read (3 more: 2 sleeping, 1 running); 0.0 s of processor time "
            "used "
        )

    @pytest.mark.parametrize(
        ("name", "cpu_seconds", "verdict"),
        [
            ("sleeping", 0.1, "it waits for something and may hang"),
            ("waiting for disk", 0.1, "it waits for a disk or a network drive"),
            ("stopped", 0.0, "somebody stopped it"),
            ("sleeping", 400.0, "it computes"),
        ],
    )
    def test_tells_computing_from_waiting(
        self, name: str, cpu_seconds: float, verdict: str
    ) -> None:
        assert f": {verdict}" in describe("w", 900, "", [state(name)], cpu_seconds)

    def test_of_a_worker_without_a_word_or_a_process(self) -> None:
        text = describe("w", 7200, "", [], 0.0)
        assert "nothing for 2 h 0 min; its last words: (none); process state: unknown" in text


class TestProcesses:
    def test_of_a_run_are_the_worker_and_its_children(self) -> None:
        sleeper = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
        env = {**os.environ, _watchdog.MARK: "test-liveness"}
        with subprocess.Popen(
            sleeper, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            states = processes_of(os.getpid(), "test-liveness")
            child.communicate()
        assert [s.pid for s in states] == [os.getpid(), child.pid]
        assert states[0].cpu_seconds > 0
        assert process_state(child.pid) is None


class TestTheLastMessage:
    def test_is_the_last_one_that_was_logged(self, tmp_path: Path) -> None:
        lines = [
            {"method": "log", "params": {"message": "first", "level": "INFO"}},
            {"method": "log", "params": {"message": "둘째", "level": "INFO"}},
            {"method": "report_custom_message", "params": {"payload": 1}},
        ]
        file = tmp_path / "messages"
        file.write_text("".join(json.dumps(x) + "\n" for x in lines) + '{"method": "lo')
        assert last_message(file) == "둘째"

    def test_is_empty_before_there_is_one(self, tmp_path: Path) -> None:
        assert last_message(tmp_path / "none") == ""
