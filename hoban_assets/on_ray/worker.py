"""Runs a worker as a job of a Ray cluster: what `external.run_worker` does, on another machine.

The cluster's nodes see the data root (and for data steps the raw root) under the same path as
this machine; the worker scripts are sent along. docs/train-on-ray.md says how to set it up.

`dagster_ray.PipesRayJobClient` submits and waits, with two parts of our own. Its client gives up
at the first request that fails. Its message reader loses messages that come in two pieces, ends
when the connection breaks, and keeps no last lines for the message of a failure.
"""

from __future__ import annotations

import functools
import json
import shlex
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from hoban_assets.errors import HobanError
from hoban_assets.external import Context, worker_failure
from hoban_assets.on_ray.cluster import check_size, connect
from hoban_assets.on_ray.jobs import TRAINING, Jobs
from hoban_assets.on_ray.log import JobLog, Watch
from hoban_assets.workers import _watchdog

WORKERS = Path(_watchdog.__file__).parent
GUARD = "_ray_guard.py"
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class RayJob:
    """What a worker asks a cluster for."""

    address: str
    """Of the cluster's dashboard, http://host:8265."""
    gpus: float = 0
    cpus: float = 0
    needs: Sequence[Path] = ()
    """Files and folders that the node must see, else the job ends with that message."""
    name: str = ""
    """Begin of the job's id; default the worker's name and something unique."""
    training: str = ""
    """Which training it is: started twice, the second start joins the first one's job."""
    env: Mapping[str, str] = field(default_factory=dict)
    starts_tasks: bool = False
    """It joins the cluster itself, so it is told of it; others are kept from it."""


def run_worker_on_ray(
    context: Context,
    job: RayJob,
    *,
    python: Path,
    script: Path,
    extras: Mapping[str, Any],
    cwd: Path | None = None,
    tail_lines: int = 40,
    stall_seconds: float | None = None,
    way_out: str = "set HOBAN_RAY_PYTHON to an interpreter of the cluster's nodes",
) -> dg.PipesClientCompletedInvocation:
    """Run `script` as a job of a Ray cluster and return what it reported through Pipes.

    As `external.run_worker`: output and messages reach the Dagster log while it runs, a crash
    carries the last lines, and when this function returns or raises the job and all its
    processes are stopped. If this process is killed the job goes on to its end, unless the next
    training on the cluster finds it: it joins the job where it is the same one, and stops it
    where its Dagster run has ended.

    Args:
        context: context of the asset or op that waits for the worker.
        job: what it asks the cluster for.
        python: interpreter on the node.
        script: the worker: a file of ``hoban_assets/workers`` (sent along), a module of this
            package (which `python` must have), or a file that the node sees.
        extras: parameters, JSON.
        cwd: working directory on the node.
        tail_lines: lines of output that a failure shows.
        stall_seconds: warn after each this long without output or message.
        way_out: what to do where `python` is missing on the node.

    Raises:
        HobanError: the cluster does not answer or lacks what is asked for, the node does not see
            a file, or has no such interpreter.
        dg.Failure: the worker ended with an error, was killed, or was lost with its node.
    """
    from dagster_ray.core.pipes import PipesRayJobClient

    client = connect(job.address)
    check_size(job.address, job.gpus, job.cpus)
    name = job.name or f"{script.stem}-{uuid.uuid4().hex[:8]}"
    asks = " and ".join(f"{n:g} {of}" for n, of in ((job.gpus, "GPU"), (job.cpus, "CPU")) if n)
    asks = asks or "a place"
    while True:
        said = JobLog(client, context.log.debug, tail_lines)
        watch = Watch(context.log, script.stem, said, stall_seconds, job.address, asks)
        jobs = Jobs(client, job.address, context.log, functools.partial(_is_active, context), watch)
        said.abandon = jobs.end
        pipes = PipesRayJobClient(
            job.address, message_reader=said, forward_termination=False, poll_interval=POLL_SECONDS
        )
        vars(pipes)["client"] = jobs  # its own gives up at the first silence
        params: Any = {
            "entrypoint": _entrypoint(python, script, cwd, job, name),
            "entrypoint_num_gpus": job.gpus,
            "entrypoint_num_cpus": job.cpus,
            "runtime_env": {"working_dir": str(WORKERS), "excludes": ["__pycache__"]},
            "metadata": {TRAINING: job.training} if job.training else {},
            "submission_id": name,
        }
        try:
            return pipes.run(context=context, submit_job_params=params, extras=dict(extras))
        except RuntimeError:  # what dagster-ray raises for FAILED and STOPPED
            info = jobs.get_job_info(jobs.job_id) if jobs.job_id else None
            if info is None or not info.status.is_terminal():
                raise
            if info.error_type != "JOB_SUPERVISOR_ACTOR_START_TIMEOUT":
                raise _ended(info, job, script, python, said, way_out) from None
            context.log.info(
                "still no room in the cluster: asking again (Ray forgets after 15 min)"
            )


def _entrypoint(python: Path, script: Path, cwd: Path | None, job: RayJob, mark: str) -> str:
    """Shell command of the job: the guard, in the place of the shell."""
    package = WORKERS.parent
    if script.parent == WORKERS:
        command = [script.name]
    elif script.is_relative_to(package):
        parts = script.relative_to(package.parent).with_suffix("").parts
        command = ["-m", ".".join(parts)]
    else:
        command = [str(script)]
    order = {
        "command": command,
        "mark": f"{mark}-{uuid.uuid4().hex}",
        "needs": [str(path) for path in job.needs],
        "env": dict(job.env),
        "starts_tasks": job.starts_tasks,
        "cwd": None if cwd is None else str(cwd),
    }
    return "exec " + shlex.join([str(python), GUARD, json.dumps(order)])


def _is_active(context: Context, run_id: str) -> bool | None:
    """Whether a Dagster run is at work; None where it is not a run of this Dagster."""
    run = context.instance.get_run_by_id(run_id) if run_id else None
    return None if run is None else not run.is_finished


def _ended(
    info: Any, job: RayJob, script: Path, python: Path, said: JobLog, way_out: str
) -> HobanError | dg.Failure:
    """Say why a job ended that did not end well."""
    if said.reason is not None:
        return HobanError(**said.reason)
    code, message = info.driver_exit_code, info.message or ""
    if code in (126, 127) and str(python) in message:
        return HobanError(f"the node of the Ray cluster has no interpreter {python}", way_out)
    if code is not None:
        return worker_failure(script, 128 - code if code > 128 else code, said.tail)
    if info.status.value == "STOPPED":
        how = "was stopped in the cluster by somebody"
    else:
        lines = [line for line in message.splitlines() if line[:1] != "\t" or "ip:" in line]
        words = " ".join(" ".join(lines).split())[:600] or info.error_type
        how = f"was lost with its node or process of Ray: {words}"
    told = {line.strip() for line in message.splitlines()}  # Ray writes it into the log, too
    output = "\n".join(line for line in said.tail if line.strip() not in told)
    output = output or "(it printed nothing)"
    return dg.Failure(
        f"{script.name} (Ray job {info.submission_id} at {job.address}) {how}. "
        f"Last lines of its output:\n{output}",
        metadata={"worker": str(script), "last_lines": dg.MetadataValue.md(f"```\n{output}\n```")},
    )
