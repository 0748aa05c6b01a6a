"""`make`: what can be said of it without installing anything."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from road import REPOSITORY


@pytest.fixture
def checkout(tmp_path) -> Path:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copytree(REPOSITORY / "constraints", tmp_path / "constraints")
    return tmp_path


@pytest.mark.parametrize("environment", [".venv", ".venv-fastdup"])
def test_a_second_make_says_that_it_waits_and_installs_nothing_again(checkout, environment):
    ready = checkout / environment / "ready"
    lock = checkout / ".make" / "lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with subprocess.Popen(
            ["make", f"{environment}/ready", f"BASE_PYTHON={sys.executable}"],
            cwd=checkout,
            env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")},
            stdout=subprocess.PIPE,
            text=True,
        ) as second:
            assert second.stdout
            assert "another make is at work" in second.stdout.readline()
            assert second.poll() is None
            ready.parent.mkdir()
            ready.touch()  # as the first one does when it has installed all
            fcntl.flock(held, fcntl.LOCK_UN)
            assert second.stdout.read() == ""
    assert second.returncode == 0
    assert [file.name for file in ready.parent.iterdir()] == ["ready"]
