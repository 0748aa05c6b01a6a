"""Takes a worker and all its children along when the process that started it dies.

A step that is killed with ``kill -9`` cannot stop its worker, so the worker watches its parent.
Workers import this file as a sibling (``import _watchdog``) and call `start` first of all.
`hoban_assets.external` uses the same `kill_all`. Linux only: it reads /proc.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

PARENT = "HOBAN_WORKER_PARENT"
"""Environment variable: process id of the step that started the worker."""
MARK = "HOBAN_WORKER_MARK"
"""Environment variable: a name unique to one run of one worker, inherited by all its children."""


def start(poll_seconds: float = 0.5) -> None:
    """Watch the parent from a daemon thread; do nothing where no step started this process."""
    parent = int(os.environ.get(PARENT, "0"))
    if parent:
        threading.Thread(target=_watch, args=(parent, poll_seconds), daemon=True).start()


def _watch(parent: int, poll_seconds: float) -> None:
    # A dead parent is replaced by init or a subreaper, whatever its number is.
    while os.getppid() == parent:
        time.sleep(poll_seconds)
    mark = os.environ.get(MARK, "")
    kill_all(mark, signal.SIGKILL, spare=os.getpid())
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def marked(mark: str) -> list[int]:
    """Process ids of the run that `mark` names, found by the environment that they inherited.

    The process group is not enough: torchrun gives each rank a session of its own.
    """
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def kill_all(mark: str, number: signal.Signals, spare: int = 0) -> int:
    """Send signal `number` to every process of the run but `spare`; return how many there were.

    Raises:
        ValueError: `mark` is empty: it would name no run.
    """
    if not mark:
        raise ValueError("no mark")
    processes = [process for process in marked(mark) if process not in (spare, os.getpid())]
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
    return len(processes)
