"""Signals that come during a statement, in a process of its own: what goes wrong here hangs."""

import os
import subprocess
import sys

import pytest
from catalog_examples import samples_of

from hoban_assets.catalog.store import Build, Catalog, Run

LIMIT = 120
"""Seconds; the statement would take hours."""
BEFORE = """
import signal, sys, threading
from pathlib import Path
from hoban_assets.catalog.access import reading, writing

class Ended(BaseException):
    pass

def ended(number, frame):
    raise Ended

heard = []

name, access, path = sys.argv[1:]
number = signal.Signals[name]
endless = "SELECT count(DISTINCT range % 1000003) FROM range(3000000000000)"
press = threading.Timer(0.5, signal.raise_signal, [number])
"""
RAISED = """
handler, expected = {
    "SIGINT": (signal.default_int_handler, KeyboardInterrupt),
    "SIGTERM": (ended, Ended),
}[name]
signal.signal(number, handler)
try:
    with {"reading": reading, "writing": writing}[access](Path(path), 5) as connection:
        connection.execute("SET threads = 2").fetchall()
        press.start()
        connection.execute(endless).fetchall()
except expected:
    print("ended", signal.getsignal(number) is handler)
"""
HEARD = """
signal.signal(number, lambda *_: heard.append(name))
counted = set()
with reading(Path(path), 5) as connection:
    press.start()
    while press.is_alive():
        counted |= set(connection.execute("SELECT count(*) FROM range(20000000)").fetchall())
print(heard, counted)
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "catalog.duckdb"
    rows = Build("k", samples=samples_of("a", 1))
    Catalog(path).record("a", "sub", rows, Run("run", "code"))
    return path


def ran(code: str, *words: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + code, *map(str, words)],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("access", ["reading", "writing"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_what_a_handler_raises_ends_a_statement_at_once(path, name, access):
    assert ran(RAISED, name, access, path) == ["ended True"]


def test_a_signal_whose_handler_raises_nothing_disturbs_no_statement(path):
    assert ran(HEARD, "SIGINT", "reading", path) == ["['SIGINT'] {(20000000,)}"]
