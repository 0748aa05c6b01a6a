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
)
from attack.harness import ROOT, Row, with_test_builders

SUBJECTS = {
    "build": building.rows,
    "publish": publishing.rows,
    "catalog": catalogs.rows,
    "import": importing.rows,
    "sources": sources.rows,
    "restore": archives.rows,
    "training": training.rows,
    "calls": calls.rows,
}
PAGE = ROOT / "docs" / "reliability.md"
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
    with_test_builders()
    folder = Path(tempfile.mkdtemp(prefix="hoban-attack-"))
    found: list[Row] = []
    try:
        for name in chosen.only.split(","):
            start = time.monotonic()
            dice = random.Random(chosen.seed)  # noqa: S311  the same attack again by its seed
            made = SUBJECTS[name](folder / name, chosen.size, dice)
            for row in made:
                row.seconds = (time.monotonic() - start) / len(made)
                print(f"{row.what}: {row.tried} tried, {len(row.bad)} bad", flush=True)
                for problem in row.bad[:5]:
                    print(f"  {problem}")
            found += made
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if chosen.write:
        target = "zero-calls" if chosen.only == APART else f"attack SIZE={chosen.size}"
        made = f"`make {target}`, {datetime.now(UTC):%Y-%m-%d}, seed {chosen.seed}"
        write(target.partition(" ")[0], table(found, made))
    return int(any(row.bad for row in found))


def write(name: str, told: str) -> None:
    """Put a table into the page, between the marks of its name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(begin)[0], text.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n{told}\n{end}{after}", encoding="utf-8")


def table(rows: list[Row], caption: str) -> str:
    """Markdown."""
    lines = [caption, "", "| attack | tried | bad |", "|---|---:|---:|"]
    return "\n".join([*lines, *(f"| {r.what} | {r.tried:,} | {len(r.bad)} |" for r in rows)])


if __name__ == "__main__":
    sys.exit(main())
