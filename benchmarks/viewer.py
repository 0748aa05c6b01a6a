"""`hoban view` opens 60,000 pictures with 130,000 boxes and more, and answers a filter."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import (
    Context,
    Criterion,
    Result,
    in_turn,
    median,
    processor_median,
    samples,
)
from benchmarks.worker import Work, call

PICTURES = 65_000
OPEN_SECONDS, FILTER_SECONDS = 60.0, 1.0
CATALOG = "benchmarks.commands:fill"


def run(context: Context) -> Result:
    """Fill a catalog whose dataset has `PICTURES` pictures, then open it and filter."""
    scale = context.size(PICTURES * 8 // 6 // 130, 20)
    data = str(context.folder / "data")
    call(CATALOG, data=data, scale=scale)
    sides = {
        name: lambda _turn, name=name: call(f"{__name__}:{name}", data=data)
        for name in ("opened", "filtered")
    }
    timings = in_turn(context, sides)
    shown = timings["opened"][0].result
    busy = {name: processor_median(timings[name]) for name in sides}
    what = f"{shown['pictures']:,} pictures, {shown['boxes']:,} boxes"
    return Result(
        criteria=[
            Criterion(
                f"hoban view opens {what}, processor time",
                f"{busy['opened']:.1f} s",
                "",
                busy["opened"],
                OPEN_SECONDS,
                "at most",
                " s",
            ),
            Criterion(
                f"a filter of it, {what}, processor time",
                f"{busy['filtered']:.2f} s",
                "",
                busy["filtered"],
                FILTER_SECONDS,
                "at most",
                " s",
            ),
        ],
        notes=(f"wall: opened in {median(timings['opened']):.1f} s",),
        samples=samples(timings),
    )


def opened(data: str) -> Work:
    """Open the newest dataset as the command does."""
    from hoban_assets.viewer.store import Filter, Store

    def work() -> dict[str, int]:
        store = Store(Path(data) / "catalog.duckdb", "dataset_v9", "full")
        shown = store.pictures(Filter(), limit=1)
        return {"pictures": shown["total"], "boxes": store.boxes}

    return work


def filtered(data: str) -> Work:
    """Ask an open viewer for the first pictures of a class and a rule."""
    from hoban_assets.viewer.store import Filter, Store

    store = Store(Path(data) / "catalog.duckdb", "dataset_v9", "full")
    return lambda: store.pictures(Filter(class_name="person", rule="clipped"))["total"]
