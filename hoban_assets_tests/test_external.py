"""Workers in processes of their own: what reaches the log, and that nothing outlives a step."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError
from PIL import Image

from hoban_assets import external
from hoban_assets.errors import HobanError
from hoban_assets.external import clean_environment, run_worker
from hoban_assets.settings import Settings

WORKERS = Path(external.__file__).parent / "workers"
DEADLINE = 60.0

WORKER = """
import os, sys
import _watchdog
_watchdog.start(poll_seconds=0.05)
from dagster_pipes import open_dagster_pipes
with open_dagster_pipes() as pipes:
{body}
"""
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


def script_of(folder: Path, body: str) -> Path:
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    path = folder / "some_worker.py"
    path.write_text(WORKER.format(body=indented), encoding="utf-8")
    return path


class Ran:
    """A worker that ran as the only op of a job: what it reported and what was logged."""

    def __init__(self, script: Path, **options: Any) -> None:
        options = {"python": Path(sys.executable), "extras": {}, **options}
        options["env"] = {"PYTHONPATH": str(WORKERS), **options.get("env", {})}
        self.messages: list[Any] = []

        @dg.op
        def step(context: dg.OpExecutionContext) -> None:
            done = run_worker(context, script=script, **options)
            self.messages = list(done.get_custom_messages())

        @dg.job
        def job() -> None:
            step()

        with dg.DagsterInstance.ephemeral() as instance:
            result = job.execute_in_process(instance=instance)
            logs = instance.all_logs(result.run_id)
        self.log = [(e.level, e.user_message) for e in logs if not e.is_dagster_event]


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


class TestOutput:
    def test_reaches_the_log_and_the_caller(self, tmp_path: Path) -> None:
        body = """
print("ein Wort, 한글")
print("10 %\\r20 %\\rdone", file=sys.stderr)
pipes.log.info("half way")
pipes.report_custom_message({"twice": 2 * pipes.get_extra("number"), "cwd": os.getcwd()})
"""
        ran = Ran(script_of(tmp_path, body), extras={"number": 21}, cwd=tmp_path)
        assert ran.messages == [{"twice": 42, "cwd": str(tmp_path)}]
        lines = [text for level, text in ran.log if level == 10]
        assert [x for x in lines if "[pipes]" not in x] == [
            "ein Wort, 한글",
            "10 %",
            "20 %",
            "done",
        ]
        assert (20, "half way") in ran.log

    def test_that_is_no_text_does_no_harm(self, tmp_path: Path) -> None:
        body = "os.write(1, b'\\xff\\xfe\\n' + b'x' * 100_000)"
        lines = [text for level, text in Ran(script_of(tmp_path, body)).log if level == 10]
        assert "".join(lines[1:]) == "x" * 100_000

    def test_of_a_failure_is_in_its_message(self, tmp_path: Path) -> None:
        body = """
for i in range(100):
    print("line", i)
sys.stdout.flush()
os._exit(3)
"""
        with pytest.raises(dg.Failure) as caught:
            Ran(script_of(tmp_path, body), tail_lines=5)
        text = str(caught.value.description)
        assert text.startswith("some_worker.py failed with exit code 3.")
        assert text.splitlines()[1:] == [f"line {i}" for i in range(95, 100)]
        assert caught.value.metadata["exit_code"].value == 3

    def test_of_an_exception_is_its_traceback(self, tmp_path: Path) -> None:
        with pytest.raises(dg.Failure, match="ZeroDivisionError"):
            Ran(script_of(tmp_path, "1 / 0"))

    @pytest.mark.parametrize(
        ("number", "words"),
        [("SIGSEGV", "was killed by SIGSEGV"), ("SIGKILL", "SIGKILL .*memory ran out")],
    )
    def test_names_the_signal(self, tmp_path: Path, number: str, words: str) -> None:
        body = f"import signal; print('before'); os.kill(os.getpid(), signal.{number})"
        with pytest.raises(dg.Failure, match=f"(?s){words}.*before"):
            Ran(script_of(tmp_path, body))


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
            Ran(script_of(tmp_path, body), extras={"report": str(report.path)}, stall_seconds=0.5)
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
            status = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
            if status != "Z":
                yield process


class TestBeforeItStarts:
    def test_launcher_and_interpreter_variables_stay_out(self) -> None:
        env = {"RANK": "0", "MASTER_ADDR": "x", "TORCHELASTIC_RUN_ID": "x", "PYTHONPATH": "x"}
        kept = clean_environment({**env, "PATH": "/bin", "WORLD_SIZE_NOTE": "kept"})
        assert not set(env) & set(kept)
        assert (kept["PATH"], kept["WORLD_SIZE_NOTE"]) == ("/bin", "kept")

    def test_a_missing_interpreter_is_named_with_the_way_out(self, tmp_path: Path) -> None:
        with pytest.raises(HobanError, match=r'no/python .*does not exist -> run "make fastdup"'):
            Ran(script_of(tmp_path, "pass"), python=tmp_path / "no" / "python")

    def test_a_missing_worker_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(HobanError, match=r"gone\.py does not exist"):
            Ran(tmp_path / "gone.py")

    def test_a_file_that_is_no_program_is_named(self, tmp_path: Path) -> None:
        python = tmp_path / "python"
        python.write_text("no program")
        python.chmod(0o755)
        with pytest.raises(HobanError, match="cannot be started"):
            Ran(script_of(tmp_path, "pass"), python=python)


@pytest.fixture
def fastdup_python() -> Path:
    python = Settings.from_env().fastdup_python
    if not python.exists():
        pytest.skip(f"fastdup's environment is not made: no {python}")
    return python


def test_fastdup_gives_features_of_files_with_any_name(
    tmp_path: Path, fastdup_python: Path
) -> None:
    folder = tmp_path / "폴더 [1], x"
    folder.mkdir()
    coarse = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)
    picture = Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
    save: dict[str, Callable[[Path], None]] = {
        "a b, [c].jpg": picture.save,
        '한글 "x".JPG': lambda path: picture.save(path, "JPEG"),
        "line\nend.png": picture.save,
        "png named.jpg": lambda path: picture.save(path, "PNG"),
        "deep.png": Image.fromarray(np.full((64, 64), 40000, np.uint16)).save,
        "cmyk.jpg": picture.convert("CMYK").save,
        "rgba.png": picture.convert("RGBA").save,
        "empty.jpg": lambda path: path.write_bytes(b"") and None,
    }
    for name, write in save.items():
        write(folder / name)
    images = {f"{i:032x}": str(folder / name) for i, name in enumerate(save)}
    listing, out = tmp_path / "images.json", tmp_path / "features.npy"
    listing.write_text(json.dumps(images), encoding="utf-8")
    extras = {"input": str(listing), "work_dir": str(folder / "w"), "out": str(out), "threads": 1}
    ran = Ran(WORKERS / "fastdup_features.py", python=fastdup_python, extras=extras, env={})

    features = np.load(out)
    hashes = (tmp_path / "features.npy.txt").read_text().split()
    info = json.loads((tmp_path / "features.npy.json").read_text())
    [empty] = [h for h, path in images.items() if path.endswith("empty.jpg")]
    assert sorted(hashes) == sorted(set(images) - {empty})
    assert list(info["bad"]) == [empty]
    assert (features.shape, features.dtype) == ((len(hashes), 576), np.float32)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)
    order = [hashes.index(f"{i:032x}") for i in range(3)]
    assert (features[order] @ features[order].T).min() > 0.9  # the same picture three times
    assert len(info["model_hash"]) == 64
    [message] = ran.messages
    assert message == {**info, "bad": 1}
