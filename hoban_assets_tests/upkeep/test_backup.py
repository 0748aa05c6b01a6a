"""`hoban backup` and `hoban restore`: what goes in comes out."""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from backing_up import make, put_back
from yard import content

from hoban_assets.archives import writing
from hoban_assets.archives.members import Member
from hoban_assets.archives.writing import Writer
from hoban_assets.catalog.store import Catalog
from hoban_assets.upkeep.backup import making as backups
from hoban_assets.upkeep.backup.making import Choice, back_up, walk


def test_what_went_in_comes_out_and_names_its_new_place(trained, tmp_path):
    (trained.data / "reports").mkdir()
    (trained.data / "reports" / "보고서.md").write_text("표", encoding="utf-8")
    made = make(trained)
    new = tmp_path / "new"
    put_back(made.archive, new, trained)
    parts = ("artifacts", "models", "reports")
    kept = {n: c for n, c in content(trained.data).items() if n.startswith(parts)}
    texts = {n for n in kept if n.endswith("plan.json")}
    found = content(new)
    assert {n: found[n] for n in kept if n not in texts} == {
        n: c for n, c in kept.items() if n not in texts
    }
    before, after = (Catalog(root / "catalog.duckdb") for root in (trained.data, new))
    for asset in ("dataset_v9", "model_v9"):
        was, now = before.current(asset, "sub"), after.current(asset, "sub")
        assert (was.data_version, was.input_key) == (now.data_version, now.input_key)
        assert Path(now.path).is_relative_to(new)
        assert Path(now.path).is_dir()
    assert before.load("dataset_v9", "sub").data_version() == (
        after.load("dataset_v9", "sub").data_version()
    )
    for name in texts:
        assert str(trained.data) not in found[name].decode()


def test_times_are_kept_or_every_label_would_look_edited(trained, tmp_path):
    put_back(make(trained).archive, tmp_path / "new", trained)
    for label in (trained.data / "artifacts").rglob("*.txt"):
        copy = tmp_path / "new" / label.relative_to(trained.data)
        assert abs(copy.stat().st_mtime_ns - label.stat().st_mtime_ns) < 1_000_000


def test_a_photograph_of_two_datasets_is_stored_once(yard, tmp_path):
    yard.dataset(1, 2)
    yard.dataset(1, 2, version="v8")
    made = make(yard)
    photo = (yard.raw / "coco" / "2.jpg").read_bytes()
    assert made.archive.read_bytes().count(photo) == 1
    put_back(made.archive, tmp_path / "new", yard)
    inodes = [p.stat().st_ino for p in (tmp_path / "new").rglob("*.jpg")]
    assert (len(inodes), len(set(inodes))) == (4, 2)


def test_without_images_they_are_left_to_the_raw_root_and_restore_says_what_to_run(
    trained, tmp_path
):
    made = make(trained, images=False)
    done = put_back(made.archive, tmp_path / "new", trained)
    assert list((tmp_path / "new").rglob("*.jpg")) == []
    assert list((tmp_path / "new").rglob("*.txt"))
    assert done.to_publish == [("dataset_v9", "sub")]


def test_raw_cache_earlier_backups_and_work_in_progress_are_left_out(trained):
    for name in ("cache/x", "artifacts/dataset_v9/sub/.building-1/x", "reports/.x.md.12"):
        (trained.data / name).parent.mkdir(parents=True, exist_ok=True)
        (trained.data / name).write_text("x")
    first = back_up(trained.settings, None, Choice(), env=trained.env)
    assert first.archive.parent == trained.data / "backups"
    with tarfile.open(first.archive) as tar:
        inside = tar.getnames()
    tops = {name.partition("/")[0] for name in inside}
    assert tops == {
        "artifacts",
        "models",
        "reports",
        "catalog.duckdb",
        "manifest.json",
        "SHA256SUMS",
    }
    assert not [name for name in inside if "/." in name]


def test_tar_and_sha256sum_understand_it(trained, tmp_path):
    for name in ("한 글", "two\nlines", "back\\slash"):
        (trained.data / "reports").mkdir(exist_ok=True)
        (trained.data / "reports" / name).write_text(name)
    made, bare = make(trained), tmp_path / "bare"
    bare.mkdir()
    subprocess.run(["tar", "xf", str(made.archive)], cwd=bare, check=True)
    said = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=bare, capture_output=True)
    assert said.returncode == 0, said.stderr
    files = [path for path in bare.rglob("*") if path.is_file()]
    assert len(said.stdout.splitlines()) == len(files) - len(("SHA256SUMS", "manifest.json"))


def test_no_secret_is_written_down(trained):
    env = {**trained.env, "HOBAN_PG_PASSWORD": "hunter2", "HOBAN_BATCH": "8"}
    made = back_up(trained.settings, trained.home / "away", Choice(), env=env)
    assert b"hunter2" not in made.archive.read_bytes()
    assert b"HOBAN_BATCH" in made.archive.read_bytes()


def test_a_writer_may_go_on_meanwhile_and_the_backup_is_of_one_moment(yard, tmp_path):
    yard.dataset(1)
    stop, written = threading.Event(), []

    def write() -> None:
        for number in range(2, 500):
            if stop.is_set():
                return
            yard.dataset(*range(1, number))
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    deadline = time.monotonic() + 300
    while not written and time.monotonic() < deadline:
        time.sleep(0.01)
    made = [make(yard, tmp_path / f"{n}.tar") for n in range(3)]
    before = len(written)
    while len(written) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    writer.join()
    for backup in made:
        new = tmp_path / backup.archive.stem
        put_back(backup.archive, new, yard)
        catalog = Catalog(new / "catalog.duckdb")
        current = catalog.current("dataset_v9", "sub")
        assert len(catalog.load("dataset_v9", "sub").images) == current.images
        assert len(list(Path(current.path).rglob("*.jpg"))) == current.images


def test_dagsters_history_is_copied_while_it_is_written_to(trained, tmp_path):
    home = trained.home / "home"
    (home / "history").mkdir()
    with closing(sqlite3.connect(home / "history" / "runs.db")) as runs:
        runs.execute("PRAGMA journal_mode = wal")
        runs.execute("CREATE TABLE runs (run_id, status)")
        runs.execute("INSERT INTO runs VALUES ('a', 'SUCCESS')")
        runs.commit()
        runs.execute("INSERT INTO runs VALUES ('b', 'STARTED')")  # not committed
        made = make(trained)
    done = put_back(made.archive, tmp_path / "new", trained)
    with closing(sqlite3.connect(tmp_path / "new" / "dagster" / "history" / "runs.db")) as copy:
        assert copy.execute("SELECT run_id FROM runs").fetchall() == [("a",)]
    assert f"DAGSTER_HOME={tmp_path / 'new' / 'dagster'}" in done.environment.read_text()


@pytest.mark.parametrize("ahead", [0, 1 << 20])
def test_a_file_that_is_written_all_the_time_is_left_out_and_named(tmp_path, monkeypatch, ahead):
    monkeypatch.setattr(writing, "_PAUSE", 0)
    monkeypatch.setattr(writing, "AHEAD_BYTES", ahead)
    file, calm = tmp_path / "last.pt", tmp_path / "calm"
    file.write_bytes(b"a" * 10)
    calm.write_bytes(b"calm")
    real, restless = os.fstat, file.stat().st_ino

    def written_to(number: int) -> os.stat_result:
        status = real(number)
        if status.st_ino == restless:
            file.write_bytes(b"b" * (file.stat().st_size + 1))
        return status

    out = io.BytesIO()
    writer = Writer(out)
    monkeypatch.setattr(os, "fstat", written_to)
    writer.add([Member.in_use("models/last.pt", file), Member.in_use("calm", calm)])
    assert writer.left_out == {"models/last.pt": "it was being written all the time"}
    assert list(writer.files) == ["calm"]
    with tarfile.open(fileobj=io.BytesIO(out.getvalue() + b"\0" * 1024)) as tar:
        assert tar.getnames() == ["calm"]


def test_the_manifest_lists_every_file_with_its_hash(trained):
    made = make(trained)
    with tarfile.open(made.archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
        for name, about in manifest["files"].items():
            if "sha256" in about:
                data = tar.extractfile(name).read()
                assert about == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert manifest["data_root"] == str(trained.data)
    assert backups.parts_of(manifest["files"]) == made.parts


def test_what_is_removed_while_it_is_listed_ends_no_backup(tmp_path):
    for name in ("a.txt", "b.txt", "c/d.txt", "e/f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    listed = []
    for member in walk(tmp_path, "reports"):
        listed.append(member.name)
        if member.name == "reports/a.txt":  # its folder was read by now
            (tmp_path / "b.txt").unlink()
            shutil.rmtree(tmp_path / "c")
        if member.name == "reports/e":
            shutil.rmtree(tmp_path / "e")
    assert listed == ["reports", "reports/a.txt", "reports/e"]
