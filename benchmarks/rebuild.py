"""Row 5: a second run of ``*dataset_v9`` on unchanged inputs reads no raw label and no image.

Proved in two ways at once. An audit hook counts what the run's own process opens below the raw
root. And before each run every raw file gets an access time long ago: one that is newer afterwards
was read, by whatever process or library (relatime moves an access time that is older than the
last change; the first run shows that it does here).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.duplicates import fastdup_python
from benchmarks.harness import Context, Criterion, Result
from benchmarks.worker import Work, call

ASSET = "dataset_v9"
PARTITION = "sub"
LONG_AGO = 1_000_000_000
"""Access time given to raw files, seconds since 1970: 2001."""


def run(context: Context) -> Result:
    """Draw a raw tree, build the dataset twice, each time in a fresh process."""
    images = context.size(600, 80)
    raw_root = str(context.folder / "raw")
    drawn = call(f"{__name__}:draw", raw_root=raw_root, images=images)
    context.say(f"sample of {images} images drawn in {drawn.seconds:.1f} s")
    environment = {
        "DAGSTER_HOME": str(context.folder / "dagster"),
        "HOBAN_RAW_ROOT": raw_root,
        "HOBAN_DATA_ROOT": str(context.folder / "data"),
        "HOBAN_FASTDUP_PYTHON": str(fastdup_python()),
    }
    first, second = (
        call(f"{__name__}:materialize", environment=environment, raw_root=raw_root)
        for _ in range(2)
    )
    before, after = first.result, second.result
    if not before["read"]:
        raise RuntimeError("the first run left no trace: this file system keeps no access times")
    if before["versions"] != after["versions"]:
        raise RuntimeError(f"the second run changed: {before['versions']}, {after['versions']}")
    return Result(
        criteria=(
            Criterion(
                f"second *{ASSET} ({PARTITION}), unchanged inputs: raw files opened by the run",
                f"{after['opened']}",
                f"first: {before['opened']:,}",
                after["opened"],
                0,
                "at most",
                "",
            ),
            Criterion(
                "raw files read by any process or library (access times)",
                f"{after['read']}",
                f"first: {before['read']:,} of {before['files']:,}",
                after["read"],
                0,
                "at most",
                "",
            ),
        ),
        notes=(
            f"first run {first.seconds:.2f} s, second {second.seconds:.2f} s, in process; "
            f"assets {', '.join(after['versions'])}; listing folders and stat are not reading; "
            f"examples of what the second run read: {after['examples'] or 'none'}",
        ),
        samples={"first": [round(first.seconds, 3)], "second": [round(second.seconds, 3)]},
    )


def draw(raw_root: str, images: int) -> Work:
    """Write the project's own sample: a raw tree in every raw format."""
    from hoban_assets.sample_data import generate

    def work() -> None:
        generate(Path(raw_root), images)

    return work


def materialize(raw_root: str) -> Work:
    """Time one run of the graph up to the dataset, in this process."""
    import dagster as dg

    from hoban_assets.definitions import defs

    definitions = defs() if callable(defs) else defs
    wanted = dg.AssetSelection.assets(ASSET).upstream()
    Path(os.environ["DAGSTER_HOME"]).mkdir(exist_ok=True)
    job = dg.define_asset_job("bench", wanted, partitions_def=None)
    resolved = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).get_job_def("bench")

    def work() -> Callable[[], dict[str, Any]]:
        with dg.DagsterInstance.get() as instance:
            done = resolved.execute_in_process(partition_key=PARTITION, instance=instance)
        versions = {
            event.materialization.asset_key.to_user_string(): _data_version(event.materialization)
            for event in done.get_asset_materialization_events()
        }
        return lambda: {"versions": versions, **trace()}

    trace = _start_tracing(Path(raw_root))
    return work


def _data_version(materialization: Any) -> str:
    return str(materialization.tags["dagster/data_version"])


def _start_tracing(raw_root: Path) -> Callable[[], dict[str, Any]]:
    """Watch what is read below `raw_root` from now on; call the result for what was."""
    files = [path for path in raw_root.rglob("*") if path.is_file()]
    for path in files:
        stat = path.stat()
        os.utime(path, ns=(LONG_AGO * 10**9, stat.st_mtime_ns))
    opened: set[str] = set()
    prefix = f"{raw_root}{os.sep}"

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.fsdecode(arguments[0])
            if path.startswith(prefix):
                opened.add(path)

    sys.addaudithook(hook)

    def trace() -> dict[str, Any]:
        read = [str(path) for path in files if path.stat().st_atime_ns != LONG_AGO * 10**9]
        return {
            "files": len(files),
            "opened": len(opened),
            "read": len(read),
            "examples": sorted({*opened, *read})[:3],
        }

    return trace
