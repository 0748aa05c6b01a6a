"""What the facts of a machine mean."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from hoban_assets.doctor.facts import Machine, free_port, is_free, look
from hoban_assets.doctor.findings import MISSING, NOTE, findings
from hoban_assets.errors import HobanError
from hoban_assets.file_systems import cannot_link, kind_of
from hoban_assets.language import korean, speaker
from hoban_assets.settings import Settings

FINE = Machine(
    python="3.11.7",
    home=Path("/checkout"),
    has_dagster_yaml=True,
    env_loaded=True,
    engine="fastdup",
    engine_python=Path("/checkout/.venv-fastdup/bin/python"),
    engine_found=True,
    weights="yolo26m.pt",
    weights_problem=None,
    raw_root=Path("/mnt/d/datasets"),
    raw_found=True,
    is_sample=False,
    sources=("coco", "background"),
    sources_found=("coco",),
    data_root=Path("/checkout/data"),
    data_root_problem=None,
    free_bytes=10**12,
    raw_kind="ext4",
    data_kind="ext4",
    no_link="",
    links="hard",
    home_kind="ext4",
    is_wsl=False,
    gpu="NVIDIA RTX 4090, 24564 MiB",
    device="",
    language="ko",
    language_from="LANG=ko_KR.UTF-8",
    encoding="utf-8",
    port_free=True,
    port_instead=3000,
)
EN = speaker("en")


def told(level, **differently):
    machine = replace(FINE, **differently)
    return [(f.said(EN), f.fix_said(EN)) for f in findings(machine) if f.level == level]


def test_a_machine_with_everything_is_told_so():
    assert told(MISSING) == []
    assert told(NOTE) == []


@pytest.mark.parametrize(
    ("lack", "fix"),
    [
        ({"engine_found": False}, "make fastdup"),
        ({"raw_found": False}, "export HOBAN_RAW_ROOT=/mnt/d/datasets"),
        ({"sources_found": ()}, "hoban status"),
        ({"weights_problem": HobanError("weights are not there", "")}, "/checkout/data/weights/"),
        ({"data_root_problem": HobanError("cannot be made", "")}, "export HOBAN_DATA_ROOT="),
        ({"has_dagster_yaml": False}, ". ./env.sh"),
        ({"encoding": "euc-kr"}, "export PYTHONUTF8=1"),
        ({"device": "0", "gpu": ""}, "unset HOBAN_DEVICE"),
    ],
)
def test_what_is_missing_comes_with_the_line_that_fixes_it(lack, fix):
    [(_, line)] = told(MISSING, **lack)
    assert fix in line


@pytest.mark.parametrize(
    ("lack", "fix"),
    [
        ({"gpu": ""}, ""),
        ({"env_loaded": False}, "env.sh"),
        ({"free_bytes": 10**9}, "HOBAN_DATA_ROOT"),
        ({"no_link": "raw files lie on another file system"}, "HOBAN_LINKS=symbolic"),
        ({"is_wsl": True, "home_kind": "9p"}, "cp -r /checkout"),
        ({"data_kind": "9p"}, ""),
        ({"port_free": False, "port_instead": 3001}, "make ui PORT=3001"),
    ],
)
def test_what_works_and_should_be_known_is_told(lack, fix):
    [(_, line)] = told(NOTE, **lack)
    assert fix in line


def test_every_finding_has_its_korean():
    machines = [FINE, replace(FINE, no_link=None), replace(FINE, no_link="x", links="symbolic")]
    machines += [replace(FINE, is_sample=True), replace(FINE, engine="copies", gpu="")]
    same_in_both = {"Python {version}", "fastdup: {python}", "GPU: {gpu}", "{problem}"}
    machines += [replace(FINE, engine_found=False), replace(FINE, sources_found=())]
    machines += [replace(FINE, has_dagster_yaml=False), replace(FINE, no_link="x")]
    said = [(f.text, f.beside) for machine in machines for f in findings(machine)]
    texts = {text for pair in said for text in pair if text}
    assert sorted(texts - korean().keys() - same_in_both) == []


@pytest.mark.parametrize(
    ("folder", "told"), [("/proc/no", "cannot be made"), ("/proc/1", "nothing can be written")]
)
def test_a_data_root_in_which_nothing_can_be_written_is_named_with_its_reason(folder, told):
    settings = Settings.from_env({"HOBAN_DATA_ROOT": folder, "HOBAN_DEVICE": "cpu"})
    machine = look(settings, {"HOBAN_LANG": "en"})
    missing = {f.said(EN): f.fix for f in findings(machine) if f.level == MISSING}
    [fix] = [fix for text, fix in missing.items() if told in text and folder in text]
    assert fix.startswith("export HOBAN_DATA_ROOT=")
    assert machine.no_link is None


def test_a_link_is_tried_and_nothing_of_it_stays(tmp_path):
    photograph = tmp_path / "a.jpg"
    photograph.write_bytes(b"x")
    assert cannot_link(photograph, tmp_path / "not yet" / "there") == ""
    assert [f.name for f in tmp_path.iterdir()] == ["a.jpg"]


def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(tmp_path):
    mounts = f"a / ext4 rw 0 0\nD: {tmp_path}/mnt/d 9p rw 0 0\n"
    assert kind_of(tmp_path / "mnt" / "d" / "raw", mounts) == "9p"
    assert kind_of(tmp_path, mounts) == "ext4"


def test_a_port_that_is_taken_is_not_free_and_the_next_one_is_found():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) > port
