"""The catalog at 10 million boxes: time and memory of record, load and commands, against 1 million.

Both catalogs are made and asked in processes of their own. What counts is processor time, as wall
time of so long a row tells of the neighbours. A command that reads what it needs by its key grows
little; what touches every row may grow as the rows do.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import commands
from benchmarks.harness import Context, Criterion, Result, fresh
from benchmarks.worker import Timing, Work, call

LINEAR = 12.0
"""Times that ten times the rows may cost: linear, and a fifth for longer sorts."""
BY_KEY = 3.0
"""Times that a question about one image or a few totals may cost."""
MOST_GIGABYTES = 6.0
ASKED: dict[str, float] = {"status": BY_KEY, "why": BY_KEY, "diff": LINEAR}
"""Commands of the row `commands` that are asked here, and how much they may grow."""


def run(context: Context) -> Result:
    """Make both catalogs, one after the other, and ask them the same."""
    sizes = {"small": context.size(1_150, 20), "large": context.size(11_500, 60)}
    found = {name: _measured(context, name, scale) for name, scale in sizes.items()}
    small, large = found["small"], found["large"]
    boxes, fewer = (side["record"].result["boxes"] for side in (large, small))
    growth = {"record": LINEAR, "load": LINEAR, **ASKED}
    return Result(
        criteria=[
            *(
                Criterion(
                    f"{what}, {boxes:,} boxes / {fewer:,}, processor time",
                    f"{large[what].processor_seconds:.2f} s",
                    f"{small[what].processor_seconds:.2f} s",
                    large[what].processor_seconds / small[what].processor_seconds,
                    most,
                    "at most",
                )
                for what, most in growth.items()
            ),
            Criterion(
                f"highest memory of all of them, {boxes:,} boxes",
                f"{max(t.peak_mb for t in large.values()) / 1000:.2f} GB",
                f"{max(t.peak_mb for t in small.values()) / 1000:.2f} GB",
                max(t.peak_mb for t in large.values()) / 1000,
                MOST_GIGABYTES,
                "at most",
                " GB",
            ),
        ],
        notes=[_told(side) for side in found.values()],
        samples={
            f"{name} {what}": [round(t.seconds, 3), round(t.processor_seconds, 3)]
            for name, side in found.items()
            for what, t in side.items()
        },
    )


def _measured(context: Context, name: str, scale: int) -> dict[str, Timing]:
    """Every step at one size, once: 'record', 'load' and the commands."""
    folder = context.folder / name
    data = folder / "data"
    (fresh(folder) / "dagster").mkdir(parents=True)
    env = {
        **os.environ,
        "DAGSTER_HOME": str(folder / "dagster"),
        "HOBAN_DATA_ROOT": str(data),
        "HOBAN_RAW_ROOT": str(folder / "raw"),
    }
    timings = {
        "record": call(f"{__name__}:record", data=str(data), scale=scale),
        "load": call(f"{__name__}:load", data=str(data)),
    }
    for command in ASKED:
        words = [str(commands.HOBAN), *commands.COMMANDS[command]]
        _command(words, env)  # the first one of all fills small caches
        timings[command] = _command(words, env)
    context.say(_told(timings))
    return timings


def _told(timings: dict[str, Timing]) -> str:
    made = timings["record"].result
    steps = ", ".join(
        f"{what} {t.seconds:.1f} s ({t.processor_seconds:.1f} s of processor, {t.peak_mb:,.0f} MB)"
        for what, t in timings.items()
    )
    return (
        f"{made['boxes']:,} boxes on {made['images']:,} images, file of {made['bytes'] / 1e6:,.0f} "
        f"MB: {steps}"
    )


def _command(command: list[str], env: dict[str, str]) -> Timing:
    """Run a command; its peak memory is that of its own process."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    spent = used.ru_utime + used.ru_stime
    return Timing(time.perf_counter() - start, spent, used.ru_maxrss / 1024, None)


def record(data: str, scale: int) -> Work:
    """Record stages, datasets and models of `commands.fill`; the making of the rows counts too."""
    from hoban_assets.catalog.store import Catalog

    fill = commands.fill(data, scale)
    catalog = Catalog(Path(data) / "catalog.duckdb")

    def work() -> Callable[[], dict[str, Any]]:
        fill()
        return lambda: {
            "boxes": int(catalog.query("SELECT count(*) AS n FROM boxes").n[0]),
            "images": int(catalog.query("SELECT count(*) AS n FROM images").n[0]),
            "bytes": catalog.path.stat().st_size,
        }

    return work


def load(data: str) -> Work:
    """Load the larger dataset whole, as training and publishing do."""
    from hoban_assets.catalog.store import Catalog

    catalog = Catalog(Path(data) / "catalog.duckdb")
    return lambda: len(catalog.load("dataset_v9", "full").boxes)
