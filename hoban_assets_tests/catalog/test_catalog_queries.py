"""The named questions: the life of an image, rows a class, what was decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from catalog_examples import samples_of

from hoban_assets.catalog import queries
from hoban_assets.catalog.answers import Row, asking
from hoban_assets.catalog.store import Catalog
from hoban_assets.samples import Samples


@pytest.fixture
def ask(catalog: Catalog):
    with asking(catalog.path) as ask:
        yield ask


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Stage `pool` with 6 images, of which `dataset` drops the first as a duplicate.

    The stage is materialised once more after the dataset.
    """
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=5)
    pool = samples_of("pool", 6)
    ids = pool.images.image_id
    dataset = pool.without_decisions().drop_images(
        np.arange(6) == 0,
        stage="dedupe",
        rule="near_duplicate",
        value=[0.97],
        threshold=0.9,
        witness=[ids[1]],
    )
    for asset, samples in (("pool", pool), ("dataset", dataset), ("pool", pool)):
        catalog.record(asset, "sub", "run", "code", "key", samples)
    return catalog


def test_the_fate_of_an_image_is_told_from_its_source_to_its_end(ask) -> None:
    life = queries.fate(ask, "pool/사진 00000.jpg")
    told = ("asset", "partition", "stage", "rule", "action", "row", "value", "boxes")
    assert [[row[name] for name in told] for row in life] == [
        ["pool", "sub", "area limits", "min_area", "ignore", 1, "0.02", None],
        ["pool", "sub", None, None, "kept", None, None, 1],
        ["dataset", "sub", "dedupe", "near_duplicate", "drop", None, "0.97", None],
    ]
    assert life[2]["witness"] == "pool/사진 00001.jpg"
    assert life[1]["split"] == "train"


def test_an_image_that_was_never_read_has_no_fate(ask) -> None:
    assert queries.fate(ask, "pool/other.jpg") == []


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
