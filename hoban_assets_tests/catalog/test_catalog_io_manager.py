"""Rows go from asset to asset through the catalog, in real Dagster runs."""

from pathlib import Path

import dagster as dg
import pytest
from catalog_examples import ledger_of, metrics, samples_of

from hoban_assets.catalog.io_manager import SamplesIOManager
from hoban_assets.catalog.store import Build, Catalog
from hoban_assets.errors import HobanError
from hoban_assets.samples import Samples

PARTITIONS = dg.StaticPartitionsDefinition(["sub", "full"])


@dg.asset(partitions_def=PARTITIONS, code_version="abc", io_manager_key="samples")
def helmet_60k(context: dg.AssetExecutionContext) -> Build:
    samples = samples_of("helmet", 4 if context.partition_key == "sub" else 40)
    return Build(input_key="k1", samples=samples, stages=ledger_of(samples), path="somewhere")


@dg.asset(key="helmet_60k", partitions_def=PARTITIONS, io_manager_key="samples")
def helmet_60k_again() -> Build:
    return Build(input_key="k1", reused=True)


@dg.asset(partitions_def=PARTITIONS, io_manager_key="samples")
def dataset_v9(helmet_60k: Samples) -> Build:
    return Build(input_key="d", samples=helmet_60k, metrics=metrics(), data_version="mine")


@dg.asset(partitions_def=PARTITIONS, io_manager_key="samples")
def no_build() -> Samples:
    return samples_of("helmet", 1)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.duckdb", deadline=5)


def materialize(
    catalog: Catalog, *assets: dg.AssetsDefinition, partition: str = "sub", only: str | None = None
) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        list(assets),
        partition_key=partition,
        selection=only,
        resources={"samples": SamplesIOManager(Catalog(catalog.path))},
    )


def test_rows_reach_the_next_asset_of_the_same_partition(catalog: Catalog) -> None:
    materialize(catalog, helmet_60k, dataset_v9, partition="full")
    result = materialize(catalog, helmet_60k, dataset_v9, partition="sub")

    assert len(catalog.load("dataset_v9", "sub").images) == 4
    assert len(catalog.load("dataset_v9", "full").images) == 40
    line = catalog.current("helmet_60k", "sub")
    assert line is not None
    assert (line.run_id, line.code_version, line.input_key, line.path) == (
        result.run_id,
        "abc",
        "k1",
        str(catalog.path.parent / "somewhere"),
    )
    assert line.data_version == samples_of("helmet", 4).data_version()
    dataset = catalog.current("dataset_v9", "sub")
    assert dataset is not None
    assert dataset.data_version == "mine"
    assert len(catalog.query("SELECT * FROM stages")) == 2
    assert len(catalog.query("SELECT * FROM metrics")) == 6


def test_the_materialization_tells_its_number_in_the_catalog(catalog: Catalog) -> None:
    result = materialize(catalog, helmet_60k)
    (event,) = result.asset_materializations_for_node("helmet_60k")
    assert event.metadata["materialization_id"].value == 1


def test_a_later_run_loads_what_an_earlier_one_recorded(catalog: Catalog) -> None:
    materialize(catalog, helmet_60k)
    materialize(catalog, helmet_60k, dataset_v9, only="dataset_v9")
    assert len(catalog.load("dataset_v9", "sub").images) == 4


def test_a_reused_build_writes_nothing(catalog: Catalog) -> None:
    materialize(catalog, helmet_60k)
    materialize(catalog, helmet_60k_again, dataset_v9)
    lines = catalog.query("SELECT asset FROM materializations ORDER BY materialization_id")
    assert lines.asset.tolist() == ["helmet_60k", "dataset_v9"]
    assert len(catalog.load("dataset_v9", "sub").images) == 4


def test_a_build_cannot_be_reused_that_is_not_current(catalog: Catalog) -> None:
    materialize(catalog, helmet_60k, partition="full")
    with pytest.raises(HobanError, match=r"helmet_60k sub .*not current"):
        materialize(catalog, helmet_60k_again, partition="sub")


def test_an_upstream_that_is_missing_says_what_to_run(catalog: Catalog) -> None:
    materialize(catalog, helmet_60k, partition="full")
    way_out = r"sub -> run: hoban build helmet_60k --partition sub$"
    with pytest.raises(HobanError, match=r"helmet_60k has never been .*" + way_out):
        materialize(catalog, helmet_60k, dataset_v9, only="dataset_v9")


def test_assets_of_this_io_manager_return_a_build(catalog: Catalog) -> None:
    with pytest.raises(TypeError, match="no_build must return a Build"):
        materialize(catalog, no_build)
