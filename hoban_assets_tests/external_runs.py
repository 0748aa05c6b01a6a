"""A worker run through Pipes as the only op of a job, for tests."""

import sys
from pathlib import Path
from typing import Any

import dagster as dg

from hoban_assets import external
from hoban_assets.external import run_worker

WORKERS = Path(external.__file__).parent / "workers"
DEADLINE = 300.0

WORKER = """
import os, sys
import _watchdog
_watchdog.start(poll_seconds=0.05)
from dagster_pipes import open_dagster_pipes
with open_dagster_pipes() as pipes:
{body}
"""


def script_of(folder: Path, body: str) -> Path:
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    path = folder / "some_worker.py"
    path.write_text(WORKER.format(body=indented), encoding="utf-8")
    return path


class Ran:
    """A worker that ran as the only op of a job: what it reported and what was logged."""

    def __init__(self, script: Path, **options: Any) -> None:
        options = {"python": Path(sys.executable), "extras": {}, **options}
        options["env"] = {"PYTHONPATH": str(WORKERS), **options.get("env", {})}
        self.messages: list[Any] = []

        @dg.op
        def step(context: dg.OpExecutionContext) -> None:
            done = run_worker(context, script=script, **options)
            self.messages = list(done.get_custom_messages())

        @dg.job
        def job() -> None:
            step()

        with dg.DagsterInstance.ephemeral() as instance:
            result = job.execute_in_process(instance=instance)
            logs = instance.all_logs(result.run_id)
        self.log = [(e.level, e.user_message) for e in logs if not e.is_dagster_event]
