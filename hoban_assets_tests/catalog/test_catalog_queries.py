"""The named questions: rows a class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from catalog_examples import samples_of

from hoban_assets.catalog import queries
from hoban_assets.catalog.answers import Row, asking
from hoban_assets.catalog.store import Catalog
from hoban_assets.samples import Samples


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=5)
    catalog.record("pool", "sub", "run", "code", "key", samples_of("pool", 6))
    return catalog


def test_classes_are_counted_by_source_and_split_in_images_and_boxes(catalog: Catalog) -> None:
    bare = replace(samples_of("empty", 1), boxes=Samples.empty().boxes)
    catalog.record("mixed", "sub", "run", "code", "key", bare)
    with asking(catalog.path) as ask:
        pool = queries.class_table(ask, "pool", "sub")
        mixed = queries.class_table(ask, "mixed", "sub")
    assert values(pool) == [
        ["person_with_helmet", "pool", "train", 3, 3],
        ["person_with_helmet", "pool", None, 3, 3],
        ["person_without_helmet", "pool", "train", 2, 2],
        ["person_without_helmet", "pool", None, 2, 2],
    ]
    assert values(mixed) == [["background", "empty", "train", 1, 0]]


def values(rows: list[Row]) -> list[list[object]]:
    return [list(row.values()) for row in rows]


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
