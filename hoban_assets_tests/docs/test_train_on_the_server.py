"""docs/train-on-the-server.md from its first command to its last, on a server of its own.

The server is an empty folder with a home of its own and an environment in which neither this
project nor Dagster can be imported. On the way the training is interrupted as servers do.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_world import REPOSITORY, Office, Server, office_in, photographs, server_in, tree_of

from hoban_assets.handoff.results.archive import opened
from hoban_assets.handoff.results.manifest import read_manifest

PAGE = (REPOSITORY / "docs" / "train-on-the-server.md").read_text(encoding="utf-8")
HERE, SERVER = "sh", "bash"
"""Languages of the blocks that are typed here and on the server."""
EPOCHS = 6
PATIENT_SECONDS = 240


def blocks(language: str) -> list[list[str]]:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)
    return [block.splitlines() for block in found]


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENT_SECONDS
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Walk:
    """What the walk along the page left at each station."""

    def __init__(self, folder: Path) -> None:
        self.office: Office = office_in(folder / "office")
        (folder / "server").mkdir()
        self.server: Server = server_in(folder / "server")
        self.said: dict[str, str] = {}
        self.bundle = Path()
        self.previous = Path()
        self.delta_made = Path()
        self.refused = subprocess.CompletedProcess("", 0, "", "")

    def here(self, lines: list[str]) -> str:
        return "".join(self._here(line) for line in lines)

    def _here(self, line: str) -> str:
        line = line.replace("dataset_v8_full_0123456789ab", self.previous.name)
        done = self.office.shell(line, HOBAN_EPOCHS_FULL=str(EPOCHS))
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def there(self, lines: list[str], folder: Path) -> str:
        script = "\n".join(["set -e", *lines])
        return self.server.must(
            script.replace("dataset_v8_full_0123456789ab", self.previous.name), folder
        )

    def carry(self, archive: Path, target: Path) -> None:
        archive.rename(target / archive.name)

    def epoch(self) -> int:
        files = list(self.bundle.glob("runs/*/progress.json"))
        return json.loads(files[0].read_text())["epoch"] if files else 0

    def interrupted(self) -> None:
        """Start in a terminal, hang up after the first epoch, then kill -9 after one more."""
        terminal, inside = pty.openpty()
        process = subprocess.Popen(
            ["./train.sh"],
            cwd=self.bundle,
            env=self.server.env,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # takes the terminal
        )
        os.close(inside)
        hung_up = threading.Event()
        shown = threading.Thread(target=_show, args=(terminal, hung_up), daemon=True)
        shown.start()
        until(lambda: self.epoch() >= 1)
        self.refused = self.server.run("./train.sh", self.bundle)
        hung_up.set()
        shown.join()
        reached = self.epoch()
        until(lambda: self.epoch() > reached)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def _show(terminal: int, hung_up: threading.Event) -> None:
    """Read what is shown until the line is cut, as an ssh session that ends."""
    while not hung_up.is_set():
        if select.select([terminal], [], [], 0.05)[0]:
            os.read(terminal, 4096)
    os.close(terminal)


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    walk = Walk(tmp_path_factory.mktemp("walk"))
    walk.office.build("dataset_v8", photographs(0, 16))
    walk.previous = walk.server.unpack(walk.office.bundle("dataset_v8"))
    walk.office.build("dataset_v9", photographs(4, 24))
    pack, bring_back, pack_since = blocks(HERE)
    train, leave_alone, apply = blocks(SERVER)

    walk.said["pack"] = walk.here(pack)
    (archive,) = walk.office.bundles.glob("dataset_v9_full_*.tar")
    walk.carry(archive, walk.server.folder)
    *prepare, start = train
    walk.said["prepare"] = walk.there(prepare, walk.server.folder)
    walk.bundle = walk.server.folder / archive.stem
    walk.interrupted()
    walk.said["leave alone"] = walk.there(leave_alone, walk.bundle)
    walk.said["from"] = str(walk.epoch())
    walk.said["train"] = walk.there([start], walk.bundle)

    (results,) = walk.bundle.glob("results_*.tar")
    (walk.office.folder / results.name).write_bytes(results.read_bytes())
    walk.said["bring back"] = walk.here(bring_back)

    walk.said["pack since"] = walk.here(pack_since)
    (delta,) = walk.office.bundles.glob("*_since_*.tar")
    (walk.server.folder / "later").mkdir()
    walk.carry(delta, walk.server.folder / "later")
    walk.previous.rename(walk.server.folder / "later" / walk.previous.name)
    walk.said["apply"] = walk.there(apply, walk.server.folder / "later")
    walk.delta_made = walk.server.folder / "later" / walk.bundle.name
    return walk


def epochs_in(said: str) -> list[int]:
    return [int(n) for n in re.findall(rf"^epoch (\d+)/{EPOCHS}  ", said, re.M)]


def test_the_bundle_says_what_to_type_on_the_server(walk):
    assert f"cd {walk.bundle.name} && ./train.sh" in walk.said["pack"]
    assert "are what was packed" in walk.said["prepare"]


def test_a_second_start_is_refused_while_one_trains(walk):
    assert walk.refused.returncode == 1
    assert "runs already: process" in walk.refused.stderr


def test_in_the_background_it_can_be_seen_and_stopped(walk):
    said = walk.said["leave alone"]
    assert "training in the background" in said
    assert "training: process" in said
    assert "it has stopped" in said


def test_started_again_it_goes_on_after_the_last_whole_epoch_with_a_line_each(walk):
    reached = int(walk.said["from"])
    assert 2 <= reached < EPOCHS
    assert f"resuming after epoch {reached}/{EPOCHS}" in walk.said["train"]
    assert epochs_in(walk.said["train"]) == list(range(reached + 1, EPOCHS + 1))


def test_the_log_holds_each_epoch_of_all_starts(walk):
    log = (walk.bundle / "train.log").read_text()
    killed_at = int(walk.said["from"])  # kept, and perhaps not yet told: the next start tells it
    assert sorted({*epochs_in(log), killed_at}) == list(range(1, EPOCHS + 1))
    assert f"resuming after epoch {killed_at}/{EPOCHS}" in log


def test_nothing_of_the_project_was_there(walk):
    assert not list(walk.server.folder.rglob("*hoban_assets*"))
    assert str(REPOSITORY) not in (walk.bundle / "train.log").read_text()


def test_the_results_are_one_whole_archive_of_this_training(walk):
    (archive,) = walk.bundle.glob("results_*.tar")
    told = json.loads((walk.bundle / "bundle.json").read_text())
    assert archive.stem == f"results_model_v9_full_{told['run_key']}"
    with opened(archive) as found:
        manifest = read_manifest(found)
    assert manifest.dataset_version == told["dataset_version"]
    assert manifest.made_with["device"] == "cpu"
    with tarfile.open(archive) as tar:
        names = {name.rpartition("/")[2] for name in tar.getnames()}
    assert names >= {"best.pt", "metrics.jsonl", "finished.json", "results.png", "results.json"}


def test_the_model_is_there_again_with_its_figures(walk):
    current = walk.office.road.catalog.current("model_v9", "full")
    told = json.loads((walk.bundle / "bundle.json").read_text())
    assert current is not None
    assert current.data_version == told["run_key"]
    assert "mAP50" in walk.said["bring back"]


def test_the_next_dataset_is_made_of_the_earlier_folder(walk):
    made, listed = walk.delta_made, json.loads((walk.bundle / "bundle.json").read_text())["files"]
    found = tree_of(made)
    assert found.keys() == {*listed, "bundle.json"}
    assert {n: f["mtime_ns"] for n, f in listed.items()} == {n: found[n][1] for n in listed}
    assert found["bundle.json"][0] == (walk.bundle / "bundle.json").read_bytes()
    assert "are what was packed" in walk.server.must("./train.sh --verify", made)
