"""A project in which two versions were built and trained by the commands of the README."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from road import REPOSITORY, Road
from strace import called_by, watched
from typer.testing import CliRunner

from hoban_assets.catalog.store import Catalog

BIN = Path(sys.executable).parent
VERSIONS = ("v8", "v9")
ASKING = frozenset(
    {"compare", "diff", "find", "gallery", "inspect", "is-safe-to-delete", "quality", "results"}
    | {"review", "site", "sizes", "sql", "status", "summary", "track", "why"}
)
"""Commands of `hoban` that start nothing. Others are run as processes, as a person does."""


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

        with contextlib.chdir(self.folder):
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
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "hoban_assets", folder / "hoban_assets", ignore=skip)
    for name in ("pyproject.toml", "dagster.yaml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, folder)
    shutil.copytree(sample, folder / "data" / "raw", symlinks=True)
    return World(folder)


def make_world(folder: Path, sample: Path) -> World:
    """Copy the project and the sample, then build and train `VERSIONS` for `sub`."""
    world = made_project(folder, sample)
    select = ",".join(f"*model_{version}" for version in VERSIONS)
    world.must(f"dagster asset materialize --select '{select}' --partition sub")
    return world
