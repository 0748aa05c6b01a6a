"""A step ends when its run is killed, and what it left half-done is cleared away.

Dagster runs each step in a process of its own. After ``kill -9`` of the run those processes went
on: a training kept its GPU for hours, and a new run of the same asset wrote beside the old one.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path

from hoban_assets.processes.seen import is_alive


@cache
def end_with_run() -> None:
    """Kill this process as soon as the one that started it is gone; nothing where there is none.

    A worker of this step follows by itself (``workers/_watchdog.py``). Call it as often as you
    like: the first call counts.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True)
        watch.start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGKILL)


def own_folder(parent: Path, purpose: str) -> Path:
    """Path for work of this process below `parent`, after clearing what dead processes left.

    The folder is not made. Its name ends in the id of this process.
    """
    for folder in parent.glob(f".{purpose}-*"):
        pid = folder.name.rpartition("-")[2]
        if pid.isdecimal() and (int(pid) == os.getpid() or not is_alive(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)
    return parent / f".{purpose}-{os.getpid()}"
