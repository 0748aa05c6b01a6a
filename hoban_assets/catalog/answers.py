"""Questions to the catalog without pandas, for commands that answer at once.

Importing pandas takes 0.4 s, as long as everything else that a command does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from hoban_assets.catalog.access import reading
from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_first

SEALED = "SET lock_configuration = true"
"""For statements that somebody types: no way back from what every reader is closed to."""


@contextmanager
def asking(path: Path, deadline: float = 60.0, *, sealed: bool = False) -> Iterator[Ask]:
    """Open the catalog at `path` to read, for several questions over one state of it.

    Writers wait meanwhile: ask, close, then compute. `sealed` is for statements that somebody
    types: they reach nothing but the catalog.

    Raises:
        HobanError: there is no catalog yet, or it cannot be opened (see `Catalog`).
        duckdb.Error: a statement is wrong.
    """
    if not path.exists():
        raise HobanError(
            f"nothing was built yet: there is no catalog {path}",
            f"run: {build_first('sub')} (or set HOBAN_DATA_ROOT to where it lies)",
        )
    with reading(path, deadline) as connection:
        if sealed:
            connection.execute(SEALED)

        def ask(sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[Row]:
            return _rows(connection.sql(sql, params=params))

        yield ask


def _rows(relation: duckdb.DuckDBPyRelation | None) -> list[Row]:
    if relation is None:  # a statement that answers nothing
        return []
    names = relation.columns
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
