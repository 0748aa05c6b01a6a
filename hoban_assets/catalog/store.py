"""`Catalog`: what was materialised, with every row and every decision. Knows nothing of Dagster."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from hoban_assets.asset_names import DATASET, MODEL, kind_of, version_of
from hoban_assets.catalog import rows
from hoban_assets.catalog.access import reading, staging, writing
from hoban_assets.catalog.builds import Build as Build
from hoban_assets.catalog.builds import Materialization as Materialization
from hoban_assets.catalog.builds import Run as Run
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, as_table

UNKNOWN = Run()


class Catalog:
    """The DuckDB catalog at `path`, shared by every process that works on a data root.

    No connection outlives a method, so any number of processes can use it at once; each call
    waits up to `deadline` seconds for others. Rows (images, boxes, decisions) are kept for the
    newest `keep` materialisations of each asset and partition.

    Every method raises HobanError where the file is held by a foreign process, damaged, not
    readable, or the disk is full; what was recorded before stays as it is.
    """

    def __init__(self, path: Path, *, deadline: float = 60.0, keep: int = 5) -> None:
        if keep < 1:
            raise ValueError("keep at least the current materialisation")
        self.path = path
        self.deadline = deadline
        self.keep = keep

    def record(self, asset: str, partition: str, build: Build, run: Run = UNKNOWN) -> int:
        """Record a materialisation, which becomes the current one; return its id.

        Rows are written to a temporary folder first, then taken over in one short transaction:
        a reader sees all of it or nothing. `build.metrics` may leave out columns of METRICS_SCHEMA
        but 'metric' and 'value'.

        Raises:
            ValueError: a table lacks a column, or holds what its type cannot hold.
        """
        tables = rows.tables(build)
        kind = kind_of(asset)
        of_rows = build.samples.data_version() if build.samples is not None else None
        line = {
            "asset": asset,
            "kind": kind,
            "version": version_of(asset) if kind in (DATASET, MODEL) else None,
            "partition": partition,
            "run_id": run.id,
            "created_at": datetime.now(UTC).replace(tzinfo=None),
            "code_version": run.code_version,
            "data_version": build.data_version or of_rows,
            "input_key": build.input_key,
            "path": build.path and rows.below(build.path, self.path.parent.absolute()),
            "recipe": None if build.recipe is None else json.dumps(build.recipe),
            "ingredients": None if build.ingredients is None else json.dumps(build.ingredients),
            **rows.counts(build.samples),
        }
        with staging(self.path) as folder:
            files = {name: folder / f"{name}.parquet" for name, t in tables.items() if len(t)}
            for name, file in files.items():
                pq.write_table(tables[name], file, compression="none")
            with writing(self.path, self.deadline) as connection:
                materialization_id = rows.insert_line(connection, line)
                for name, file in files.items():
                    rows.insert_rows(connection, name, file, materialization_id)
                rows.prune(connection, self.keep)
        return materialization_id

    def put_decisions(self, materialization_id: int, stage: str, decisions: pd.DataFrame) -> None:
        """Record what was decided about rows later than they were built: reviews of a model.

        What the same `stage` decided before is replaced, in one transaction.

        Raises:
            ValueError: a column is missing, or holds what its type cannot hold.
        """
        table = as_table(decisions.assign(stage=stage), DECISIONS_SCHEMA)
        with staging(self.path) as folder:
            pq.write_table(table, file := folder / "decisions.parquet", compression="none")
            with writing(self.path, self.deadline) as connection:
                connection.execute(
                    "DELETE FROM store.decisions WHERE materialization_id = ? AND stage = ?",
                    [materialization_id, stage],
                )
                if len(table):
                    rows.insert_rows(connection, "decisions", file, materialization_id)

    def current(self, asset: str, partition: str) -> Materialization | None:
        """Return the newest materialisation, None where there is none (or no catalog yet)."""
        if not self.path.exists():
            return None
        with self.connect() as connection:
            line = rows.line(connection, asset, partition, None)
        if line is None:
            return None
        return Materialization(**{f.name: line[f.name] for f in fields(Materialization)})

    def find(self, asset: str, partition: str, input_key: str) -> Materialization | None:
        """Return the current materialisation if exactly `input_key` went into it, else None."""
        found = self.current(asset, partition)
        return found if found is not None and found.input_key == input_key else None

    def load(self, asset: str, partition: str, materialization_id: int | None = None) -> Samples:
        """Return the rows of the current, or of an older, materialisation as they were recorded.

        Raises:
            HobanError: never materialised, not of this asset and partition, without rows (a
                model), or pruned.
        """
        if not self.path.exists():
            raise _absent(asset, partition, materialization_id)
        with self.connect() as connection:
            line = rows.line(connection, asset, partition, materialization_id)
            if line is None:
                raise _absent(asset, partition, materialization_id)
            number = line["materialization_id"]
            samples = Samples(
                *(
                    rows.read(connection, name, schema, number)
                    for name, schema in rows.TABLES.items()
                )
            )
        if any(line[name] != count for name, count in rows.counts(samples).items()):
            raise _without_rows(asset, partition, number, self.keep)
        return samples

    def small_table(self, name: str, materialization_id: int) -> pd.DataFrame:
        """Return the 'stages' or the 'checks' of a materialisation, in their order."""
        schema = rows.SMALL_TABLES[name]
        with self.connect() as connection:
            return rows.read(connection, name, schema, materialization_id)

    def prune(self, keep: int | None = None) -> None:
        """Remove the rows of all but the newest `keep` of each asset and partition."""
        if not self.path.exists():
            return
        with writing(self.path, self.deadline) as connection:
            rows.prune(connection, self.keep if keep is None else keep)

    def ingredients(self, asset: str, partition: str) -> dict[str, Any] | None:
        """Ingredients of the current materialisation; None where there is none, or it has none."""
        if not self.path.exists():
            return None
        found = self.query(
            "SELECT i.ingredients FROM materializations AS m JOIN ingredients AS i "
            "USING (materialization_id) WHERE m.is_current AND m.asset = ? AND m.partition = ?",
            [asset, partition],
        )
        text = found.ingredients.iloc[0] if len(found) else None
        made: dict[str, Any] | None = json.loads(text) if isinstance(text, str) else None
        return made

    def connect(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Read-only connection as a context manager. Writers wait meanwhile: keep it short."""
        return reading(self.path, self.deadline)

    def query(self, sql: str, params: rows.Parameters = None) -> pd.DataFrame:
        """Answer one SELECT; whole numbers with nulls come as nullable integers.

        Raises:
            duckdb.Error: the statement is wrong.
        """
        with self.connect() as connection:
            return rows.to_pandas(rows.fetch(connection, sql, params))


def _absent(asset: str, partition: str, materialization_id: int | None) -> HobanError:
    which = "" if materialization_id is None else f" as materialisation {materialization_id}"
    return HobanError(
        f"{asset} has never been materialised for partition {partition}{which}",
        f"run: {build_all(asset, partition)}",
    )


def _without_rows(asset: str, partition: str, number: int, keep: int) -> HobanError:
    return HobanError(
        f"materialisation {number} of {asset} {partition} has no rows (any more)",
        f"rows are kept for the newest {keep} of each asset and partition, models have none; "
        f"load the current one, or run: {build_all(asset, partition)}",
    )
