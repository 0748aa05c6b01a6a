"""`hoban bundle`: what is in the archive, and that it is there as a whole or not at all."""

import ast
import errno
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from bundle_world import FULL, Office, office_in, photographs, tree_of

from hoban_assets.archives import writing
from hoban_assets.archives.room import must_fit
from hoban_assets.errors import HobanError
from hoban_assets.handoff.bundle.contents import SERVER, WORKERS, imported, scripts_of
from hoban_assets.handoff.bundle.requirements import pins, requirements
from hoban_assets.training.plan import plan_training


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    office = office_in(tmp_path_factory.mktemp("office") / "project")
    office.build("dataset_v9", photographs(0, 20))
    return office


@pytest.fixture(scope="module")
def archive(office) -> Path:
    return office.bundle("dataset_v9")


@pytest.fixture
def unpacked(archive, tmp_path) -> Path:
    subprocess.run(["tar", "xf", str(archive)], cwd=tmp_path, check=True)
    return tmp_path / archive.stem


def test_names_that_windows_cannot_hold_are_told(office, monkeypatch):
    """Published names are short and plain, so here the longest path is shorter."""
    words = ("bundle", "dataset_v9", "--dry-run")
    assert "Windows" not in office.hoban(*words)
    monkeypatch.setattr("hoban_assets.windows.LONGEST", 70)
    told = " ".join(office.hoban(*words).split())
    assert re.search(r"In a usual folder of Windows \d+ of these paths are longer", told)


def test_bundle_json_tells_the_truth_of_every_file(unpacked):
    listed = json.loads((unpacked / "bundle.json").read_text())["files"]
    found = tree_of(unpacked)
    del found["bundle.json"]
    assert listed.keys() == found.keys()
    for name, (content, mtime_ns, _) in found.items():
        sha256 = hashlib.sha256(content).hexdigest()
        assert listed[name] == {"bytes": len(content), "sha256": sha256, "mtime_ns": mtime_ns}


def test_sha256sum_compares_every_file_but_the_list_itself(unpacked):
    said = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=unpacked, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    compared = {line.rpartition(": ")[0] for line in said.stdout.splitlines()}
    assert compared == tree_of(unpacked).keys() - {"SHA256SUMS", "bundle.json"}
    (unpacked / "plan.json").write_text("{}")
    said = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=unpacked, capture_output=True)
    assert said.returncode == 1


def test_the_dataset_arrives_byte_by_byte_with_its_times(office, unpacked):
    (tree,) = (office.road.data / "artifacts" / "dataset_v9" / FULL).iterdir()
    assert {n: facts[:2] for n, facts in tree_of(unpacked / "dataset").items()} == {
        n: facts[:2] for n, facts in tree_of(tree).items()
    }
    assert any(mtime_ns % 1000 for _, mtime_ns, _ in tree_of(tree).values())


def test_nothing_in_it_names_a_place_of_this_machine(office, unpacked):
    here = str(office.folder).encode()
    assert [n for n, (content, _, _) in tree_of(unpacked).items() if here in content] == []
    plan = json.loads((unpacked / "plan.json").read_text())
    assert (plan["dataset_path"], plan["arguments"]["device"]) == ("dataset", "")


def test_the_run_key_is_that_of_the_platform_for_every_batch(office, unpacked):
    told = json.loads((unpacked / "bundle.json").read_text())
    (tree,) = (office.road.data / "artifacts" / "dataset_v9" / FULL).iterdir()
    with office.environment():
        from hoban_assets.settings import Settings

        for batch in (4, 24):
            plan = plan_training(
                "model_v9",
                FULL,
                Settings.from_env(),
                dataset_path=tree,
                dataset_version=told["dataset_version"],
                batch=batch,
            )
            assert told["batches"][str(batch)] == plan.run_dir.name
    assert told["run_key"] == told["batches"]["4"]


def test_the_same_dataset_gives_the_same_bytes(office, archive, tmp_path):
    again = office.bundle("dataset_v9", "--output", tmp_path)
    assert again.parent == tmp_path
    assert again.read_bytes() == archive.read_bytes()


def test_every_script_that_is_imported_is_in_it_and_no_library_beside_the_standard_one(unpacked):
    for folder, allowed in (
        ("server", {"_watchdog"}),
        ("workers", {"ultralytics", "torch", "numpy", "polars", "yaml", "dagster_pipes"}),
    ):
        scripts = list((unpacked / folder).glob("*.py"))
        names = {name for script in scripts for name in imported(script)}
        others = names - {s.stem for s in scripts} - set(sys.stdlib_module_names)
        assert others <= allowed
        assert {s.stem for s in scripts} <= names | {"train", "yolo_train"}
    assert (unpacked / "train.sh").stat().st_mode & 0o111


def test_scripts_for_the_server_are_python_3_9():
    for start in ("train.py", "apply.py"):
        for script in scripts_of(SERVER / start):
            ast.parse(script.read_text(), feature_version=(3, 9))


def test_the_pins_hold_what_the_workers_import_and_no_address():
    scripts = scripts_of(WORKERS / "yolo_train.py")
    names = {name for script in scripts for name in imported(script)}
    names -= {s.stem for s in scripts} | set(sys.stdlib_module_names) | {"dagster_pipes"}
    known = pins()
    assert {"yaml": "pyyaml"}.get("yaml") in known
    assert names - {"yaml"} <= known.keys()
    assert not any(name.startswith(("nvidia-c", "cuda", "triton")) for name in known)
    assert "://" not in requirements()


def test_the_readme_counts_each_class_in_both_languages(unpacked):
    for name in ("README.md", "README.en.md"):
        text = (unpacked / name).read_text()
        assert "| person_with_helmet | 4 | 4 | 1 | 1 |" in text
        assert "./train.sh" in text
    assert "학습" in (unpacked / "README.md").read_text()


def test_the_command_says_what_is_in_it_and_what_comes_next(office):
    said = office.hoban("bundle", "v9", "--dry-run")
    assert "Nothing was written" in said
    assert "images, train" in said
    written = office.hoban("bundle", "v9")
    for text in ("tar xf dataset_v9_full_", "./train.sh", "hoban import-results results_model_v9"):
        assert text in written


@pytest.mark.parametrize(
    ("arguments", "problem", "way_out"),
    [
        (["model_v9"], "is a model", "hoban bundle dataset_v9 --partition full"),
        (["dataset_v99"], "no dataset 'dataset_v99'", "did you mean dataset_v9"),
        (
            ["dataset_v9", "--partition", "sub"],
            "dataset_v9 [sub] is declared, but was not built yet",
            "--partition",
        ),
        (["dataset_v9", "--since", "dataset_v7"], "no bundle 'dataset_v7'", "without --since"),
    ],
)
def test_what_cannot_be_packed_is_refused_with_the_way_out(office, arguments, problem, way_out):
    with pytest.raises(HobanError) as caught:
        office.hoban("bundle", *arguments)
    assert problem in caught.value.problem
    assert way_out in caught.value.way_out


def test_missing_weights_are_named(office):
    with pytest.raises(HobanError, match=r"weights yolo26m\.pt are not there"):
        office.hoban("bundle", "dataset_v9", HOBAN_WEIGHTS="yolo26m.pt")


def test_a_disk_that_cannot_hold_it_is_refused_before_a_byte_is_written(tmp_path):
    archive = tmp_path / "a.tar"
    with pytest.raises(HobanError, match=r"a\.tar takes .* has .* left") as caught:
        must_fit(tmp_path, archive, 1 << 60, "write it elsewhere")
    assert "write it elsewhere" in caught.value.way_out
    mounts = f"/dev/sdb1 {tmp_path} vfat rw 0 0\n/dev/sda1 / ext4 rw 0 0\n"
    with pytest.raises(HobanError, match=r"FAT32.*4 GiB.*takes 5 GB"):
        must_fit(tmp_path, archive, 1, "", largest=5_000_000_000, mounts=mounts)
    must_fit(tmp_path, archive, 1, "", largest=3_000_000_000, mounts=mounts)


def test_a_full_disk_leaves_nothing_and_the_earlier_archive(office, archive, monkeypatch):
    before, added = archive.read_bytes(), []

    def full(*arguments):
        added.append(arguments)
        if len(added) == 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return add(*arguments)

    add = writing.Writer._add
    monkeypatch.setattr(writing.Writer, "_add", full)
    with pytest.raises(HobanError, match="no space left while writing") as caught:
        office.hoban("bundle", "dataset_v9")
    assert "--output" in caught.value.way_out
    assert archive.read_bytes() == before
    assert not list(archive.parent.glob(".*"))


def test_an_image_that_changes_meanwhile_is_named(office, tmp_path, monkeypatch):
    (tree,) = (office.road.data / "artifacts" / "dataset_v9" / FULL).iterdir()
    label = next((tree / "labels" / "train").iterdir())
    text, times = label.read_bytes(), label.stat()

    def room(*arguments, **options):
        label.write_bytes(text + b"\n")

    monkeypatch.setattr("hoban_assets.handoff.bundle.making.must_fit", room)
    try:
        with pytest.raises(HobanError, match=rf"{label.name} changes while it is packed"):
            office.bundle("dataset_v9", "--output", tmp_path)
    finally:
        label.write_bytes(text)
        os.utime(label, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_packing_leaves_no_archive_and_the_next_one_clears_up(office, tmp_path, number):
    child = f"""
import sys, time
from hoban_assets.archives.writing import Writer
add = Writer._add
def slow(self, member, content):
    add(self, member, content)
    time.sleep(60 if member.name.startswith("dataset/labels") else 0)
Writer._add = slow
sys.argv = ["hoban", "bundle", "dataset_v9", "--output", {str(tmp_path)!r}]
from hoban_assets.cli import main
main()
"""
    env = {**os.environ, **office.env()}
    process = subprocess.Popen(
        [sys.executable, "-c", child], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 300
    while not list(tmp_path.glob(".packing-*/archive")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=300)
    assert list(tmp_path.glob("*.tar")) == []
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert b"stopped; nothing was written" in said
        assert list(tmp_path.iterdir()) == []
    assert tarfile.is_tarfile(office.bundle("dataset_v9", "--output", tmp_path))
    assert len(list(tmp_path.iterdir())) == 1
