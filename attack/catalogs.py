"""The catalog: processes that write at once, one of them killed, while others hold the file."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from attack.harness import FORK, Row, duration_of, killed_at_random

WRITERS, TIMES, KILLED_TIMES = 3, 2, 9


def rows(folder: Path, size: int, dice: random.Random) -> list[Row]:
    """`size` races."""
    # Imported here, so that the processes of a race begin with their work.
    import catalog_examples  # noqa: F401
    import duckdb  # noqa: F401

    import hoban_assets.catalog.store  # noqa: F401

    row = Row("catalog: writers at once, one killed, one reader", size)
    longest = duration_of(lambda: _alone(folder / "alone" / "catalog.duckdb"))
    for number in range(size):
        path = folder / str(number) / "catalog.duckdb"
        path.parent.mkdir(parents=True)
        row.note(_race(path, longest * WRITERS, dice))
    return [row]


def write(path: Path, asset: str, times: int = TIMES) -> None:
    """Record an asset `times` times; each build has one image more than the one before."""
    from catalog_examples import samples_of

    from hoban_assets.catalog.store import Build, Catalog, Run

    catalog = Catalog(path)
    for n in range(times):
        catalog.record(
            asset,
            "sub",
            Build(f"{asset}-{n}", samples=samples_of(asset, 20 + n)),
            Run("run", "code"),
        )


def hold(path: Path, seconds: float) -> None:
    """Hold the file as a shell of DuckDB does."""
    import duckdb

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with duckdb.connect(path, read_only=True):
                time.sleep(seconds)
            return
        except duckdb.Error:
            time.sleep(0.02)


def _alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    process = FORK.Process(target=write, args=(path, "killed", KILLED_TIMES))
    process.start()
    process.join()


def _race(path: Path, longest: float, dice: random.Random) -> str | None:
    others = [FORK.Process(target=write, args=(path, f"asset_{n}")) for n in range(WRITERS)]
    others.append(FORK.Process(target=hold, args=(path, dice.uniform(0, 0.3))))
    for process in others:
        process.start()
    killed_at_random(write, (path, "killed", KILLED_TIMES), longest, dice)
    for process in others:
        process.join()
    if wrong := [p.exitcode for p in others if p.exitcode]:
        return f"writers ended with {wrong}"
    judged: Any = FORK.Queue()
    judge = FORK.Process(target=_judge, args=(path, judged))
    judge.start()
    judge.join()
    return "the catalog cannot be read" if judge.exitcode else judged.get()


def _judge(path: Path, told: Any) -> None:
    """Every asset is what was written last, whole; the killed one's last build, or none."""
    from catalog_examples import samples_of

    from hoban_assets.catalog.store import Catalog

    write(path, "afterwards", 1)
    catalog = Catalog(path, deadline=5)
    rows = catalog.query(
        "SELECT asset, count(*) AS n, count(*) FILTER (is_current) AS now, "
        "max(images) AS images FROM materializations GROUP BY asset"
    ).set_index("asset")
    wrong = None
    for asset, row in rows.iterrows():
        wanted = {"afterwards": 1, "killed": int(row.n)}.get(str(asset), TIMES)
        whole = samples_of(str(asset), 19 + wanted).data_version()
        if (row.n, row.now) != (wanted, 1):
            wrong = f"{asset}: {row.n} builds, {row.now} current"
        elif catalog.load(str(asset), "sub").data_version() != whole:
            wrong = f"{asset}: other rows than were written"
    lost = {f"asset_{n}" for n in range(WRITERS)} - set(rows.index)
    told.put(f"lost: {sorted(lost)}" if lost else wrong)
