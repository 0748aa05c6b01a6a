"""Several writers and a reader at once; foreign processes that hold the file."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import duckdb
import pytest
from catalog_examples import samples_of, start

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.errors import HobanError

FOREIGN = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
print("open", flush=True)
sys.stdin.readline()
"""


def write(path: Path, asset: str, times: int) -> None:
    catalog = Catalog(path)
    for n in range(times):
        catalog.record(
            asset,
            "sub",
            Build(f"{asset}-{n}", samples=samples_of(asset, 20 + n)),
            Run("run", "code"),
        )


def test_processes_write_different_assets_while_a_reader_polls(tmp_path: Path) -> None:
    path = tmp_path / "catalog.duckdb"
    assets = ["helmet_60k", "coco_person", "fallen_pool", "background"]
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write, args=(path, asset, 3)) for asset in assets]
    catalog = Catalog(path)
    catalog.record("seed", "sub", Build("seed", samples=samples_of("seed", 5)), Run("run", "code"))
    for writer in writers:
        writer.start()
    polls = 0
    while any(writer.is_alive() for writer in writers):
        torn = catalog.query(
            "SELECT m.asset FROM materializations AS m WHERE m.is_current AND m.images <> "
            "(SELECT count(*) FROM images AS i WHERE i.asset = m.asset)"
        )
        assert torn.empty
        polls += 1
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    assert polls > 0
    for asset in assets:
        assert catalog.load(asset, "sub").data_version() == samples_of(asset, 22).data_version()
    lines = catalog.query("SELECT materialization_id AS id FROM materializations")
    assert sorted(lines.id) == list(range(1, 14))


def test_threads_of_one_process_read_and_write_at_once(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.duckdb")
    catalog.record("seed", "sub", Build("seed", samples=samples_of("seed", 5)), Run("run", "code"))
    errors: list[BaseException] = []

    def guarded(asset: str) -> None:
        try:
            write(catalog.path, asset, 2)
            catalog.load("seed", "sub")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(f"asset_{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(catalog.query("SELECT * FROM materializations")) == 7


@pytest.mark.parametrize("mode", ["write", "read"])
def test_a_foreign_process_is_named_and_the_next_run_succeeds(tmp_path: Path, mode: str) -> None:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=0.2)
    catalog.record("a", "sub", Build("k1", samples=samples_of("a", 5)), Run("run", "code"))
    foreign = start(FOREIGN, catalog.path, mode)
    assert foreign.stdout is not None
    assert foreign.stdout.readline() == "open\n"

    with pytest.raises(HobanError, match=rf"catalog\.duckdb is held by .*PID {foreign.pid}\)"):
        catalog.record("a", "sub", Build("k2", samples=samples_of("a", 6)), Run("run", "code"))
    if mode == "write":
        with pytest.raises(HobanError, match=rf"PID {foreign.pid}\).*close the DuckDB shell"):
            catalog.load("a", "sub")
    else:
        assert len(catalog.load("a", "sub").images) == 5

    foreign.communicate("\n")
    assert len(catalog.load("a", "sub").images) == 5
    catalog.record("a", "sub", Build("k2", samples=samples_of("a", 6)), Run("run", "code"))
    assert len(catalog.load("a", "sub").images) == 6
    assert list((tmp_path / ".catalog-staging").iterdir()) == []


def test_a_writer_waits_until_the_foreign_process_is_gone(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=60)
    catalog.record("a", "sub", Build("k1", samples=samples_of("a", 5)), Run("run", "code"))
    foreign = start(FOREIGN, catalog.path, "write")
    assert foreign.stdout is not None
    assert foreign.stdout.readline() == "open\n"
    done: list[int] = []
    args = ("a", "sub", Build("k2", samples=samples_of("a", 6)))
    writer = threading.Thread(target=lambda: done.append(catalog.record(*args)))
    writer.start()
    writer.join(0.3)
    assert writer.is_alive()
    foreign.communicate("\n")
    writer.join(60)
    assert done == [2]


def test_a_reader_in_this_process_that_stays_open_is_reported(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=0.2)
    catalog.record("a", "sub", Build("k1", samples=samples_of("a", 5)), Run("run", "code"))
    with catalog.connect(), pytest.raises(HobanError, match="held by"):
        catalog.record("a", "sub", Build("k2", samples=samples_of("a", 6)), Run("run", "code"))
    assert catalog.find("a", "sub", "k1") is not None


def test_readers_share_the_catalog(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=0.2)
    catalog.record("a", "sub", Build("k1", samples=samples_of("a", 5)), Run("run", "code"))
    with duckdb.connect(catalog.path, read_only=True), catalog.connect():
        assert len(catalog.load("a", "sub").images) == 5
