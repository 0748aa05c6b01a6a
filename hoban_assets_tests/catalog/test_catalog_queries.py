"""The named questions: rows a class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
