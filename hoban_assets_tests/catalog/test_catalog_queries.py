"""What may be asked, and what a macro answers."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from catalog_examples import samples_of

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.curation.packed_boxes import pairwise_iou


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=5)
    catalog.record("pool", "sub", Build("key", samples=samples_of("pool", 6)), Run("run", "code"))
    return catalog


@pytest.mark.parametrize(
    "view",
    [
        "SELECT content AS asset FROM read_text('{file}')",
        "SELECT * FROM read_csv('{file}')",
        "SELECT file AS asset FROM glob('{file}')",
        "SELECT content AS asset FROM read_blob('{file}')",
    ],
)
def test_a_view_of_a_stranger_s_catalog_reads_no_other_file(catalog, tmp_path, view):
    file = tmp_path / "elsewhere"
    file.write_text("a,b\n1,2\n")
    with duckdb.connect(catalog.path) as connection:
        sql = view.format(file=file)
        connection.execute(f"CREATE OR REPLACE VIEW materializations AS {sql}")
    with asking(catalog.path, 5) as ask, pytest.raises(duckdb.Error, match="disabled"):
        ask("SELECT * FROM materializations")


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{file}'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/hostname'",
        "ATTACH '{file}' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_text('http://127.0.0.1:9/x')",
        "SET enable_external_access = true",
        "SELECT 1; COPY (SELECT 1) TO '{file}'",
        "EXPORT DATABASE '{file}'",
        "DELETE FROM store.images",
    ],
)
def test_a_sealed_question_reaches_nothing_but_the_catalog(catalog, tmp_path, statement):
    file = tmp_path / "elsewhere"
    with asking(catalog.path, sealed=True) as ask:
        with pytest.raises(duckdb.Error):
            ask(statement.format(file=file))
        assert ask("SELECT count(*) AS n FROM images") == [{"n": 6}]
    assert not file.exists()


def test_overlap_and_size_in_sql_are_those_of_the_code(catalog: Catalog) -> None:
    rng = np.random.default_rng(3)
    boxes = rng.uniform((0.2, 0.2, 0.01, 0.01), (0.8, 0.8, 0.5, 0.5), (40, 4))
    corners = np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2])
    wanted = pairwise_iou(corners, corners)
    with asking(catalog.path) as ask:
        for a in range(0, 40, 2):
            values = [*map(float, (*boxes[a], *boxes[a + 1]))]
            told = ask("SELECT iou(?, ?, ?, ?, ?, ?, ?, ?) AS iou", values)[0]["iou"]
            assert told == pytest.approx(wanted[a, a + 1])
        assert ask("SELECT iou(3, 3, 0, 2, 3, 3, 0, 2) AS iou") == [{"iou": 0}]
        sides = ask(
            "SELECT side_px(0.25, 1280, 640, 640) AS wide, side_px(0.25, 0, 0, 640) AS unknown"
        )
        assert sides == [{"wide": pytest.approx(320 / 2**0.5), "unknown": 320}]
