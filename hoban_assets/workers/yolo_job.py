"""What the workers of commands share: read the job, do it, and turn a failure into one message."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _watchdog  # type: ignore[import-not-found]
from yolo_support import Failure, RunFolder, quiet  # type: ignore[import-not-found]

Job = dict[str, Any]


def run_job(
    do: Callable[[Job, RunFolder], None],
    explain: Callable[[Exception, Job, RunFolder], Failure | None],
) -> int:
    """Do the job that the command line names; return the exit status.

    Args:
        do: gets the job and its work folder.
        explain: returns the one message for an error that a user can fix; None raises it.
    """
    _watchdog.start()
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    run = RunFolder(Path(job["work"]))
    quiet(run.root)
    try:
        do(job, run)
    except Exception as error:
        failure = explain(error, job, run)
        if failure is None:
            raise
        if not isinstance(error, Failure):
            traceback.print_exc()
        run.report(failure)
        return 1
    return 0


def arguments_of(job: Job) -> dict[str, Any]:
    """Arguments that messages about an error name (see ``yolo_setup.explained``)."""
    return {
        "device": job.get("device", "cpu"),
        "batch": job.get("batch", 1),
        "imgsz": job["image_size"] or 640,
        "workers": job.get("workers", 0),
    }
