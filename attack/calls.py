"""The road with fastdup, the UI, the viewer and every command, each with its sockets written down.

A command counts as bad when it would send anything to another machine, asks for an address, or
does not end as it should.
"""

from __future__ import annotations

import json
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from attack.harness import ROOT, Row, badly, home, run
from attack.recorder import NEEDED, STRACE, calls_out, ended, recorded

BUILDS = ("build v9 --model", "build v8 --model")
COMMANDS = """
doctor | status --check-raw | build v9 --dry-run | inspect RAW/coco | !audit-split RAW/coco
calibrate copies RAW/coco --count 10 | find person coco | !fate S2 | why 4616M00101 --picture
sql 'SELECT count(*) FROM boxes' | summary v9 | results v9 --page | compare v8 v9 --page
plan --images 1000000
diff v8 v9 | quality --json | sizes helmet_60k --class 08 --gallery | gallery v9 --class fallen
!completed helmet_60k | evaluate model_v9 dataset_v9 --on val
label-errors model_v9 | predict model_v9 RAW/background --save
noise model_v9 --seeds 2 --epochs 1
export dataset_v9 --format cvat --count 3 --to OUT/cvat | export model_v9 --format onnx --to OUT/x
collect OUT/cvat | review dataset_v9 | corrections list | !corrections show 0
!corrections undo 0 | corrections export OUT/log.jsonl | journal
bundle dataset_v9 --partition sub --output OUT | !import-results OUT/none.tar
rebuild --partition sub --dry-run | backup OUT/backup --verify
restore BACKUP --into OUT/restored | !is-safe-to-delete RAW | prune --dry-run | prune --yes
unlock | verify | sample-data OUT/sample --images 40 | add RAW/background --name zero_calls
site zero_calls | propose zero_calls --model model_v9 | !track zero_calls 7 --refuse
"""
"""Lines of `hoban`; RAW, OUT and BACKUP are places of this attack. One with ! is refused."""
ADDED = ROOT / "hoban_assets" / "defs" / "raw" / "zero_calls"
"""What `hoban add` writes into the checkout; taken away again."""
DAGSTER = (
    "dagster asset materialize --select background --partition sub",
    "dg launch --assets background --partition sub",
    "dg check defs",
    "dg list defs",
)
SERVED = {"ui": "/server_info", "view dataset_v9 --no-browser": "/api/start"}
"""What serves pages until it is ended, and what it answers once it is there."""
PAGES = {
    "ui": ("/", "/assets", "/hoban/", "/graphql?query={__typename}"),
    "view dataset_v9 --no-browser": ("/", "/page/viewer.js", "/api/picture/0"),
}
LAUNCH = (
    'mutation{launchRun(executionParams:{selector:{repositoryLocationName:"hoban_assets",'
    'repositoryName:"__repository__",jobName:"__ASSET_JOB",assetSelection:[{path:["background"]}]},'
    'runConfigData:"{}",executionMetadata:{tags:[{key:"dagster/partition",value:"sub"}]}})'
    "{__typename ... on LaunchRunSuccess{run{runId}}}}"
)


def commands() -> list[str]:
    """Every line of `hoban` that ends by itself."""
    return [line.strip() for part in COMMANDS.splitlines() for line in part.split("|") if line]


def unknown() -> set[str]:
    """Commands that have no line here."""
    from hoban_assets.cli import app

    named = (c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands)
    known = {name.replace("_", "-") for name in named}
    known |= {str(group.name) for group in app.registered_groups}
    lines = [*commands(), *BUILDS, *SERVED]
    return known - {line.lstrip("!").split()[0] for line in lines}


def rows(folder: Path, size: int, dice: random.Random) -> list[Row]:
    """Everything once, whatever `size`."""
    if STRACE is None:
        sys.exit(NEEDED)
    place = Place(folder)
    builds, told, served = (
        Row("calls out: builds with fastdup", len(BUILDS + DAGSTER)),
        Row("calls out: commands", len(commands())),
        Row("calls out: UI and viewer", len(SERVED)),
    )
    place.hoban("sample-data RAW --images 120")
    for line in BUILDS:
        builds.note(place.hoban(line, "Done in"))
    for line in DAGSTER:
        builds.note(place.run(line, DAGSTER_MODULE_NAME="hoban_assets.definitions"))
    try:
        for line in commands():
            told.note(place.hoban(line))
    finally:
        shutil.rmtree(ADDED, ignore_errors=True)
    for name in sorted(unknown()):
        told.fault(f"{name}: has no line in attack/calls.py")
    for line, ready in SERVED.items():
        served.note(place.served(line, ready))
    return [builds, told, served]


class Place:
    """A home, a raw root and a data root of this attack alone."""

    def __init__(self, folder: Path) -> None:
        """Make them."""
        self.folder, self.out, self.number = folder, folder / "out", 0
        self.env = home(folder, HOBAN_FEATURE_ENGINE="fastdup")
        self.out.mkdir()

    def hoban(self, line: str, wanted: str = "") -> str | None:
        """Run a line of `hoban`; what is wrong with it."""
        return self.run(f"hoban {line.lstrip('!')}", wanted, int(line[0] == "!"))

    def run(self, line: str, wanted: str = "", status: int = 0, **more: str) -> str | None:
        """Run a line; None where it called nobody, ended in time and without a traceback."""
        log = self.log()
        done = run(recorded(self.words(line), log), {**self.env, **more})
        wrong = badly(done, status, wanted=wanted)
        return f"{line}: {wrong}" if wrong else self.called(line, log)

    def log(self) -> Path:
        """File of the next record."""
        self.number += 1
        return self.folder / f"{self.number}.log"

    def words(self, line: str) -> list[str]:
        """Words of a line, with the places of this attack."""
        backup = next((self.out / "backup").glob("*.tar"), self.out / "backup")
        places = {"RAW": self.folder / "raw", "OUT": self.out, "BACKUP": backup}
        words = shlex.split(line)
        for name, where in places.items():
            words = [
                str(where) + w[len(name) :] if w == name or w.startswith(f"{name}/") else w
                for w in words
            ]
        return words

    def called(self, line: str, log: Path) -> str | None:
        """Whom it called, once its last process has ended and strace has written all down."""
        if not ended(log) or not log.is_file():
            return f"{line}: not all was recorded"
        return f"{line}: {found[0]}" if (found := calls_out(log)) else None

    def served(self, line: str, ready: str) -> str | None:
        """Serve, look at pages, start a run where it is the UI, and end it."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log, address = self.log(), f"http://127.0.0.1:{port}"
        words = self.words(f"hoban {line} --port {port}")
        null = subprocess.DEVNULL
        with subprocess.Popen(
            recorded(words, log), env=self.env, cwd=ROOT, stdout=null, stderr=null
        ) as server:
            try:
                if not _answers(address + ready, server):
                    return f"{line}: did not answer"
                for page in PAGES[line]:
                    _get(address + page)
                if line == "ui" and (wrong := _launched(address)):
                    return f"{line}: {wrong}"
                if line != "ui":
                    _look(address)
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(60)
        return self.called(line, log)


def _get(url: str, sent: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, sent, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  127.0.0.1
        return bytes(answer.read())


def _answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError):
            _get(url)
            return True
        time.sleep(0.5)
    return False


def _look(address: str) -> None:
    """Look at a picture of the viewer that the asset holds, as the page does."""
    pictures = json.loads(_get(f"{address}/api/pictures?limit=1000"))["pictures"]
    number = next(picture["n"] for picture in pictures if picture["is_in"])
    _get(f"{address}/image/{number}?small")
    _get(f"{address}/image/{number}")


def _launched(address: str) -> str | None:
    """Start a run as the UI does and wait for its end."""

    def ask(query: str) -> dict[str, dict[str, object]]:
        answer = _get(f"{address}/graphql", json.dumps({"query": query}).encode())
        data: dict[str, dict[str, object]] = json.loads(answer)["data"]
        return data

    run = ask(LAUNCH)["launchRun"].get("run")
    if not isinstance(run, dict):
        return "started no run"
    status, deadline = "", time.monotonic() + 300
    while status not in ("SUCCESS", "FAILURE", "CANCELED") and time.monotonic() < deadline:
        time.sleep(1)
        question = f'{{runOrError(runId:"{run["runId"]}"){{... on Run{{status}}}}}}'
        status = str(ask(question)["runOrError"].get("status"))
    return None if status == "SUCCESS" else f"its run ended as {status or 'nothing'}"
