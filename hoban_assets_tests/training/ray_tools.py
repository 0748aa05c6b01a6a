"""A real Ray cluster on loopback with one declared GPU, and workers run on it as a step."""

import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from hoban_assets.settings import Settings
from hoban_assets.workers import _watchdog

DEADLINE = 300.0  # the machine may be busy with other tests
WORKERS = Path(_watchdog.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "train-on-ray.md"
BIN = Path(sys.executable).parent
WORKER = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
import _watchdog
_watchdog.start(poll_seconds=0.05)
from dagster_pipes import open_dagster_pipes
sleeper = [sys.executable, "-c", "import time; time.sleep(1000)"]
with open_dagster_pipes() as pipes:
    extras = pipes.extras
{body}
"""
FAMILY = """
children = [subprocess.Popen(sleeper), subprocess.Popen(sleeper, start_new_session=True)]
print("has children", flush=True)
"""
STEP = """
import sys
from pathlib import Path
import dagster as dg
from hoban_assets.on_ray.worker import RayJob, run_worker_on_ray

@dg.op
def step(context):
    address, script, python_path, go = sys.argv[1:]
    job = RayJob(address, gpus=1, name="orphan", training="orphan", env={"PYTHONPATH": python_path})
    run_worker_on_ray(context, job, python=Path(sys.executable), script=Path(script),
                      extras={"go": go})

@dg.job
def job():
    step()

job.execute_in_process()
"""


def documented(command: str) -> list[str]:
    """The command of docs/train-on-ray.md that begins so."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    [line] = [line for block in blocks for line in block.splitlines() if line.startswith(command)]
    return shlex.split(line)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_so: Callable[[], Any], what: str = "it") -> Any:
    deadline = time.monotonic() + DEADLINE
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)
    return found


@contextmanager
def ray_cluster(head_port: int = 0, cpus: int = 2) -> Iterator[str]:
    """Start a cluster as the documentation says, on loopback, with a token; its address.

    `head_port` is where further nodes join (0: none will).
    """
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'hoban_assets[ray]'")
    pytest.importorskip("dagster_ray", reason="pip install 'hoban_assets[ray]'")
    port = str(free_port())
    command = documented("ray start")
    command[command.index("8265")] = port
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    # Ray's sockets lie there, and the path of a socket has 107 characters at most.
    short = tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True)
    with pytest.MonkeyPatch.context() as patch, short as folder:
        for name in [name for name in os.environ if name.startswith("RAY_")]:
            patch.delenv(name)
        for name, value in token.items():
            patch.setenv(name, value)
        with (Path(folder) / "log").open("wb") as log:
            head = subprocess.Popen(
                [
                    *(str(BIN / command[0]), *command[1:], "--block", "--num-cpus", str(cpus)),
                    *("--node-ip-address", "127.0.0.2", "--port", str(head_port)),
                    *("--temp-dir", f"{folder}/r", "--object-store-memory", "100000000"),
                    *("--ray-client-server-port", str(free_port())),
                    *("--dashboard-agent-listen-port", str(free_port())),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        address = f"http://127.0.0.1:{port}"
        _forget_token()
        try:
            wait_until(lambda: _answers(address), "the cluster's start")
            yield address
        finally:
            _end(head)
    _forget_token()


def _forget_token() -> None:
    """Let Ray read its token from the environment again: it does so once a process."""
    from ray._private.authentication_test_utils import reset_auth_token_state

    reset_auth_token_state()


def _answers(address: str) -> bool:
    from ray.util.state import list_nodes

    with suppress(Exception):
        return bool(list_nodes(address, timeout=5))
    return False


def _end(head: subprocess.Popen) -> None:
    """End the processes of this cluster and of no other one (as `ray stop` would)."""
    head.terminate()
    with suppress(subprocess.TimeoutExpired):
        head.wait(timeout=20)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(head.pid, number)


def marked(name: str) -> list[int]:
    """Processes whose mark begins so: a worker of a job named `name` and all its children."""
    wanted, found = f"{_watchdog.MARK}={name}".encode(), []
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


def settings_for(root: Path, cluster: str, **env: str) -> Settings:
    """Of a step on the cluster whose data lies in `root`."""
    fastdup = os.environ.get("HOBAN_FASTDUP_PYTHON", "")
    given = {"HOBAN_DATA_ROOT": str(root), "RAY_ADDRESS": cluster, "HOBAN_FASTDUP_PYTHON": fastdup}
    return Settings.from_env({**given, **env})


def data_settings(raw: Path, where: str, cluster: str) -> Settings:
    """Of a data step that runs `where`, "ray" or "local"; its data lies beside `raw`."""
    home = os.environ.get("DAGSTER_HOME", str(Path(__file__).parents[2]))
    given = {"DAGSTER_HOME": home, "HOBAN_RAW_ROOT": str(raw), "HOBAN_DATA_STEPS_FULL": where}
    return settings_for(raw.parent / where, cluster, **given)


def run_step(
    body: Callable[[dg.AssetExecutionContext], Any],
    instance: dg.DagsterInstance,
    partition: str = "sub",
) -> tuple[dg.ExecuteInProcessResult, list[Any]]:
    """Run `body` as an asset; its result, and what it logged (records of Dagster's log)."""

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["sub", "full"]))
    def step(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        body(context)
        return dg.MaterializeResult()

    ended = dg.materialize([step], instance=instance, partition_key=partition, raise_on_error=False)
    logged = [r for r in instance.all_logs(ended.run_id) if not r.is_dagster_event]
    return ended, logged


def reason_of(ended: dg.ExecuteInProcessResult) -> str:
    """Message of the error that failed the step."""
    [failed] = ended.get_step_failure_events()
    error = failed.step_failure_data.error
    return (error.cause or error).message
