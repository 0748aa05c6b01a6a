"""However a step ends, no process of its worker is left."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError
from external_runs import WORKERS, Ran, script_of

from hoban_assets import external

DEADLINE = 300.0

FAMILY = """
import json, signal, subprocess, time
sleeper = [sys.executable, "-c", "import time; time.sleep(1000)"]
children = [subprocess.Popen(sleeper), subprocess.Popen(sleeper, start_new_session=True)]
with open(pipes.get_extra("report"), "w") as report:
    report.write(json.dumps([os.getpid(), *(c.pid for c in children)]))
"""
PARENT = """
import sys
from pathlib import Path
import dagster as dg
from hoban_assets.external import run_worker

@dg.op
def step(context):
    python, script, report, path = sys.argv[1:]
    run_worker(context, python=Path(python), script=Path(script), extras={"report": report},
               env={"PYTHONPATH": path})

@dg.job
def job():
    step()

job.execute_in_process()
"""


class Report:
    """A named pipe on which a worker tells its process ids."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR)

    def processes(self) -> list[int]:
        """Handles (pidfd) of the processes, which name them even after they ended."""
        ready, _, _ = select.select([self._descriptor], [], [], DEADLINE)
        assert ready, "the worker did not start"
        return [os.pidfd_open(p) for p in json.loads(os.read(self._descriptor, 4096))]

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.fixture
def report(tmp_path: Path) -> Iterator[Report]:
    report = Report(tmp_path / "report")
    yield report
    report.close()


def have_ended(processes: list[int]) -> bool:
    """Wait until all of these (pidfd) are gone, or the deadline passes."""
    ended = [bool(select.select([p], [], [], DEADLINE)[0]) for p in processes]
    for process, gone in zip(processes, ended, strict=True):
        if not gone:  # a failing test must not leave them either
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
    return all(ended)


class TestNothingIsLeft:
    def test_after_the_end(self, tmp_path: Path, report: Report) -> None:
        Ran(script_of(tmp_path, FAMILY), extras={"report": str(report.path)})
        assert not list(living(report))

    def test_after_a_crash(self, tmp_path: Path, report: Report) -> None:
        body = FAMILY + "os.kill(os.getpid(), signal.SIGSEGV)"
        with pytest.raises(dg.Failure, match="SIGSEGV"):
            Ran(script_of(tmp_path, body), extras={"report": str(report.path)})
        assert not list(living(report))

    def test_after_an_interruption(self, tmp_path: Path, report: Report) -> None:
        body = FAMILY + "os.kill(os.getppid(), signal.SIGINT); time.sleep(1000)"
        with pytest.raises((KeyboardInterrupt, DagsterExecutionInterruptedError)):
            Ran(script_of(tmp_path, body), extras={"report": str(report.path)})
        assert not list(living(report))

    def test_of_a_worker_that_ignores_sigterm(
        self, tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(external, "GRACE_SECONDS", 0.2)
        body = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FAMILY
        body += "time.sleep(1000)"
        with pytest.raises(dg.Failure, match=r"silent for 0\.5 s"):
            Ran(script_of(tmp_path, body), extras={"report": str(report.path)}, give_up_seconds=0.5)
        assert not list(living(report))

    def test_after_the_step_was_killed(self, tmp_path: Path, report: Report) -> None:
        script = script_of(tmp_path, FAMILY + "time.sleep(1000)")
        (tmp_path / "parent.py").write_text(PARENT, encoding="utf-8")
        arguments = [sys.executable, str(script), str(report.path), str(WORKERS)]
        parent = subprocess.Popen(
            [sys.executable, str(tmp_path / "parent.py"), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            processes = report.processes()
        finally:
            parent.kill()
            parent.wait()
        assert len(processes) == 3
        assert have_ended(processes)


def living(report: Report) -> Iterator[int]:
    """Process ids told on `report` that still run."""
    ready, _, _ = select.select([report._descriptor], [], [], DEADLINE)
    assert ready, "the worker did not start"
    for process in json.loads(os.read(report._descriptor, 4096)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = (
                Path(f"/proc/{process}/stat")
                .read_text(encoding="utf-8")
                .rpartition(")")[2]
                .split()[0]
            )
            if status != "Z":
                yield process
