"""Runs a worker as a Ray job: the job's own process, beside which nothing is left when it ends.

``python _ray_guard.py '{"command": [...], "mark": "...", "needs": [...], "env": {...}, ...}'``,
sent by `hoban_assets.on_ray.worker`. The worker is the same as in a local step. Guard and worker
watch each other: whichever is killed, the other one ends all processes of the run, found by mark
(ranks of torchrun have sessions of their own, which Ray's stop does not reach once their parent
is gone). Exit status: that of the worker, 128 + n where signal n killed it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import _watchdog  # type: ignore[import-not-found]
from _surroundings import (  # type: ignore[import-not-found]
    REASON,
    clean_environment,
    without_ray,
)

GRACE_SECONDS = 2.0
"""Between SIGTERM and SIGKILL; Ray itself kills after 3 (``RAY_JOB_STOP_WAIT_TIME_S``)."""
POLL_SECONDS = 0.1


def main(job: dict[str, Any]) -> int:
    """Run the job's command to its end."""
    if missing := [path for path in job["needs"] if not Path(path).exists()]:
        _give_reason(
            f"node {socket.gethostname()} of the Ray cluster does not see {missing[0]}",
            "put HOBAN_DATA_ROOT (and for data steps HOBAN_RAW_ROOT) on a drive that every node of "
            "the cluster mounts under the same path, or choose 'local' (docs/train-on-ray.md)",
        )
        return 1
    stop: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        stop.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    parent = os.getppid()
    worker = _start(job)
    while worker.poll() is None and not stop and os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    if worker.poll() is None:
        _watchdog.kill_all(job["mark"], signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while worker.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    while _watchdog.kill_all(job["mark"], signal.SIGKILL):  # zombies have no environment to find
        time.sleep(POLL_SECONDS / 10)
    code = worker.wait()
    return 128 - code if code < 0 else code


def _start(job: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the worker in a session of its own, under the mark of the job."""
    env = clean_environment(os.environ)
    env = {
        **(env if job["starts_tasks"] else without_ray(env)),
        **job["env"],
        _watchdog.PARENT: str(os.getpid()),
        _watchdog.MARK: job["mark"],
    }
    first, *others = job["command"]
    sibling = Path(__file__).absolute().parent / first  # the workers travel together
    command = [str(sibling) if sibling.is_file() else first, *others]
    return subprocess.Popen(
        [sys.executable, *command],
        env=env,
        cwd=job["cwd"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _give_reason(problem: str, way_out: str) -> None:
    print(REASON + json.dumps({"problem": problem, "way_out": way_out}), flush=True)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
