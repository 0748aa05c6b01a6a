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
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def own_folder(parent: Path, purpose: str) -> Iterator[Path]:
    """Yield a new folder below `parent` for work of this process; afterwards it is gone.

    What dead processes left there is cleared first. Its name ends in the id of this process, so
    that `hoban prune` knows it too.
    """
    for folder in parent.glob(f".{purpose}-*"):
        pid = folder.name.rpartition("-")[2]
        if pid.isdecimal() and (int(pid) == os.getpid() or not is_alive(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)
    own = parent / f".{purpose}-{os.getpid()}"
    try:
        own.mkdir(parents=True)
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
