"""``python -m attack [--size N] [--only a,b] [--seed N] [--write]``.

Kills processes at random moments, fills disks, damages files and hands in what is hostile, and
counts what ended badly: half-made, lost, or in anything but one message. ``--only calls`` records
sockets instead. Prints a table; ``--write`` puts it into docs/reliability.md. Exit status 1:
something ended badly.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from attack import (
    archives,
    building,
    calls,
    catalogs,
    importing,
    publishing,
    sources,
    training,
    upkeep,
)
from attack.harness import Row, with_test_builders
from attack.pace import Pace, adopt_orphans
from attack.tables import costs, write

SUBJECTS = {
    "build": building.rows,
    "publish": publishing.rows,
    "catalog": catalogs.rows,
    "import": importing.rows,
    "sources": sources.rows,
    "restore": archives.rows,
    "upkeep": upkeep.rows,
    "training": training.rows,
    "calls": calls.rows,
}
APART = "calls"
"""Not an attack, so only by its name: ``make zero-calls``, with a table of its own."""


def main() -> int:
    """Attack, tell, and say by the exit status whether all held."""
    parser = argparse.ArgumentParser(prog="python -m attack")
    parser.add_argument("--size", type=int, default=60, help="attempts of each kind")
    attacks = ",".join(name for name in SUBJECTS if name != APART)
    parser.add_argument("--only", default=attacks, help="subjects, by comma")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    chosen = parser.parse_args()
    began, subjects = time.monotonic(), chosen.only.split(",")
    with_test_builders()
    adopt_orphans()
    Row.pace = Pace(costs(subjects))
    folder = Path(tempfile.mkdtemp(prefix="hoban-attack-"))
    found: list[Row] = []
    try:
        for name in subjects:
            for row in attacked(name, folder / name, chosen.size, chosen.seed):
                bad = f"{row.tried} tried, {len(row.bad)} bad"
                print(f"{row.what}: {bad}, {row.cpu:.0f} s of processor time", flush=True)
                found.append(row)
            shutil.rmtree(folder / name, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    minutes = (time.monotonic() - began) / 60
    print(f"{sum(row.tried for row in found)} tried in {minutes:.1f} minutes")
    if chosen.write:
        target = "zero-calls" if chosen.only == APART else f"attack SIZE={chosen.size}"
        made = f"`make {target}`, {datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} min"
        write(target.partition(" ")[0], found, f"{made}, seed {chosen.seed}")
    return int(any(row.bad for row in found))


def attacked(name: str, folder: Path, size: int, seed: int) -> Iterator[Row]:
    """Rows of a subject; where the attack itself fails, one that says so, and the others go on."""
    dice = random.Random(seed)  # noqa: S311  the same attack again by its seed
    try:
        yield from SUBJECTS[name](folder, size, dice)
    except Exception as error:
        traceback.print_exc()
        failed = Row(f"{name}: not tried to its end", 1)
        failed.bad.append(f"{type(error).__name__}: {error}")
        yield failed


if __name__ == "__main__":
    sys.exit(main())
