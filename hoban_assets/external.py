"""Runs a worker script in a process of its own, maybe in another environment, through Pipes.

What `dagster.PipesSubprocessClient` leaves open and this closes: the worker and everything it
starts ends with the step, however the step ends; its output reaches the Dagster log; a crash
carries the last lines of the output.
"""

from __future__ import annotations

import codecs
import functools
import os
import queue
import re
import signal
import subprocess
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import dagster as dg

from hoban_assets.errors import HobanError
from hoban_assets.processes.liveness import Silence, last_message, processes_of
from hoban_assets.visible import visible
from hoban_assets.workers import _watchdog
from hoban_assets.workers._surroundings import clean_environment as clean_environment

Context: TypeAlias = dg.AssetExecutionContext | dg.OpExecutionContext

GRACE_SECONDS = 10.0
"""Time between SIGTERM and SIGKILL."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST_LINE = 20_000  # characters after which a line without an end is one
_POLL_SECONDS = 0.2


def run_worker(
    context: Context,
    *,
    python: Path,
    script: Path,
    extras: Mapping[str, Any],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    tail_lines: int = 40,
    stall_seconds: float | None = None,
    give_up_seconds: float | None = None,
    way_out: str = 'run "make fastdup", or set HOBAN_FASTDUP_PYTHON to an interpreter that has it',
) -> dg.PipesClientCompletedInvocation:
    """Run `script` with the interpreter `python` and return what it reported through Pipes.

    The worker runs in a session of its own. Its stdout and stderr go to the Dagster log line by
    line (debug); the last `tail_lines` are kept for the message of a failure. Launcher variables
    (RANK, WORLD_SIZE, ...) and Python paths of this process do not reach it; `env` is added.
    When this function returns or raises, no process that the worker started is left. If this
    process itself is killed, `workers/_watchdog.py` ends them.

    An asset that called this must return `dg.MaterializeResult` (with ``value=`` where an IO
    manager stores it): Dagster takes no bare value once Pipes was used.

    Args:
        context: context of the asset or op that waits for the worker.
        python: interpreter of the environment that the worker needs.
        script: the worker, a file of ``hoban_assets/workers``.
        extras: parameters, JSON, read in the worker with ``PipesContext.get_extra``.
        env: additional environment variables.
        cwd: working directory.
        tail_lines: lines of output that a failure shows.
        stall_seconds: warn in the Dagster log after each this long without output or message,
            with what the worker is doing; it goes on. None never warns.
        give_up_seconds: stop it after this long without output or message; None waits for ever.
        way_out: what to do where `python` is missing.

    Raises:
        HobanError: the interpreter or the script is missing, or cannot be started.
        dg.Failure: the worker ended with an error, died of a signal, or was given up.
    """
    if not (python.is_file() and os.access(python, os.X_OK)):
        raise HobanError(f"interpreter {python} for {script.name} does not exist", way_out)
    if not script.is_file():
        raise HobanError(f"worker {script} does not exist", "install hoban_assets again")
    mark = f"{script.stem}-{uuid.uuid4().hex}"
    with dg.open_pipes_session(
        context,
        context_injector=dg.PipesTempFileContextInjector(),
        message_reader=dg.PipesTempFileMessageReader(),
        extras=dict(extras),
    ) as session:
        full_env = {
            **clean_environment(os.environ),
            **(env or {}),
            **session.get_bootstrap_env_vars(),
            _watchdog.PARENT: str(os.getpid()),
            _watchdog.MARK: mark,
        }
        messages = Path(str(session.message_reader_params.get("path", os.devnull)))
        process = _start([str(python), str(script)], full_env, cwd, python, way_out)
        output = _Output(process, context.log.debug, tail_lines)
        look = functools.partial(processes_of, process.pid, mark)
        silence = Silence(script.stem, stall_seconds, look, context.log.warning)
        try:
            given_up = output.follow(messages, silence, give_up_seconds)
        finally:
            _end(process, mark)
            output.finish()
    if given_up or process.returncode != 0:
        silent = give_up_seconds if given_up else None
        raise worker_failure(script, process.returncode, output.tail, silent)
    return dg.PipesClientCompletedInvocation(session)


def _start(
    command: list[str], env: Mapping[str, str], cwd: Path | None, python: Path, way_out: str
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise HobanError(f"{python} cannot be started: {error}", way_out) from error


class _Output:
    """Takes a worker's output off its pipe in a thread; logs it in the caller's."""

    def __init__(
        self, process: subprocess.Popen[bytes], log: Callable[[str], None], tail_lines: int
    ) -> None:
        self._process = process
        self._log = log
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.tail: deque[str] = deque(maxlen=tail_lines)

    def follow(self, messages: Path, silence: Silence, give_up_seconds: float | None) -> bool:
        """Log lines until the worker ends; True where it was silent for too long instead."""
        size, heard = -1, ""
        while not _has_ended(self._process):
            got_lines = self._drain(wait=_POLL_SECONDS)
            now_size = messages.stat().st_size if messages.exists() else 0
            if got_lines or now_size != size:
                silence.end()
                size, heard = now_size, self.tail[-1] if got_lines else ""
            silence.check(lambda: heard or last_message(messages))  # noqa: B023 - called at once
            if give_up_seconds is not None and silence.length > give_up_seconds:
                return True
        return False

    def finish(self) -> None:
        """Log what is left, once every process that could write is gone."""
        self._reader.join(timeout=GRACE_SECONDS)
        self._drain(wait=0)

    def _drain(self, wait: float) -> bool:
        """Log the lines that are there, after waiting up to `wait` seconds for the first one."""
        got_lines = False
        try:
            line = self._lines.get(timeout=wait) if wait else self._lines.get_nowait()
            while True:
                got_lines = True
                self.tail.append(line)
                self._log(line)
                line = self._lines.get_nowait()
        except queue.Empty:
            return got_lines

    def _read(self) -> None:
        """Split output at line ends and at carriage returns (progress bars), until it ends."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        rest = ""
        assert self._process.stdout is not None  # noqa: S101  for mypy: it is a pipe
        with self._process.stdout as pipe:
            while data := os.read(pipe.fileno(), 65536):
                *whole, rest = _LINE_END.split(rest + decoder.decode(data))
                if len(rest) > _LONGEST_LINE:
                    whole, rest = [*whole, rest], ""
                for line in whole:
                    if line.strip():
                        self._lines.put(visible(line.rstrip()))
            if rest.strip():
                self._lines.put(visible(rest.rstrip()))


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the worker ended, without reaping it: until `_end` its number stays its own."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, options) is not None


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """Leave no process of the run: SIGTERM, a while for the worker to obey, SIGKILL."""
    if not _has_ended(process):
        _signal(process, mark, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while not _has_ended(process) and time.monotonic() < deadline:
            time.sleep(0.05)
    _signal(process, mark, signal.SIGKILL)
    deadline = time.monotonic() + GRACE_SECONDS
    # Again, as one may have been forking. A process that ended has no environment any more.
    while _watchdog.kill_all(mark, signal.SIGKILL) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.wait()


def _signal(process: subprocess.Popen[bytes], mark: str, number: signal.Signals) -> None:
    _watchdog.kill_all(mark, number, spare=process.pid)
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:  # the group is empty, or the worker has not made it yet
        process.send_signal(number)


def worker_failure(
    script: Path, code: int, tail: Iterable[str], silent_seconds: float | None = None
) -> dg.Failure:
    """Say how a worker ended, in words, with the end of what it printed.

    `code` is its exit status, -n where signal n killed it.
    """
    if silent_seconds is not None:
        how = f"was silent for {silent_seconds:g} s and was stopped"
    elif code < 0:
        names = {int(number): number.name for number in signal.Signals}
        how = f"was killed by {names.get(-code, f'signal {-code}')}"
        if code == -signal.SIGKILL:
            how += " (the usual reason is that memory ran out)"
    else:
        how = f"failed with exit code {code}"
    output = "\n".join(tail) or "(it printed nothing)"
    return dg.Failure(
        description=f"{script.name} {how}. Last lines of its output:\n{output}",
        metadata={
            "worker": str(script),
            "exit_code": code,
            "last_lines": dg.MetadataValue.md(f"```\n{output}\n```"),
        },
    )
