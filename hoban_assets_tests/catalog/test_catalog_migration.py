"""A catalog of an earlier release is led to the schema of now, and loses nothing."""

from pathlib import Path

import duckdb
import pytest

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog

TABLES = ("images", "boxes", "decisions", "stages", "checks", "metrics", "inputs")
OLD = "/old/data root's"
LINES = [  # id, asset, path, and what is to become of it: kind, version, path below the root
    (1, "site_stage", None, ("stage", None, None)),
    (2, "dataset_v9", "{root}/artifacts/dataset_v9/sub/0a", ("dataset", "v9", True)),
    (3, "dataset_v10", f"{OLD}/artifacts/dataset_v10/sub/0b", ("dataset", "v10", True)),
    (4, "model_v9", f"{OLD}/models/model_v9/sub/0c", ("model", "v9", True)),
    (5, "model_v9", "/elsewhere/run", ("model", "v9", False)),
    (6, "dataset_v9", f"{OLD}/artifacts/dataset_v8/sub/0d", ("dataset", "v9", False)),
    (7, "benchmark_site", None, ("benchmark", None, None)),
    (8, "modeling", None, ("stage", None, None)),
]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "the data's root" / "catalog.duckdb"
    path.parent.mkdir()
    schema = Path(__file__).with_name("schema_2.sql").read_text(encoding="utf-8")
    with duckdb.connect(path) as connection:
        connection.execute(schema)
        connection.execute("INSERT INTO store.schema_version VALUES (2, now()::TIMESTAMP)")
        for number, asset, where, _ in LINES:
            place = where and where.format(root=path.parent)
            connection.execute(
                "INSERT INTO store.materializations (materialization_id, asset, partition, "
                "created_at, path, recipe, input_key) VALUES (?, ?, 'sub', now()::TIMESTAMP, ?, "
                "'{}', 'k')",
                [number, asset, place],
            )
            for table in TABLES:
                image = ", image_id" if table in ("images", "boxes") else ""
                connection.execute(
                    f"INSERT INTO store.{table} (materialization_id{image}) VALUES "
                    f"({number}{', $$a.jpg$$' if image else ''})"
                )
    return path


def test_no_row_is_lost_and_each_asset_gets_its_kind_and_version(old: Path) -> None:
    with asking(old) as ask:
        lines = ask("SELECT * FROM store.materializations ORDER BY materialization_id")
        counts = {t: ask(f"SELECT count(*) AS n FROM store.{t}")[0]["n"] for t in TABLES}
    assert counts == dict.fromkeys(TABLES, len(LINES))
    assert [line["asset"] for line in lines] == [asset for _, asset, _, _ in LINES]
    assert {line["input_key"] for line in lines} == {"k"}
    assert [(line["kind"], line["version"]) for line in lines] == [told[:2] for *_, told in LINES]


def test_paths_follow_the_data_root_also_of_one_that_had_been_moved(old: Path) -> None:
    with asking(old) as ask:
        rows = ask("SELECT path FROM materializations ORDER BY materialization_id")
    for row, (_, _, was, (*_, is_below)) in zip(rows, LINES, strict=True):
        below = was and was.replace(OLD, "{root}").format(root=old.parent)
        assert row["path"] == (below if is_below else was)
    moved = old.parent.with_name("moved")
    old.parent.rename(moved)
    found = Catalog(moved / old.name).current("dataset_v10", "sub")
    assert found is not None
    assert found.path == f"{moved}/artifacts/dataset_v10/sub/0b"


def test_a_migrated_catalog_goes_on(old: Path) -> None:
    catalog = Catalog(old)
    tree = old.parent / "artifacts" / "dataset_v9" / "sub" / "0e"
    assert catalog.record("dataset_v9", "sub", Build("new", path=str(tree))) == len(LINES) + 1
    with asking(old) as ask:
        stored = ask("SELECT path FROM store.materializations WHERE input_key = 'new'")
        assert stored == [{"path": "artifacts/dataset_v9/sub/0e"}]
        assert ask("FROM assets WHERE asset = 'dataset_v9'") == [
            {"asset": "dataset_v9", "partition": "sub", "kind": "dataset", "version": "v9",
             "materialization_id": len(LINES) + 1}
        ]  # fmt: skip
