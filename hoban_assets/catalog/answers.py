"""Questions to the catalog without pandas, for commands that answer at once.

Importing pandas takes 0.4 s, as long as everything else that a command does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from hoban_assets.catalog.access import reading
from hoban_assets.errors import HobanError

Row: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[..., list[Row]]
"""``ask(sql, params=None)``: rows of one SELECT as dictionaries, in the order of its columns."""


@contextmanager
def asking(path: Path, deadline: float = 60.0) -> Iterator[Ask]:
    """Open the catalog at `path` to read, for several questions over one state of it.

    Writers wait meanwhile: ask, close, then compute.

    Raises:
        HobanError: there is no catalog yet, or it cannot be opened (see `Catalog`).
        duckdb.Error: a statement is wrong.
    """
    if not path.exists():
        raise HobanError(
            f"nothing was built yet: there is no catalog {path}",
            "run: dagster asset materialize --select '*dataset_v9' --partition sub "
            "(or set HOBAN_DATA_ROOT to where it lies)",
        )
    with reading(path, deadline) as connection:

        def ask(sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[Row]:
            return _rows(connection.sql(sql, params=params))

        yield ask


def _rows(relation: duckdb.DuckDBPyRelation) -> list[Row]:
    names = relation.columns
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
