"""What train.sh checks before it trains; no training here."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from bundle_world import Server, office_in, photographs

from hoban_assets.handoff.bundle.contents import SERVER


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    office = office_in(tmp_path_factory.mktemp("office") / "project")
    office.build("dataset_v9", photographs(0, 8), val=2)
    return office.bundle("dataset_v9")


@pytest.fixture
def server(tmp_path) -> Server:
    return Server(tmp_path, Path(sys.executable))


@pytest.fixture
def bundle(server, archive) -> Path:
    return server.unpack(archive)


@pytest.fixture
def surroundings(monkeypatch):
    monkeypatch.syspath_prepend(str(SERVER))
    import surroundings  # type: ignore[import-not-found]

    return surroundings


def refusal(server: Server, bundle: Path, command: str = "./train.sh", **env: str) -> str:
    done = server.run(command, bundle, **env)
    assert done.returncode == 1, done.stdout
    assert "way out" in done.stderr
    assert not list(bundle.glob("results_*"))
    return done.stderr


def image_of(bundle: Path) -> Path:
    return sorted((bundle / "dataset" / "images" / "train").iterdir())[0]


def test_verify_says_that_all_is_there(server, bundle):
    assert "are what was packed" in server.must("./train.sh --verify", bundle)


def test_verify_names_a_file_of_the_same_size_and_time_that_is_damaged(server, bundle):
    image = image_of(bundle)
    times, data = image.stat(), bytearray(image.read_bytes())
    data[100] ^= 1
    image.write_bytes(data)
    os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))
    said = refusal(server, bundle, "./train.sh --verify")
    assert f"images/train/{image.name} is damaged" in said
    assert "unpack the archive again" in said


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda image: image.unlink(), "is missing"),
        (lambda image: image.write_bytes(b"x"), "has 1 bytes instead of"),
        (lambda image: os.utime(image, (1, 1)), "was changed after it was packed"),
    ],
)
def test_a_start_names_a_file_that_is_missing_or_changed(server, bundle, harm, said):
    image = image_of(bundle)
    harm(image)
    assert f"{image.name} {said}" in refusal(server, bundle)


def test_an_archive_unpacked_in_part_is_recognised(server, bundle):
    (bundle / "bundle.json").unlink()
    assert "no whole bundle" in refusal(server, bundle)


def test_missing_packages_are_named_with_how_to_bring_them_without_network(server, bundle):
    venv.create(server.folder / "bare", symlinks=True)
    said = refusal(server, bundle, PYTHON=str(server.folder / "bare" / "bin" / "python"))
    assert "has no ultralytics, torch, torchvision, polars" in said
    assert "pip download -r requirements.txt -d wheels" in said


def test_another_ultralytics_is_refused_because_it_decides_the_result(server, bundle):
    pinned = bundle / "requirements.txt"
    text, times = pinned.read_text(), pinned.stat()
    pinned.write_text(text.replace("ultralytics==", "ultralytics==1."))
    os.utime(pinned, ns=(times.st_atime_ns, times.st_mtime_ns))
    said = refusal(server, bundle)
    assert "its defaults decide the result" in said
    assert "--accept-versions" in said


def test_no_python_is_said_so(server, bundle):
    assert "no Python 3.11" in refusal(server, bundle, PYTHON="/nowhere/python")


def test_a_batch_without_run_key_is_refused(server, bundle):
    assert "from 1 to 256" in refusal(server, bundle, "./train.sh --batch 1000")


def test_a_second_start_is_refused_with_the_process(server, bundle):
    (bundle / "runs").mkdir()
    with (bundle / "runs" / "training.lock").open("w") as lock:
        lock.write(str(os.getpid()))
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert f"runs already: process {os.getpid()}" in refusal(server, bundle)
        assert f"training: process {os.getpid()}" in server.must("./train.sh --status", bundle)
    assert "no training runs" in server.must("./train.sh --status", bundle)
    assert "no training runs" in server.must("./train.sh --stop", bundle)


def test_a_gpu_that_torch_cannot_use_is_no_reason_to_train_on_the_cpu(surroundings, monkeypatch):
    found = {"torch": "2.15.0+cpu", "cuda_build": None, "gpus": []}
    monkeypatch.setattr(surroundings, "graphics_cards", lambda: ["NVIDIA RTX 4090"])
    with pytest.raises(surroundings.Refused, match="cannot use NVIDIA RTX 4090"):
        surroundings.check_gpu(found, "")
    assert surroundings.check_gpu(found, "cpu") == "on the CPU, as asked for"
    monkeypatch.setattr(surroundings, "graphics_cards", list)
    assert "shows no GPU" in surroundings.check_gpu(found, "")
    with pytest.raises(surroundings.Refused, match="shows no GPU"):
        surroundings.check_gpu(found, "0")
    assert surroundings.check_gpu({**found, "gpus": ["A", "B"]}, "0,1") == "on A, B (device 0,1)"


def test_a_missing_library_of_a_desktop_has_its_own_way_out(surroundings):
    found = {"errors": {"cv2": "libGL.so.1: cannot open shared object file"}, "gpus": []}
    looking = subprocess.Popen(["echo", json.dumps(found)], stdout=subprocess.PIPE, text=True)
    with pytest.raises(surroundings.Refused, match="install opencv-python-headless"):
        surroundings.seen(looking)


def test_a_full_disk_is_refused_before_the_training(surroundings, monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(surroundings.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(surroundings.Refused, match=r"0\.0 GB are free"):
        surroundings.check_room(tmp_path, tmp_path / "none")


def test_versions_are_compared_without_their_build(surroundings):
    assert surroundings.public("2.15.0+cu126") == "2.15.0"
