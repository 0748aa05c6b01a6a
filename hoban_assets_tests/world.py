"""A project in which two versions were built and trained."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from road import REPOSITORY, Road, copied_package, failure_of
from strace import called_by, watched
from typer.testing import CliRunner

from hoban_assets.catalog.store import Catalog

BIN = Path(sys.executable).parent
VERSIONS = ("v8", "v9")
ASKING = frozenset(
    {"bundle", "calibrate", "compare", "corrections", "diff", "doctor", "export", "find"}
    | {"gallery", "import-results", "inspect", "is-safe-to-delete", "journal", "prune", "quality"}
    | {"results", "review", "site", "sizes", "sql", "status", "summary", "track", "why"}
)
"""Commands of `hoban` that start no step and no worker. Others run as processes, as typed."""


@dataclass(frozen=True)
class World:
    """A folder like a checkout, in which the commands of the documentation run as they stand."""

    folder: Path

    @property
    def raw(self) -> Path:
        return self.folder / "data" / "raw"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.data / "catalog.duckdb", deadline=10)

    @property
    def env(self) -> dict[str, str]:
        road = Road(self.raw, self.data)
        return {
            **os.environ,
            **road.env(HOBAN_EPOCHS_FULL="1"),
            "DAGSTER_HOME": str(self.folder),
            "DAGSTER_MODULE_NAME": "hoban_assets.definitions",
            "PYTHONPATH": str(self.folder),
            "PYTHONWARNINGS": "ignore",
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }

    def run(self, command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in the folder; one that only asks `hoban` runs in this process.

        A process that would call another machine fails here.
        """
        if words := asking(command):
            return self._ask(words, {**self.env, **env})
        return self.typed(command, **env)

    def typed(self, command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in processes of its own."""
        log = self.folder / "calls.log"
        done = subprocess.run(
            watched(["/bin/bash", "-c", command], log),
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert called_by(log) == [], command
        return done

    def _ask(self, words: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """As a process would answer: what it prints, and 1 with one line for an error."""
        from hoban_assets.cli import app

        with contextlib.chdir(self.folder), nobody_called():
            done = CliRunner().invoke(app, words, env=env)
        stderr = done.stderr
        if done.exception and not isinstance(done.exception, SystemExit):
            stderr += "".join(traceback.format_exception(done.exception))
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, stderr)

    def must(self, command: str, **env: str) -> str:
        """Run a line that has to succeed; return what it printed."""
        done = self.run(command, **env)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
        return done.stdout

    def build(self, select: str, partition: str) -> None:
        """What `dagster asset materialize` builds, in this process."""
        with pytest.MonkeyPatch.context() as patch, contextlib.chdir(self.folder), nobody_called():
            for name, value in self.env.items():
                patch.setenv(name, value)
            from hoban_assets.definitions import defs

            job = defs().resolve_implicit_global_asset_job_def()
            chosen = dg.AssetSelection.from_coercible(select.split(",")).resolve(
                job.asset_layer.asset_graph
            )
            with dg.DagsterInstance.from_config(str(self.folder)) as instance:
                done = job.execute_in_process(
                    asset_selection=sorted(chosen),
                    partition_key=partition,
                    instance=instance,
                    raise_on_error=False,
                )
        assert done.success, failure_of(done)


@contextlib.contextmanager
def nobody_called() -> Iterator[None]:
    """Fail where this process would call another machine."""
    connect = socket.socket.connect

    def watched_connect(self: socket.socket, address: Any) -> None:
        is_near = self.family == socket.AF_UNIX or str(address[0]) in ("127.0.0.1", "::1")
        assert is_near, f"this calls {address}"
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", watched_connect)
        patch.setattr(socket.socket, "connect_ex", watched_connect)
        yield


def asking(command: str) -> list[str] | None:
    """Arguments of a line that is one plain `hoban` command of `ASKING`; None: it is another."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    is_plain = not any(set(word) <= set("();<>|&") for word in words) and "$" not in command
    if len(words) < 2 or words[0] != "hoban" or words[1] not in ASKING or not is_plain:
        return None
    return shlex.split(command)[1:]


def made_project(folder: Path, sample: Path) -> World:
    """Copy the project and the sample; nothing is built."""
    folder.mkdir()
    copied_package(folder)
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, folder)
    shutil.copytree(sample, folder / "data" / "raw", symlinks=True)
    return World(folder)


def make_world(folder: Path, sample: Path) -> World:
    """Copy the project and the sample, then build and train `VERSIONS` for `sub`.

    That the command which is typed for it does the same, test_failures.py and test_ui.py show.
    """
    world = made_project(folder, sample)
    world.build(",".join(f"*model_{version}" for version in VERSIONS), "sub")
    return world
