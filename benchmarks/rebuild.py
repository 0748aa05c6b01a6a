"""Row 5: a second run of ``*dataset_v9`` on unchanged inputs reads no raw label and no image.

Proved in two ways at once. An audit hook counts what the run's own process opens below the raw
root. And the kernel (inotify) tells of every file there that is opened, by whatever process or
library; the first run shows that it does here. Access times would not do: setting them back is a
change of the file to whoever looks at its ctime, and a changed label is rightly read again.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.duplicates import fastdup_python
from benchmarks.harness import Context, Criterion, Result
from benchmarks.worker import Timing, Work, call

ASSET = "dataset_v9"
PARTITION = "sub"
_IN_OPEN, _IN_NONBLOCK, _IN_Q_OVERFLOW, _IN_ISDIR = 0x20, 0o4000, 0x4000, 0x40000000
"""inotify(7), from linux/inotify.h."""
_EVENT = struct.Struct("iIII")


def run(context: Context) -> Result:
    """Draw a raw tree, build the dataset twice, each time in a fresh process."""
    images = context.size(600, 80)
    raw_root = str(context.folder / "raw")
    drawn = call(f"{__name__}:draw", raw_root=raw_root, images=images)
    context.say(f"sample of {images} images drawn in {drawn.seconds:.1f} s")
    first, second = (build(context.folder, PARTITION) for _ in range(2))
    before, after = first.result, second.result
    if not before["read"]:
        raise RuntimeError("the first run left no trace: this file system tells of no opening")
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
                "raw files opened by any process or library (inotify)",
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


def build(folder: Path, partition: str, more: Mapping[str, str] | None = None) -> Timing:
    """Build the dataset from ``raw`` below `folder` in a fresh process."""
    raw_root = str(folder / "raw")
    environment = {
        "DAGSTER_HOME": str(folder / "dagster"),
        "HOBAN_RAW_ROOT": raw_root,
        "HOBAN_DATA_ROOT": str(folder / "data"),
        "HOBAN_FASTDUP_PYTHON": str(fastdup_python()),
        **(more or {}),
    }
    return call(
        f"{__name__}:materialize", environment=environment, raw_root=raw_root, partition=partition
    )


def draw(raw_root: str, images: int) -> Work:
    """Write the project's own sample: a raw tree in every raw format."""
    from hoban_assets.sample_data import generate

    def work() -> None:
        generate(Path(raw_root), images)

    return work


def materialize(raw_root: str, partition: str) -> Work:
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
            done = resolved.execute_in_process(partition_key=partition, instance=instance)
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
    watched = _watch(raw_root)
    opened: set[str] = set()
    prefix = f"{raw_root}{os.sep}"

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.fsdecode(arguments[0])
            if path.startswith(prefix):
                opened.add(path)

    sys.addaudithook(hook)

    def trace() -> dict[str, Any]:
        read = watched()
        return {
            "files": len(files),
            "opened": len(opened),
            "read": len(read),
            "examples": sorted({*opened, *read})[:3],
        }

    return trace


def _watch(raw_root: Path) -> Callable[[], set[str]]:
    """Let the kernel note every file below `raw_root` that is opened; call the result for them."""
    libc = ctypes.CDLL(None, use_errno=True)
    queue = libc.inotify_init1(_IN_NONBLOCK)
    folders = {}
    for folder in (raw_root, *(path for path in raw_root.rglob("*") if path.is_dir())):
        number = libc.inotify_add_watch(queue, os.fsencode(folder), _IN_OPEN)
        if number < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
        folders[number] = folder
    read: set[str] = set()

    def take() -> None:
        with suppress(BlockingIOError):
            while data := os.read(queue, 1 << 20):
                read.update(_opened(data, folders))

    ended = threading.Event()

    def keep_taking() -> None:  # the kernel keeps 16,384 events
        while not ended.wait(0.02):
            take()

    taking = threading.Thread(target=keep_taking, daemon=True)
    taking.start()

    def watched() -> set[str]:
        ended.set()
        taking.join()
        take()
        os.close(queue)
        return read

    return watched


def _opened(data: bytes, folders: Mapping[int, Path]) -> Iterator[str]:
    at = 0
    while at < len(data):
        number, mask, _, length = _EVENT.unpack_from(data, at)
        name = data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
        at += _EVENT.size + length
        if mask & _IN_Q_OVERFLOW:  # counts as one file more: the true number is only larger
            yield "more files than the kernel tells of at once"
        elif not mask & _IN_ISDIR:
            yield str(folders[number] / os.fsdecode(name))
