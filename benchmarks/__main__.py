"""``python -m benchmarks [--rows a,b] [--quick] [--keep] [--repeats N] [--folder DIR]``.

Prints one table, writes ``build/bench.md`` and ``build/bench.json``, and ends with 1 when a row
misses its limit or cannot run. ``--quick`` uses small sizes: it shows that the rows run, and
judges nothing. Rows share nothing, so each runs alone as well.

Files are made in memory (/dev/shm) where there is room, else below ``build``: how fast a disk
makes small files differs by a factor of ten from one minute to the next, and would be measured
instead of the programs. ``--folder`` chooses another place.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import traceback
from pathlib import Path

from benchmarks import (
    aihub_labels,
    catalog_growth,
    commands,
    copies,
    duplicates,
    engines,
    facts,
    fingerprints,
    fixed_camera,
    growth,
    loading,
    masking,
    publishing,
    rebuild,
    rebuild_large,
    report,
    viewer,
)
from benchmarks.harness import CHECKOUT, Context, Result, Row, fresh

ROWS: dict[str, tuple[Row, int]] = {
    "labels": (aihub_labels.run, 5),
    "publish": (publishing.run, 3),
    "facts": (facts.run, 5),
    "dedupe": (duplicates.run, 3),
    "copies": (copies.run, 3),
    "camera": (fixed_camera.run, 1),
    "observe": (fingerprints.run, 5),
    "rebuild": (rebuild.run, 1),
    "commands": (commands.run, 5),
    "view": (viewer.run, 3),
    "loader": (loading.run, 5),
    "masking": (masking.run, 5),
}
"""Name of each row, what runs it, and how often both sides are timed."""
LONG: dict[str, tuple[Row, int]] = {
    "catalog": (catalog_growth.run, 1),
    "growth": (growth.run, 1),
    "engines": (engines.run, 1),
    "rebuild-large": (rebuild_large.run, 1),
}
"""Rows of many minutes: run only where they are named."""
EVERY = ROWS | LONG

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM = 4 * 2**30
"""Bytes that must be free to work in memory; the largest row needs about a quarter."""
QUIET_LOAD = 0.5
"""Load average (1 minute) before the first row above which others are using the machine."""


def main() -> int:
    arguments = _arguments()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users' programs are compiled
    build = CHECKOUT / "build"
    place = arguments.folder or (MEMORY if _has_room(MEMORY) else build)
    results: dict[str, Result] = {}
    loads: dict[str, float] = {}
    for name in arguments.rows:
        row, repeats = EVERY[name]
        folder = fresh(place / f"hoban-bench-{os.getpid()}" / name)
        folder.mkdir()
        repeats = arguments.repeats or (1 if arguments.quick else repeats)
        sys.stderr.write(f"{name} in {folder}\n")
        loads[name] = os.getloadavg()[0]
        try:
            results[name] = _run(row, Context(folder, arguments.quick, repeats))
        finally:
            if not arguments.keep:
                shutil.rmtree(folder.parent)
    machine = report.machine() | {
        "files on": str(place),
        "load before each row": " ".join(f"{name} {load:.1f}" for name, load in loads.items()),
    }
    # The first row alone starts on a machine that this run has not loaded itself.
    if next(iter(loads.values())) > QUIET_LOAD:
        machine["NOT QUIET"] = "others used the cores: verdicts of this run are provisional"
    judged = not arguments.quick
    sys.stdout.write("\n" + report.text(results, machine, judged=judged))
    report.write(build, results, machine, judged=judged)
    errors = any(result.error for result in results.values())
    missed = judged and not all(result.passed for result in results.values())
    return 1 if errors or missed else 0


def _has_room(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free > ROOM


def _run(row: Row, context: Context) -> Result:
    """Run a row; what goes wrong in it is its result, so that the other rows still run."""
    try:
        return row(context)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return Result(error=f"{type(error).__name__}: {error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=_names, default=list(ROWS), help=", ".join(EVERY))
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing is judged")
    parser.add_argument("--keep", action="store_true", help="keep what was written")
    parser.add_argument("--folder", type=Path, help="where files are made")
    parser.add_argument("--repeats", type=int, default=0, help="rounds of each row")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    unknown = set(names) - set(EVERY)
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"rows are {', '.join(EVERY)}")
    return names


if __name__ == "__main__":
    # Rows must not see the user's own sources and results.
    for variable in [name for name in os.environ if name.startswith("HOBAN_")]:
        if variable not in ("HOBAN_REAL_RAW", "HOBAN_FASTDUP_PYTHON"):
            del os.environ[variable]
    sys.exit(main())
