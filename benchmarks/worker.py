"""Time one function in a process of its own, in any interpreter.

``python -m benchmarks.worker module:function '{"json": "arguments"}'`` calls ``function(**args)``,
which gets ready (imports, lists of files) and returns the callable that is timed. What the
callable returns must fit JSON; where it returns a callable, that one's result is taken, without
its time (counting what was written). The last line of the output is one JSON object::

    {"seconds": 1.23, "processor_seconds": 2.1, "peak_mb": 456.7, "result": ...}

Only the standard library is imported here, so that peers run it in environments of their own.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
Work = Callable[[], Any]
"""What a worker function returns: the part that is timed."""


@dataclass(frozen=True)
class Timing:
    """One timed call: wall and processor seconds, peak resident megabytes, and its result."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    result: Any


class WorkerError(Exception):
    """A worker ended without a result; the message holds the last line of its output."""


def call(
    function: str,
    *,
    python: Path | None = None,
    environment: dict[str, str] | None = None,
    **arguments: Any,
) -> Timing:
    """Run ``module:function`` with these arguments in a fresh process and time it there.

    Raises:
        WorkerError: the process failed; what it printed last is on stderr.
    """
    done = subprocess.run(
        [str(python or sys.executable), "-m", "benchmarks.worker", function, json.dumps(arguments)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONHASHSEED": "0", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["no output"]
        sys.stderr.write("\n".join(lines[-60:]) + "\n")
        raise WorkerError(f"{function} ended with code {done.returncode}: {lines[-1]}")
    return Timing(**json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    work: Work = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    gc.collect()
    os.sync()  # nobody pays for what the one before has written
    started, spent = time.perf_counter(), _processor()
    result = work()
    seconds, processor_seconds = time.perf_counter() - started, _processor() - spent
    # Kilobytes on Linux. A child starts with its parent's peak: `python -m benchmarks` itself
    # imports the standard library only, so its own peak stays below any that matters.
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peak_mb += resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if callable(result):
        result = result()
    answer = {
        "seconds": seconds,
        "processor_seconds": processor_seconds,
        "peak_mb": peak_mb,
        "result": result,
    }
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


def _processor() -> float:
    """Seconds of this process and of those that it started and that ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
