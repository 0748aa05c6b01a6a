"""A row of the table, processes killed at random moments, and where the tests' builders are."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from attack.pace import Pace, cpu_seconds

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "hoban_assets_tests"
BIN = Path(sys.executable).parent
SECONDS = 600
"""After which a command is said to hang."""
FORK = multiprocessing.get_context("fork")


def with_test_builders() -> None:
    """Let the modules of the tests be imported by their names, as pytest does."""
    folders = [TESTS, *(d for d in sorted(TESTS.iterdir()) if d.is_dir() and d.name[0] not in "._")]
    sys.path[:0] = [str(folder) for folder in folders]


@dataclass
class Row:
    """What was tried, how often of how many times, and each that ended badly, in words."""

    what: str
    of: int
    tried: int = 0
    bad: list[str] = field(default_factory=list)
    cpu: float = 0.0
    """Seconds of processor time since it was begun."""
    pace: ClassVar[Pace | None] = None

    def __post_init__(self) -> None:
        """Begin to count."""
        self._began = cpu_seconds()

    def fault(self, problem: str | None) -> None:
        """Note what is wrong with attempts that were counted; None: nothing."""
        if problem:
            self.bad.append(problem)
            print(f"  BAD {self.what}: {problem}", flush=True)
        self.cpu = cpu_seconds() - self._began
        if self.pace:
            self.pace.step(self.what, min(1.0, self.tried / self.of))

    def note(self, problem: str | None) -> None:
        """Count one attempt; `problem` is None where it ended well."""
        self.tried += 1
        self.fault(problem)


def home(folder: Path, **more: str) -> dict[str, str]:
    """Environment of a home, a raw root and a data root below `folder`, as a newcomer's."""
    (folder / "home").mkdir(parents=True)
    shutil.copy(ROOT / "dagster.yaml", folder / "home")
    env = {name: text for name, text in os.environ.items() if not name.startswith("HOBAN_")}
    env.pop("DAGSTER_MODULE_NAME", None)
    return {
        **env,
        "DAGSTER_HOME": str(folder / "home"),
        "HOBAN_RAW_ROOT": str(folder / "raw"),
        "HOBAN_DATA_ROOT": str(folder / "data"),
        "HOBAN_FASTDUP_PYTHON": str(ROOT / ".venv-fastdup"),
        "HOBAN_FEATURE_ENGINE": "thumbnail",
        "HOBAN_WEIGHTS": "yolo26n.yaml",
        "HOBAN_IMAGE_SIZE": "64",
        "HOBAN_EPOCHS_SUB": "1",
        "HOBAN_LANG": "en",
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        **more,
    }


def run(words: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout to its end, with both outputs in `stdout`.

    One that hangs is ended with all that it started; its exit status is -9.
    """
    with subprocess.Popen(
        words,
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            told, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            told = f"not ended after {SECONDS} s: {process.communicate()[0]}"
    return subprocess.CompletedProcess(words, process.returncode, told)


def badly(done: subprocess.CompletedProcess[str], *fine: int, wanted: str = "") -> str | None:
    """What is wrong with how a command ended: a traceback, another status than `fine` ones."""
    told = done.stdout
    if "Traceback" in told or done.returncode not in fine or wanted not in told:
        return f"exit status {done.returncode}: {told[-300:]}"
    return None


def killed_at_random(
    work: Callable[..., Any], arguments: tuple[Any, ...], longest: float, dice: random.Random
) -> bool:
    """Kill a process that does `work` within `longest` seconds; True: it was still at it."""
    process = FORK.Process(target=_quietly, args=(work, arguments))
    process.start()
    process.join(dice.uniform(0, longest))
    alive = process.is_alive()
    if alive:
        os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    return alive


def _quietly(work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    os.setsid()
    null = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(null, number)
    work(*arguments)


def duration_of(work: Callable[[], Any]) -> float:
    """Seconds that `work` takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start
