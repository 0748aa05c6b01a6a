"""What goes wrong from outside: one clear message, nothing lost, and the next run succeeds."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from road import REPOSITORY, STAGES, Road, failure_of

from hoban_assets.publish.yolo_tree import read_report

DATASET = "dataset_v9"


@pytest.fixture
def road(sample, tmp_path) -> Road:
    """A small raw tree of its own that a test may damage."""
    raw = tmp_path / "raw"
    shutil.copytree(sample, raw)
    return Road(raw, tmp_path / "data")


@pytest.fixture(scope="module")
def built(sample, tmp_path_factory) -> Road:
    """A road with a published dataset; a test that damages it builds it again."""
    road = Road(sample, tmp_path_factory.mktemp("built") / "data")
    assert road.build(*STAGES, DATASET).success
    return road


def test_a_missing_raw_root_names_the_folder_and_what_to_set(tmp_path):
    message = failure_of(Road(tmp_path / "nowhere", tmp_path / "data").build("background"))
    assert str(tmp_path / "nowhere") in message
    assert "HOBAN_RAW_ROOT" in message


def test_a_missing_source_names_its_folder(road):
    shutil.rmtree(road.raw / "coco")
    message = failure_of(road.build("coco_person"))
    assert str(road.raw / "coco") in message
    assert "put the source there" in message


def test_an_empty_source_is_told_from_a_missing_one(road):
    shutil.rmtree(road.raw / "coco")
    (road.raw / "coco").mkdir()
    message = failure_of(road.build("coco_person"))
    assert "source coco is empty" in message


def test_a_missing_data_yaml_names_the_file(road):
    file = road.raw / "fallen.v2i.yolo26" / "data.yaml"
    file.unlink()
    message = failure_of(road.build("fallen_pool"))
    assert str(file) in message


@pytest.mark.parametrize("folder", ["background", "background/images"])
def test_an_unreadable_folder_is_named(road, monkeypatch, folder):
    locked = road.raw / folder
    real = os.scandir

    def refuse(path):
        if str(path).rstrip("/") == str(locked):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)  # tests may run as root, whom chmod does not stop
    message = failure_of(road.build("background"))
    assert str(locked) in message
    assert "Permission denied" in message


def test_a_missing_upstream_names_the_command_that_makes_it(road):
    result = road.build(DATASET)
    assert "hoban build background" in failure_of(result)


def test_a_missing_fastdup_environment_names_it_and_two_ways_out(road, tmp_path):
    message = failure_of(
        road.build(
            "fallen_pool",
            HOBAN_FEATURE_ENGINE="fastdup",
            HOBAN_FASTDUP_PYTHON=str(tmp_path / "no-venv"),
        )
    )
    assert str(tmp_path / "no-venv") in message
    assert "make fastdup" in message
    assert "HOBAN_FEATURE_ENGINE=copies" in message


def test_a_crashing_fastdup_is_a_failed_step_with_its_last_words_and_the_next_run_succeeds(
    road, tmp_path
):
    """The stand-in answers what fastdup it has, and dies of SIGSEGV when it is to work."""
    python = tmp_path / "python"
    model = tmp_path / "model.ort"
    model.write_bytes(b"model")
    python.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = -c ]; then echo \'["2.54", "{model}"]\'; exit 0; fi\n'
        "echo loading the model; kill -SEGV $$\n"
    )
    python.chmod(0o755)
    crashed = road.build(
        "fallen_pool", HOBAN_FEATURE_ENGINE="fastdup", HOBAN_FASTDUP_PYTHON=str(python)
    )
    message = failure_of(crashed)
    assert "SIGSEGV" in message
    assert "loading the model" in message
    assert road.catalog.current("fallen_pool", "sub") is None
    assert road.build("fallen_pool").success


@pytest.mark.parametrize("weights", ["yolo26m.pt", "nowhere/best.pt"])
def test_missing_weights_say_where_to_put_them_and_nothing_else_is_tried(built, weights):
    message = failure_of(built.build("model_v9", HOBAN_WEIGHTS=weights))
    assert weights in message
    assert str(built.data / "weights") in message


def test_a_catalog_held_by_another_program_is_named_with_its_process(road):
    assert road.build("background").success
    before = road.catalog.current("background", "sub")
    code = (
        "import duckdb, sys\n"
        f"c = duckdb.connect({str(road.data / 'catalog.duckdb')!r})\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout.readline() == "held\n"
        message = failure_of(road.build("background", HOBAN_CATALOG_WAIT="1"))
        shell.stdin.close()
    assert "catalog.duckdb" in message
    assert str(shell.pid) in message
    assert road.catalog.current("background", "sub") == before
    assert road.build("background").success


def test_a_deleted_dataset_folder_is_made_again_from_what_is_known(built):
    tree = Path(built.catalog.current(DATASET, "sub").path)
    shutil.rmtree(tree)
    assert "is gone" in failure_of(built.build("model_v9"))
    assert built.build(DATASET).success
    assert read_report(tree) is not None


class Run:
    """`dagster asset materialize` in a process of its own, as a user starts it."""

    def __init__(self, road: Road, home: Path, select: str) -> None:
        env = {**os.environ, **road.env(), "DAGSTER_MODULE_NAME": "hoban_assets.definitions"}
        env["DAGSTER_HOME"] = str(home)
        command = [str(Path(sys.executable).parent / "dagster"), "asset", "materialize"]
        self.log = home / f"{time.monotonic_ns()}.log"
        self.process = subprocess.Popen(
            [*command, "--select", select, "--partition", "sub"],
            env=env,
            cwd=REPOSITORY,
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )

    def wait_for(self, text: str, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, f"no {text!r} in\n{self.log.read_text()[-3000:]}"
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def home(tmp_path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", folder)
    return folder


def unlock(road: Road, home: Path) -> str:
    """What `hoban unlock` prints."""
    env = {**os.environ, **road.env(), "DAGSTER_HOME": str(home), "HOBAN_LANG": "en"}
    command = [str(Path(sys.executable).parent / "hoban"), "unlock"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def processes_naming(text: str) -> list[int]:
    """Processes whose environment names `text`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if text.encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def wait_until_gone(text: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while left := processes_naming(text):
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def test_after_kill_9_nothing_lives_on_and_the_next_run_succeeds(road, home):
    """Killed while reading, while making the dataset, and while training.

    The first two dead runs are found by `hoban unlock`; the last one, which holds the slot of
    pool gpu, by the next run itself.
    """
    for moment, select in (
        ("read: images", "background"),
        ("dedupe: images", "*dataset_v9"),
        ("as published", "*model_v9"),
    ):
        run = Run(road, home, select)
        run.wait_for(moment)
        run.kill()
        wait_until_gone(f"HOBAN_DATA_ROOT={road.data}")
        if moment != "as published":
            assert "freed the slots of run" in unlock(road, home)
    run = Run(road, home, "model_v9")
    assert run.process.wait(timeout=300) == 0, run.log.read_text()[-3000:]
    assert read_report(Path(road.catalog.current(DATASET, "sub").path)) is not None
    assert (Path(road.catalog.current("model_v9", "sub").path) / "best.pt").is_file()
    leftovers = [p.name for p in (road.data / "artifacts" / DATASET / "sub").iterdir()]
    assert all(not name.startswith(".building") for name in leftovers)
