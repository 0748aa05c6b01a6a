"""Image facts on a node of a Ray cluster: fills the shared cache, where the step finds them.

Runs there as ``python -m hoban_assets.on_ray.facts`` through Dagster Pipes. Extras: ``files``
(JSON file with paths below the raw root), ``raw_root``, ``cache_file``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from dagster_pipes import PipesContext

from hoban_assets.formats.facts_cache import load, stat_files
from hoban_assets.formats.image_facts import read_facts
from hoban_assets.on_ray.node_job import run_job
from hoban_assets.pipeline.progress import progress_line


def unknown_files(files: Sequence[str], raw_root: Path, cache_file: Path) -> list[str]:
    """Those of `files` whose facts the cache does not hold, or not as they are now."""
    key = ["file", "bytes", "mtime_ns"]
    both = stat_files(files, raw_root).merge(
        load(cache_file)[key], on=key, how="left", indicator=True
    )
    return [str(file) for file in both.file[both["_merge"] == "left_only"]]


def _main(pipes: PipesContext) -> None:
    """Read the facts of the files named, with a thread for each processor of the node."""
    files = json.loads(Path(pipes.get_extra("files")).read_text(encoding="utf-8"))
    raw_root, cache_file = Path(pipes.get_extra("raw_root")), Path(pipes.get_extra("cache_file"))
    workers = len(os.sched_getaffinity(0))
    pipes.log.info(f"image facts of {len(files):,} files, {workers} threads")
    line = progress_line("images", pipes.log.info)
    read_facts(files, raw_root, cache_file, workers, progress=line)


if __name__ == "__main__":
    raise SystemExit(run_job(_main))
