"""Killed writers, full disks, damaged files: earlier results stay, the next run succeeds."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from catalog_examples import samples_of, start

from hoban_assets.catalog import store
from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.errors import HobanError

KILLED = """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace
import duckdb
from catalog_examples import samples_of
from hoban_assets.catalog import access, rows, store

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

class Dying:
    "A connection whose process is killed as soon as it closes, before the checkpoint."
    def __init__(self, path): self.connection = connect(path)
    def __getattr__(self, name): return getattr(self.connection, name)
    close = die

connect, insert_rows = duckdb.connect, rows.insert_rows
moment = sys.argv[2]
if moment == "while creating": access._note_version = die
if moment == "while staging": store.pq.write_table = die
if moment == "before the transaction": store.writing = die
if moment == "in the transaction":
    rows.insert_rows = lambda *a: die() if a[1] == "decisions" else insert_rows(*a)
if moment == "before the commit": rows.prune = die
if moment == "after the commit": duckdb.connect = Dying
store.Catalog(Path(sys.argv[1])).record(
    "a", "sub", store.Build("k2", samples=samples_of("a", 4000))
)
"""

FULL = """
import resource, sys
from pathlib import Path
from types import SimpleNamespace
from catalog_examples import samples_of
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.errors import HobanError

limit, images = int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    Catalog(Path(sys.argv[1])).record("a", "sub", Build("k2", samples=samples_of("a", images)))
except HobanError as error:
    print(error)
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=5)
    catalog.record("a", "sub", Build("k1", samples=samples_of("a", 50)), Run("run", "code"))
    return catalog


def is_as_before(catalog: Catalog) -> bool:
    return (
        catalog.find("a", "sub", "k1") is not None
        and catalog.load("a", "sub").data_version() == samples_of("a", 50).data_version()
        and len(catalog.query("SELECT DISTINCT materialization_id FROM store.images")) == 1
    )


def records_again(catalog: Catalog) -> bool:
    catalog.record("a", "sub", Build("k3", samples=samples_of("a", 60)), Run("run", "code"))
    leftovers = [p for p in (catalog.path.parent / ".catalog-staging").iterdir() if p.is_dir()]
    return len(catalog.load("a", "sub").images) == 60 and leftovers == []


def kill(catalog: Catalog, moment: str) -> None:
    child = start(KILLED, catalog.path, moment)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL, errors


@pytest.mark.parametrize(
    "moment",
    ["while staging", "before the transaction", "in the transaction", "before the commit"],
)
def test_a_writer_killed_before_its_commit_leaves_the_old_state(
    catalog: Catalog, moment: str
) -> None:
    kill(catalog, moment)
    assert is_as_before(catalog)
    assert records_again(catalog)


def test_a_writer_killed_after_its_commit_leaves_the_new_state(catalog: Catalog) -> None:
    kill(catalog, "after the commit")
    assert Path(f"{catalog.path}.wal").stat().st_size > 0
    assert catalog.load("a", "sub").data_version() == samples_of("a", 4000).data_version()
    assert records_again(catalog)


def test_a_writer_killed_while_creating_leaves_no_catalog(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=5)
    kill(catalog, "while creating")
    assert not catalog.path.exists()
    assert catalog.find("a", "sub", "k1") is None
    assert records_again(catalog)


def test_a_writer_leaves_alone_what_another_one_is_staging(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table = store.pq.write_table
    nested: list[bool] = []

    def interleaved(*args: object, **kwargs: object) -> None:
        write_table(*args, **kwargs)
        if not nested:
            nested.append(True)
            catalog.record("b", "sub", Build("b", samples=samples_of("b", 10)), Run("run", "code"))

    monkeypatch.setattr(store.pq, "write_table", interleaved)
    assert records_again(catalog)
    assert len(catalog.load("b", "sub").images) == 10


@pytest.mark.parametrize(
    ("room", "images"),
    [pytest.param(None, 50, id="staging"), pytest.param(4096, 3000, id="commit")],
)
def test_a_full_disk_leaves_the_old_state(catalog: Catalog, room: int | None, images: int) -> None:
    pytest.importorskip("resource")
    size = catalog.path.stat().st_size
    limit = 500 if room is None else size + room
    output, errors = start(FULL, catalog.path, limit, images).communicate(timeout=120)
    assert f"no space left to write catalog {catalog.path}" in output, errors
    assert "free some space" in output
    assert is_as_before(catalog)
    assert records_again(catalog)


@pytest.mark.parametrize("damage", ["garbage", "empty", "cut", "header", "rows"])
def test_a_damaged_file_is_named_and_never_overwritten(catalog: Catalog, damage: str) -> None:
    good = catalog.path.read_bytes()
    third = len(good) // 3
    bad = {
        "garbage": b"no database " * 1000,
        "empty": b"",
        "cut": good[:third],
        "header": good[:20] + b"\xff" * 64 + good[84:],
        "rows": good[:12288] + b"\xff" * (len(good) - 12288),
    }[damage]
    catalog.path.write_bytes(bad)

    with pytest.raises(HobanError, match=r"catalog\.duckdb is damaged .*backup"):
        catalog.load("a", "sub")
    with pytest.raises(HobanError, match=r"catalog\.duckdb is damaged .*move it"):
        catalog.record("a", "sub", Build("k2", samples=samples_of("a", 60)), Run("run", "code"))
    assert catalog.path.read_bytes() == bad

    catalog.path.rename(catalog.path.with_suffix(".damaged"))
    assert records_again(catalog)


def test_a_log_without_its_catalog_is_not_played_into_a_new_one(catalog: Catalog) -> None:
    kill(catalog, "after the commit")
    catalog.path.rename(catalog.path.with_suffix(".away"))
    with pytest.raises(HobanError, match=r"catalog\.duckdb\.wal lies there without its catalog"):
        catalog.record("a", "sub", Build("k3", samples=samples_of("a", 60)), Run("run", "code"))


def test_a_catalog_on_a_read_only_disk_is_asked_without_a_lock(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    read_only = SimpleNamespace(f_flag=os.ST_RDONLY)
    monkeypatch.setattr(os, "statvfs", lambda path: read_only)
    monkeypatch.setattr("hoban_assets.catalog.access.FileLock", refused)
    with asking(catalog.path) as ask:
        assert ask("SELECT count(*) > 0 AS any FROM images") == [{"any": True}]
