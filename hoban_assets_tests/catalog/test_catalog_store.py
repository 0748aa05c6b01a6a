"""What is recorded can be found again, row by row; the views keep their contract."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from catalog_examples import ledger_of, metrics, samples_of

from hoban_assets.catalog import access
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.errors import HobanError
from hoban_assets.samples import Samples

CONTRACT = {
    "materializations": "materialization_id asset partition run_id created_at code_version "
    "data_version path images boxes is_current",
    "images": "asset partition image_id source file width height content_hash labelled_classes "
    "group_id split",
    "boxes": "asset partition image_id class_id class_name x_center y_center width height area "
    "origin",
    "decisions": "asset partition image_id stage rule action file row value threshold witness",
    "metrics": "asset partition run_id epoch split source class_name metric value",
    "ignore_regions": "asset partition image_id class_id class_name x_center y_center width "
    "height area origin",
    "image_facts": "asset partition image_id bytes sharpness brightness",
    "stages": "asset partition stage images_in images_kept images_dropped boxes_in boxes_kept "
    "boxes_dropped seconds",
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "데이터 [1]'s" / "catalog.duckdb", deadline=5)


def record(catalog: Catalog, asset: str = "helmet_60k", key: str = "k1", **more: object) -> int:
    return catalog.record(asset, "sub", Build(key, **more), Run("run-1", "code-1"))  # type: ignore[arg-type]


def test_samples_come_back_exactly_as_they_were(catalog: Catalog) -> None:
    samples = samples_of("helmet", 100)
    record(catalog, samples=samples)
    record(catalog, "coco_person", samples=samples_of("coco", 7))

    loaded = catalog.load("helmet_60k", "sub")

    for name in ("images", "boxes", "decisions"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(samples, name))
    assert loaded.data_version() == samples.data_version()
    assert samples.decisions.shape[0] == 34


def test_an_asset_without_a_single_image_comes_back_too(catalog: Catalog) -> None:
    record(catalog, samples=Samples.empty())
    assert catalog.load("helmet_60k", "sub").data_version() == Samples.empty().data_version()


@pytest.mark.parametrize("view", CONTRACT)
def test_views_have_the_columns_of_the_contract_in_order(catalog: Catalog, view: str) -> None:
    record(catalog, samples=samples_of("helmet", 3))
    assert list(catalog.query(f"SELECT * FROM {view}").columns) == CONTRACT[view].split()


def test_columns_that_users_compare_have_the_promised_types(catalog: Catalog) -> None:
    record(catalog)
    types = (
        catalog.query(
            "SELECT table_name || '.' || column_name AS name, data_type "
            "FROM information_schema.columns WHERE table_schema = 'main'"
        )
        .set_index("name")
        .data_type
    )
    assert types["decisions.value"] == "VARCHAR"
    assert types["decisions.threshold"] == "DOUBLE"
    assert types["images.labelled_classes"] == "VARCHAR[]"


def test_boxes_are_labels_and_ignore_regions_stand_apart(catalog: Catalog) -> None:
    record(catalog, samples=samples_of("helmet", 30))
    counts = catalog.query(
        "SELECT (SELECT count(*) FROM boxes) AS labels, "
        "(SELECT count(*) FROM ignore_regions) AS regions, boxes FROM materializations"
    )
    assert counts.values.tolist() == [[50, 10, 50]]


def test_a_new_materialization_replaces_the_old_one_in_the_views(catalog: Catalog) -> None:
    old = record(catalog, key="k1", samples=samples_of("helmet", 30), path="artifacts/old")
    new = record(catalog, key="k2", samples=samples_of("helmet", 12), path="artifacts/new")

    assert catalog.query("SELECT count(*) AS n FROM images").n[0] == 12
    lines = catalog.query(
        "SELECT materialization_id, path, images, is_current FROM materializations ORDER BY 1"
    )
    assert lines.values.tolist() == [
        [old, str(catalog.path.parent / "artifacts/old"), 30, False],
        [new, str(catalog.path.parent / "artifacts/new"), 12, True],
    ]
    assert len(catalog.load("helmet_60k", "sub", old).images) == 30


def test_partitions_are_current_on_their_own(catalog: Catalog) -> None:
    catalog.record("helmet_60k", "sub", Build("k", samples=samples_of("helmet", 3)), Run("r", "c"))
    catalog.record("helmet_60k", "full", Build("k", samples=samples_of("helmet", 9)), Run("r", "c"))
    assert len(catalog.load("helmet_60k", "sub").images) == 3
    assert len(catalog.load("helmet_60k", "full").images) == 9


def test_unchanged_inputs_are_recognised_only_in_the_current_materialization(
    catalog: Catalog,
) -> None:
    samples = samples_of("helmet", 4)
    record(catalog, key="k1", samples=samples)
    found = catalog.find("helmet_60k", "sub", "k1")
    assert found is not None
    assert (found.run_id, found.images, found.boxes) == ("run-1", 4, 6)
    assert found.data_version == samples.data_version()

    record(catalog, key="k2", samples=samples)
    assert catalog.find("helmet_60k", "sub", "k1") is None
    assert catalog.find("helmet_60k", "full", "k2") is None


def test_ledger_and_metrics_belong_to_the_materialization(catalog: Catalog) -> None:
    samples = samples_of("helmet", 10)
    record(catalog, samples=samples, stages=ledger_of(samples))
    record(catalog, "model_v9", metrics=metrics(), path="models/x", data_version="v")

    stages = catalog.query("SELECT * EXCLUDE (seconds) FROM stages")
    assert stages.values.tolist() == [["helmet_60k", "sub", "drop last", 10, 9, 1, 20, 18, 2]]
    values = catalog.query(
        "SELECT run_id, epoch, source, value FROM metrics ORDER BY epoch NULLS LAST"
    )
    assert values.run_id.tolist() == ["run-1"] * 3
    assert values.epoch.tolist() == [1, 2, pd.NA]
    assert values.source.isna().all()
    assert values.value.tolist() == [0.5, 0.75, 0.9]


def test_rows_of_old_materializations_are_pruned_and_their_lines_stay(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.duckdb", deadline=5, keep=2)
    other = record(catalog, "coco_person", samples=samples_of("coco", 5))
    ids = [record(catalog, key=f"k{n}", samples=samples_of("helmet", n + 1)) for n in range(4)]

    kept = catalog.query(
        "SELECT materialization_id AS id, count(*) AS n FROM store.images GROUP BY 1 ORDER BY 1"
    )
    assert kept.values.tolist() == [[other, 5], [ids[2], 3], [ids[3], 4]]
    for table in ("boxes", "decisions"):
        assert set(catalog.query(f"SELECT materialization_id AS i FROM store.{table}").i) == {
            other,
            *ids[2:],
        }
    assert len(catalog.query("SELECT * FROM materializations")) == 5
    with pytest.raises(HobanError, match="no rows"):
        catalog.load("helmet_60k", "sub", ids[0])

    catalog.prune(keep=1)
    assert len(catalog.load("helmet_60k", "sub").images) == 4
    with pytest.raises(HobanError, match="no rows"):
        catalog.load("helmet_60k", "sub", ids[2])


def test_rows_of_a_model_cannot_be_loaded(catalog: Catalog) -> None:
    record(catalog, "model_v9", metrics=metrics())
    with pytest.raises(HobanError, match="model_v9 sub has no rows"):
        catalog.load("model_v9", "sub")


def test_before_the_first_materialization_there_is_nothing_to_find(catalog: Catalog) -> None:
    assert catalog.find("helmet_60k", "sub", "k1") is None
    assert catalog.current("helmet_60k", "sub") is None
    with pytest.raises(HobanError, match=r"no catalog yet.*make demo"):
        catalog.query("SELECT 1")
    assert not catalog.path.parent.exists()


def test_an_asset_that_was_never_materialized_says_what_to_run(catalog: Catalog) -> None:
    record(catalog)
    with pytest.raises(HobanError, match="hoban build fallen_pool --partition full"):
        catalog.load("fallen_pool", "full")


def test_a_table_that_does_not_fit_changes_nothing(catalog: Catalog) -> None:
    record(catalog, samples=samples_of("helmet", 3))
    with pytest.raises(ValueError, match="columns missing: value"):
        record(catalog, metrics=pd.DataFrame({"metric": ["mAP50"]}))
    assert len(catalog.query("SELECT * FROM materializations")) == 1
    assert list((catalog.path.parent / ".catalog-staging").iterdir()) == []


def test_readers_cannot_write(catalog: Catalog) -> None:
    record(catalog)
    with catalog.connect() as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("DELETE FROM store.materializations").fetchall()


def test_a_wrong_statement_is_the_callers_error(catalog: Catalog) -> None:
    record(catalog)
    with pytest.raises(duckdb.BinderException):
        catalog.query("SELECT no_such_column FROM images")


def test_an_older_schema_is_upgraded_by_the_next_use_reader_or_writer(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(catalog, samples=samples_of("helmet", 3))
    now, later = access.SCHEMA_VERSION, access.SCHEMA_VERSION + 1
    monkeypatch.setattr(access, "SCHEMA_VERSION", later)
    monkeypatch.setitem(
        access.UPGRADES, later, "ALTER TABLE store.images ADD COLUMN camera VARCHAR"
    )

    assert catalog.query("SELECT camera FROM store.images").camera.isna().all()
    assert len(catalog.load("helmet_60k", "sub").images) == 3
    assert catalog.query("SELECT version FROM store.schema_version").version.tolist() == [
        now,
        later,
    ]


def test_a_catalog_of_newer_code_is_left_alone(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(catalog)
    newer = rf"schema version {access.SCHEMA_VERSION}.*update the checkout"
    monkeypatch.setattr(access, "SCHEMA_VERSION", 0)
    with pytest.raises(HobanError, match=newer):
        record(catalog)
    with pytest.raises(HobanError, match=newer):
        catalog.query("SELECT 1")


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 42 AS answer")
    with pytest.raises(HobanError, match="no catalog of hoban_assets"):
        record(Catalog(path, deadline=5))
    with duckdb.connect(path, read_only=True) as connection:
        assert connection.execute("SHOW ALL TABLES").fetchall()[0][2] == "mine"
