"""Rows of the catalog, to the database and back. The SQL that `Catalog` is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa

from hoban_assets.catalog.builds import Build
from hoban_assets.samples import Samples
from hoban_assets.tables import BOXES_SCHEMA, DECISIONS_SCHEMA, IMAGES_SCHEMA, as_frame, as_table

STAGES_SCHEMA = pa.schema(
    [
        ("stage", pa.string()),
        ("images_in", pa.int64()),
        ("images_kept", pa.int64()),
        ("images_dropped", pa.int64()),
        ("boxes_in", pa.int64()),
        ("boxes_kept", pa.int64()),
        ("boxes_dropped", pa.int64()),
        ("seconds", pa.float64()),
    ]
)
METRICS_SCHEMA = pa.schema(
    [
        ("epoch", pa.int32()),  # null for what belongs to the finished model
        ("split", pa.string()),
        ("source", pa.string()),  # null = all sources together
        ("class_name", pa.string()),  # null = all classes together
        ("metric", pa.string()),
        ("value", pa.float64()),
    ]
)
CHECKS_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("passed", pa.bool_()),
        ("blocking", pa.bool_()),
        ("text", pa.string()),  # what was found
        ("numbers", pa.string()),  # JSON object
    ]
)
INPUTS_SCHEMA = pa.schema([("input", pa.string()), ("data_version", pa.string())])
SMALL_TABLES = {"stages": STAGES_SCHEMA, "checks": CHECKS_SCHEMA}
"""A few rows a materialisation, kept for ever."""
TABLES = {"images": IMAGES_SCHEMA, "boxes": BOXES_SCHEMA, "decisions": DECISIONS_SCHEMA}
"""Tables with the rows of a `Samples`; pruned once a materialisation is old."""

_NULLABLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
}

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any] | None


def tables(build: Build) -> dict[str, pa.Table]:
    """Return what is to be written, by table name."""
    samples, metrics, inputs = build.samples, build.metrics, build.inputs
    tables = {}
    if samples is not None:
        tables = {n: as_table(getattr(samples, n), schema) for n, schema in TABLES.items()}
    for name, frame in (("stages", build.stages), ("checks", build.checks)):
        if frame is not None and len(frame):
            tables[name] = as_table(frame, SMALL_TABLES[name])
    if inputs:
        tables["inputs"] = pa.table(
            {"input": list(inputs), "data_version": list(inputs.values())}, schema=INPUTS_SCHEMA
        )
    if metrics is not None and len(metrics):
        optional = [c for c in METRICS_SCHEMA.names if c not in ("metric", "value")]
        gaps = {c: None for c in optional if c not in metrics.columns}
        tables["metrics"] = as_table(metrics.assign(**gaps), METRICS_SCHEMA)
    return tables


def below(path: str, root: Path) -> str:
    """Return a path relative to the data root where it lies below it, else as it is."""
    return str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path


def counts(samples: Samples | None) -> dict[str, int | None]:
    """Count what a line of ``materializations`` tells of its rows; None where it has none."""
    if samples is None:
        return dict.fromkeys(("images", "boxes", "ignore_regions", "decisions"))
    regions = int(samples.boxes["ignore"].sum())
    return {
        "images": len(samples.images),
        "boxes": len(samples.boxes) - regions,
        "ignore_regions": regions,
        "decisions": len(samples.decisions),
    }


def insert_line(connection: duckdb.DuckDBPyConnection, line: Mapping[str, Any]) -> int:
    """Add a line of ``materializations``; return its new number."""
    # Lines are never deleted and writers take turns, so the next number was never used.
    sql = f"""
        INSERT INTO store.materializations (materialization_id, {", ".join(line)})
        SELECT coalesce(max(materialization_id), 0) + 1, {", ".join("?" * len(line))}
        FROM store.materializations
        RETURNING materialization_id"""  # noqa: S608 - names of this module
    return int(connection.execute(sql, list(line.values())).fetchall()[0][0])


def insert_rows(
    connection: duckdb.DuckDBPyConnection, table: str, file: Path, materialization_id: int
) -> None:
    """Take over the rows of a parquet file, in their order."""
    connection.execute(
        f"INSERT INTO store.{table} BY NAME "  # noqa: S608 - a name of this module
        "SELECT ?::BIGINT AS materialization_id, * FROM read_parquet(?)",
        [materialization_id, escape(str(file))],  # the path may hold what a glob means
    )


def prune(connection: duckdb.DuckDBPyConnection, keep: int) -> None:
    """Delete the rows, not the lines, of all but the newest `keep` of each asset and partition."""
    old = connection.execute(
        """SELECT materialization_id FROM store.materializations QUALIFY row_number() OVER
           (PARTITION BY asset, partition ORDER BY materialization_id DESC) > ?""",
        [keep],
    ).fetchall()
    if old:
        for table in TABLES:
            connection.execute(
                f"DELETE FROM store.{table} WHERE materialization_id IN "  # noqa: S608
                "(SELECT unnest(?::BIGINT[]))",
                [[row[0] for row in old]],
            )


def line(
    connection: duckdb.DuckDBPyConnection,
    asset: str,
    partition: str,
    materialization_id: int | None,
) -> dict[str, Any] | None:
    """Return the line of this materialisation, of the newest where it is None."""
    table = fetch(
        connection,
        """SELECT * REPLACE (store.placed(path) AS path) FROM store.materializations
           WHERE asset = $asset AND partition = $partition
             AND ($number::BIGINT IS NULL OR materialization_id = $number)
           ORDER BY materialization_id DESC LIMIT 1""",
        {"asset": asset, "partition": partition, "number": materialization_id},
    )
    return table.to_pylist()[0] if len(table) else None


def read(
    connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, number: int
) -> pd.DataFrame:
    """Return one table of a materialisation, rows in the order in which they were recorded."""
    columns = ", ".join(f'"{name}"' for name in schema.names)
    sql = f"SELECT {columns} FROM store.{table} WHERE materialization_id = ? ORDER BY rowid"  # noqa: S608
    return as_frame(fetch(connection, sql, [number]), schema)


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, params: Parameters) -> pa.Table:
    """Answer one SELECT as an Arrow table."""
    return connection.sql(sql, params=params).to_arrow_table()


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Return the table as pandas; whole numbers with nulls become nullable, not floating."""
    frame = table.to_pandas()
    for field in table.schema:
        if pa.types.is_integer(field.type) and table[field.name].null_count:
            frame[field.name] = table[field.name].to_pandas(types_mapper=_NULLABLE.get)
    return frame
