"""Row: near-duplicates by the engine `copies`, from files to proved pairs, against fastdup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import fastdup_peer, photographs
from benchmarks.duplicates import SIDE, THRESHOLD, fastdup_python
from benchmarks.harness import Context, Criterion, Result, fresh, in_turn, median, samples
from benchmarks.worker import Timing, Work, call

LIMIT = 1.0


def run(context: Context) -> Result:
    """Write photographs; then both engines in turn on them, each from nothing."""
    images = context.size(3_000, 120)
    photos = context.folder / "photos"
    call(
        f"{photographs.__name__}:write",
        folder=str(photos),
        count=images,
        width=SIDE,
        height=SIDE,
    )

    def ours(_: int) -> Timing:
        return call(f"{__name__}:find", photos=str(photos))

    def peer(_: int) -> Timing:
        work_dir = fresh(context.folder / "fastdup")
        return call(
            f"{fastdup_peer.__name__}:run",
            python=fastdup_python(),
            photos=str(photos),
            work_dir=str(work_dir),
        )

    timings = in_turn(context, {"copies": ours, "fastdup.run": peer})
    total, alone = median(timings["copies"]), median(timings["fastdup.run"])
    found = timings["copies"][0].result
    return Result(
        criteria=(
            Criterion(
                f"engine copies on {images:,} photographs: time / fastdup.run alone",
                f"{total:.2f} s",
                f"{alone:.2f} s",
                total / alone,
                LIMIT,
                "at most",
            ),
        ),
        notes=(
            f"{photographs.origin()}, {SIDE}x{SIDE}; ours from files to proved pairs: sketches "
            f"{found['sketches_s']:.2f} s, {found['pairs']:,} pairs at >= {THRESHOLD}",
        ),
        samples=samples(timings),
    )


def find(photos: str) -> Work:
    """Time the engine on all files of a folder."""
    import os
    import time

    from hoban_assets.curation.copies.reading import sketches_of
    from hoban_assets.curation.copies.search import copy_graph

    files = sorted(Path(photos).glob("*.jpg"))
    workers = os.cpu_count() or 1

    def work() -> dict[str, Any]:
        started = time.perf_counter()
        rows = sketches_of(files, workers)
        sketched = time.perf_counter() - started
        graph = copy_graph(rows, workers)
        pairs = int((graph.copies.similarity >= THRESHOLD).sum())
        return {"sketches_s": sketched, "pairs": pairs}

    return work
