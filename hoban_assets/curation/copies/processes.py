"""Work of the engine in several processes: Python's threads would share one core.

Each process is started anew with this file (it imports no more than what it is asked to run), takes
pickled tasks from its input and writes pickled answers. So it needs neither the script that started
the run nor a shared folder, and its input ends when the run is killed, whereupon it ends too.

Pools of libraries were measured against it (sketches of 1,200 photographs, two processes).
joblib's loky and concurrent.futures are as fast (16.3 and 14.6 s, here 16.0; 6.9, 6.3 and 5.9 s
of processor time) and as large (67 to 78 MB a process). But 26 s after ``kill -9`` of the run their
processes were still there (here: none after 1 s). That could be fixed in an initializer; what
could not is that neither says by which signal a process ended, on which the way out depends, and
that processes of the latter import the script of whoever started the run.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import IO, Any, Self, TypeVar, cast

from hoban_assets.errors import HobanError

MOST = 16
"""Processes that are started at most: each takes some 70 MB beside its two tasks."""
_HELD = 2  # tasks a process that are held at a time: one is worked on, one waits

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def spread(
    function: Callable[[Task], Answer], tasks: Iterable[Task], workers: int
) -> Iterator[Answer]:
    """Answers of `function` to the tasks, in their order, from `workers` processes.

    With one worker all is done in this process. Answers do not depend on how many there are.

    Args:
        function: one of a module. What its module imports, each process imports.
        tasks: taken only as far as processes are free, so that few are in memory.
        workers: processes; `MOST` at most.

    Raises:
        HobanError: a process was ended from outside. What `function` raises is raised here.
    """
    if workers < 2:
        yield from map(function, tasks)
        return
    workers = min(workers, MOST)
    free: SimpleQueue[_Process] = SimpleQueue()

    def ask(task: Task) -> Answer:
        process = free.get()
        try:
            return process.ask(function, task)
        finally:
            free.put(process)

    with ExitStack() as stack:
        for _ in range(workers):
            free.put(stack.enter_context(_Process(workers)))
        threads = stack.enter_context(ThreadPoolExecutor(workers))
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        waiting: deque[Future[Answer]] = deque()
        for task in tasks:
            waiting.append(threads.submit(ask, task))
            if len(waiting) >= _HELD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _Process:
    """One process. Used by one thread at a time."""

    def __init__(self, among: int) -> None:
        self._among = among
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # One thread each: the processes themselves take the cores.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._tasks = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with suppress(BrokenPipeError):  # a task that was never read
            self._tasks.close()
        self._answers.close()
        self._process.wait()

    def ask(self, function: Callable[[Task], Answer], task: Task) -> Answer:
        try:
            pickle.dump((function, task), self._tasks, pickle.HIGHEST_PROTOCOL)
            self._tasks.flush()
            answer, error = pickle.load(self._answers)  # noqa: S301 - of our own process
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as end:
            raise self._ended() from end
        if error is not None:
            raise error
        return answer

    def _ended(self) -> HobanError:
        code = self._process.wait()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        if code == -signal.SIGKILL:
            how += " (the usual reason is that memory ran out)"
        return HobanError(
            f"a process that compares photographs {how}",
            "close what else needs memory, or set HOBAN_WORKERS to "
            f"{max(1, self._among // 2)}, and run the same command again: what is known of the "
            "photographs is kept",
        )


def _serve() -> None:
    """Answer tasks until the input ends."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the run, and with it this process
    cv2.setNumThreads(1)
    tasks, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not get among the answers
    while True:
        try:
            function, task = pickle.load(tasks)  # noqa: S301 - of the process that started this
        except EOFError:
            return
        answer: tuple[Any, BaseException | None]
        try:
            answer = function(task), None
        except Exception as error:  # raised again where it was asked
            answer = None, error
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    _serve()
