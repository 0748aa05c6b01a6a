"""One training at a time: the lock, the process that trains, its log, and how it is ended.

Only the standard library, Python 3.9 or later: it runs on the server.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO

from bundle_files import Refused, tell  # type: ignore[import-not-found]

LOCK = "training.lock"
LOG = "train.log"
ENDING_SECONDS = 20.0
"""A worker whose parent was killed ends itself meanwhile."""


class Lock:
    """Held while a training runs, by this process and its worker; the kernel frees it."""

    def __init__(self, folder: Path) -> None:
        """The lock of the runs in `folder`.

        Raises:
            Refused: nothing can be written there.
        """
        try:
            folder.mkdir(exist_ok=True)
            self.file = (folder / LOCK).open("a+", encoding="utf-8")
        except OSError as error:
            raise Refused(
                f"{folder} cannot be written to: {error.strerror}",
                "make the folder yours (chown), free space, or move it to another disk",
            ) from error

    def take(self) -> None:
        """Take it.

        Raises:
            Refused: a training runs here already.
        """
        deadline = time.monotonic() + ENDING_SECONDS
        while not self.is_free():
            holder = self.holder()
            if (holder and _is_alive(holder)) or time.monotonic() > deadline:
                raise Refused(
                    f"a training of this bundle runs already: process {holder}",
                    "watch it: ./train.sh --status; end it: ./train.sh --stop",
                )
            time.sleep(0.2)
        self.write_holder()

    def write_holder(self) -> None:
        """Say that this process holds it."""
        self.file.seek(0)
        self.file.truncate()
        self.file.write(str(os.getpid()))
        self.file.flush()

    def is_free(self) -> bool:
        """Whether nobody holds it; this process does then."""
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def holder(self) -> int:
        """Process that holds it, 0 where that is not known (yet)."""
        self.file.seek(0)
        text = self.file.read().strip()
        return int(text) if text.isdigit() else 0


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


class Output:
    """Lines for the eye and for train.log."""

    def __init__(self, folder: Path) -> None:
        """Append to the log of the bundle in `folder`."""
        self.log = (folder / LOG).open("a", encoding="utf-8")
        self.line(f"-- {datetime.now():%Y-%m-%d %H:%M:%S}, process {os.getpid()}", quiet=True)

    def line(self, text: str, quiet: bool = False) -> None:
        """Say a line; `quiet`: into the log alone."""
        if not quiet:
            tell(text)
        with contextlib.suppress(OSError):  # a full disk: the training says so itself
            self.log.write(f"{text}\n")
            self.log.flush()


def into_background(folder: Path, lock: Lock) -> bool:
    """Go on in a process that outlives this terminal; True there, False in the one that ends."""
    child = os.fork()
    if child:
        tell(f"training in the background, process {child}")
        tell("  watch it:  tail -f train.log    (or ./train.sh --status)")
        tell("  end it:    ./train.sh --stop    (./train.sh --background goes on from there)")
        return False
    os.setsid()
    lock.write_holder()
    nothing, log = os.open(os.devnull, os.O_RDWR), os.open(folder / LOG, os.O_WRONLY | os.O_APPEND)
    for number, target in ((0, nothing), (1, nothing), (2, log)):
        os.dup2(target, number)
    return True


def run_worker(worker: Path, plan: Path, lock: Lock, output: Output) -> int:
    """Run the training to its end in a session of its own; return its exit status.

    So the end of an ssh session reaches neither this process (SIGHUP is ignored) nor the worker.
    Ctrl-C and SIGTERM end the worker after its last whole epoch; a second one at once. Where this
    process is killed, the worker sees it (workers/_watchdog.py) and ends too.
    """
    sys.path.insert(0, str(worker.parent))
    import _watchdog  # type: ignore[import-not-found]

    mark = f"hoban-bundle-{uuid.uuid4().hex}"
    known = {k: v for k, v in os.environ.items() if not k.startswith("DAGSTER_")}
    env = {**known, _watchdog.PARENT: str(os.getpid()), _watchdog.MARK: mark}
    process = subprocess.Popen(
        [sys.executable, str(worker), str(plan)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**env, "PYTHONUNBUFFERED": "1"},
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        pass_fds=[lock.file.fileno()],
    )
    asked: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM if len(asked) == 1 else signal.SIGKILL)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    reader = threading.Thread(target=_pass_on, args=(process.stdout, output), daemon=True)
    reader.start()
    status = process.wait()
    _watchdog.kill_all(mark, signal.SIGKILL)  # ranks of several GPUs, loaders of a killed worker
    reader.join(timeout=10)
    return 143 if asked and status else status


def _pass_on(stream: IO[str], output: Output) -> None:
    for line in stream:
        output.line(line.rstrip("\n"))
