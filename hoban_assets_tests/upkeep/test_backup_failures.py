"""A backup that fails is one message, and leaves nothing half under its name."""

import io
import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from backing_up import make, names, put_back
from yard import content

from hoban_assets.errors import HobanError
from hoban_assets.upkeep.backup.making import Choice, back_up, check


@pytest.mark.parametrize("damage", ["torn", "cut at a file", "a bit", "empty", "something else"])
def test_a_damaged_archive_is_one_message_and_nothing_is_restored(trained, tmp_path, damage):
    archive = make(trained).archive
    data = bytearray(archive.read_bytes())
    if damage == "torn":
        del data[len(data) // 2 :]
    elif damage == "cut at a file":
        with tarfile.open(archive) as tar:
            del data[tar.getmembers()[3].offset :]
    elif damage == "a bit":
        data[bytes(data).index(b"weightsweights")] ^= 1
    else:
        data = bytearray(b"" if damage == "empty" else b"PK\3\4" + b"x" * 5000)
    archive.write_bytes(data)
    with pytest.raises(HobanError, match=archive.name):
        check(archive)
    with pytest.raises(HobanError, match=archive.name):
        put_back(archive, tmp_path / "new", trained)
    assert not (tmp_path / "new").exists()


def test_an_archive_that_names_a_place_outside_writes_nothing_there(trained, tmp_path):
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        info = tarfile.TarInfo("../outside")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(HobanError, match="outside"):
        put_back(evil, tmp_path / "into" / "new", trained)
    assert not (tmp_path / "into" / "outside").exists()


def test_nothing_is_restored_over_something_else(trained, tmp_path):
    archive = make(trained).archive
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine").write_text("mine")
    with pytest.raises(HobanError, match="not empty"):
        put_back(archive, tmp_path / "new", trained)
    with pytest.raises(HobanError, match="not empty"):
        put_back(archive, trained.data, trained)
    assert content(tmp_path / "new") == {"mine": b"mine"}


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(
    trained, tmp_path, monkeypatch
):
    archive = make(trained).archive
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(HobanError, match="--without-images"):
        make(trained, tmp_path / "other")
    with pytest.raises(HobanError, match=" left"):
        put_back(archive, tmp_path / "new", trained)
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "new").exists()


def test_a_disk_that_fills_up_leaves_nothing_under_the_name(trained, tmp_path):
    """In a process of its own, in which files may not grow beyond 100 kB."""
    code = (
        "import os, resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from hoban_assets.cli import main\n"
        "main()\n"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000
    (trained.data / "reports").mkdir()
    (trained.data / "reports" / "page.html").write_bytes(b"page" * 100_000)
    done = subprocess.run(
        [sys.executable, "-c", code, "backup", str(tmp_path / "away")],
        env={**os.environ, **trained.env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert names(tmp_path / "away") == []


def test_a_killed_backup_leaves_no_backup_and_the_next_one_clears_up(trained, tmp_path):
    away = tmp_path / "away"
    os.mkfifo(gate := tmp_path / "gate")  # opening it blocks: the moment to kill
    code = (
        "import hoban_assets.upkeep.backup.making as b\n"
        f"b.Writer.finish = lambda self, *told: open({str(gate)!r})\n"
        "from hoban_assets.cli import main\n"
        "main()\n"
    )
    env = {**os.environ, **trained.env}
    command = [sys.executable, "-c", code, "backup", str(away)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 300
        while not list(away.glob(".packing-*/archive")) and time.monotonic() < deadline:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        assert names(away) == [f".packing-{process.pid}"]
        process.send_signal(signal.SIGKILL)
    made = make(trained, away)
    assert names(away) == [made.archive.name]
    assert check(made.archive).parts == made.parts


def test_a_killed_restore_leaves_no_data_root_and_may_be_repeated(trained, tmp_path, monkeypatch):
    archive, new = make(trained).archive, tmp_path / "new"
    (new / ".restoring" / "artifacts").mkdir(parents=True)
    (new / ".restoring" / "artifacts" / "half").write_text("half")
    put_back(archive, new, trained)
    assert names(new) == ["artifacts", "catalog.duckdb", "models", "restored.env"]
    assert content(new).get("artifacts/half") is None
    # Killed while moving: the catalog, which makes it a data root, comes last.
    moved = []
    real = Path.rename
    monkeypatch.setattr(Path, "rename", lambda self, to: (moved.append(self.name), real(self, to)))
    put_back(archive, tmp_path / "other", trained)
    assert moved[-1] == "catalog.duckdb"


def test_the_history_in_postgres_needs_pg_dump(trained, monkeypatch):
    (trained.home / "home" / "dagster.yaml").write_text(
        "storage: {postgres: {postgres_db: {hostname: {env: PGX}, username: u, password: p, "
        "db_name: d}}}"
    )
    with pytest.raises(HobanError, match="PGX"):
        make(trained)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    env = {**trained.env, "PGX": "127.0.0.1"}
    with pytest.raises(HobanError, match="pg_dump"):
        back_up(trained.settings, trained.home / "away", Choice(), env=env)
    assert make(trained, history=False).archive.is_file()


def test_nothing_was_built_yet(yard):
    with pytest.raises(HobanError, match="nothing was built"):
        make(yard)
