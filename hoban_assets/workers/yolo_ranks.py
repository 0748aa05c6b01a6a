"""What the ranks of a training on several GPUs need beside the callbacks of every training.

Ultralytics starts ``torch.distributed.run``, which gives each rank a session of its own. So
what kills the worker does not reach them, and what they raise does not reach the worker: it sees
no more than "exit status 1".
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import _watchdog  # type: ignore[import-not-found]
from yolo_setup import explained, never_download  # type: ignore[import-not-found]
from yolo_support import Failure, RunFolder  # type: ignore[import-not-found]

POLL_SECONDS = 0.5


def need_for_ranks(device: str) -> None:
    """Check, before anything starts, that a training on `device` can start its ranks.

    Raises:
        Failure: cloudpickle is missing, with which Ultralytics hands the trainer to the ranks
            (it would install it from the network).
    """
    if "," in device and importlib.util.find_spec("cloudpickle") is None:
        raise Failure(
            f"a training on several GPUs ({device}) needs the Python package cloudpickle",
            "install it (pip install 'cloudpickle>=3.1.1'), or set HOBAN_DEVICE to one GPU",
        )


class Ranks:
    """Callbacks that act in ranks only. Made in the worker, pickled, used in each rank."""

    def __init__(self, run_dir: Path, arguments: dict[str, Any]) -> None:
        """Note which process is the worker."""
        self.run_dir = run_dir
        self.arguments = arguments
        self.worker = os.getpid()
        self.born = _born(self.worker)

    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """Event of Ultralytics -> what to do."""
        return {"on_pretrain_routine_start": self.follow, "teardown": self.tell}

    def follow(self, trainer: Any) -> None:
        """End the whole training once the worker is gone. Called in the first rank."""
        if "RANK" in os.environ:
            from ultralytics.utils import downloads

            never_download(downloads)
            threading.Thread(target=self._end_with_worker, daemon=True).start()

    def _end_with_worker(self) -> None:
        while _born(self.worker) == self.born:
            time.sleep(POLL_SECONDS)
        _watchdog.kill_all(os.environ.get(_watchdog.MARK, ""), signal.SIGKILL, spare=os.getpid())
        os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, trainer: Any) -> None:
        """Leave the reason where the worker finds it. Ultralytics calls this in a `finally`."""
        error = sys.exc_info()[1]
        if "RANK" not in os.environ or not isinstance(error, Exception):
            return
        run = RunFolder(self.run_dir)
        failure = explained(error, run, self.arguments)
        if failure is not None:
            with suppress(FileNotFoundError):  # another rank has just told the same
                run.report(failure)


def _born(process: int) -> str:
    """Start time of a process in clock ticks since boot (field 22 of proc(5)); '' if gone."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state == "Z" else fields[18]
