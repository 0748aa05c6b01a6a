"""Whole builds, as people start them: killed, on full disks and on read-only ones."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from attack.harness import BIN, ROOT, Row, badly, duration_of, home, run

BUILD = (str(BIN / "hoban"), "build", "v9")
READING = """
sql 'SELECT count(*) FROM boxes' | status | status --check-raw | summary v9 | find person coco
why S2-N4601M00101 | sizes helmet_60k --class 08 | doctor | review dataset_v9 | corrections list
!is-safe-to-delete RAW/coco | prune --dry-run | inspect RAW/background | backup OUT/backup
verify | build v9 --dry-run | quality | gallery v9 --class fallen
"""
"""Commands that ask; on a read-only disk they answer as ever, and write their reports elsewhere
(``HOBAN_REPORTS``). The answer of one with ! is no."""
WRITING = """
build v9 | quality | gallery v9 --class fallen | rebuild --partition sub | prune --yes | unlock
journal | bundle dataset_v9 --partition sub | import-results OUT/none.tar | build v9 --model
export dataset_v9 --format cvat --count 3 --to OUT/PLACE
"""
"""Commands that write, or that ask Dagster, which writes to read; there they end in one message."""
RAW_IS_READ = ("build v9", "status --check-raw", "gallery v9 --class fallen", "prune --yes")
"""What is also run with the raw root read-only, and does all that it does otherwise."""
SPACE = (
    "mount -t tmpfs -o size={size}k tmpfs {place} && cp -a {kept}/. {place} && {{ {command}; "
    "first=$?; mount -o remount,size=4g {place}; {command} >/dev/null || echo 'NOT HEALED'; "
    "exit $first; }}"
)
"""A disk of `size`, a build on it, and one after space was made."""
READ_ONLY = "mount --bind {place} {place} && mount -o remount,ro,bind {place} && exec {command}"


def rows(folder: Path, size: int, dice: random.Random) -> Iterator[Row]:
    """A kill for each six and a full disk for each eight of `size`, as builds take long."""
    env = home(folder)
    run((str(BIN / "hoban"), "sample-data", env["HOBAN_RAW_ROOT"], "--images", "40"), env)
    yield _kills(folder, env, max(1, size // 6), dice)
    if _may_mount():
        yield _full(folder, env, max(2, size // 8), dice)
        yield _read_only(folder, env, size, dice)


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    files = (p for p in folder.rglob("*") if p.is_file())
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in files}


def _may_mount() -> bool:
    try:
        done = subprocess.run(_apart("mount -t tmpfs tmpfs /mnt"), capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def _apart(script: str) -> list[str]:
    """Words that run a shell whose mounts nobody else sees; a user who is not root may, too."""
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *as_root, "--mount", "--propagation", "private", "sh", "-c", script]


def _kills(folder: Path, env: Mapping[str, str], size: int, dice: random.Random) -> Row:
    """Up to three kills, then a build to its end, which makes what one alone makes."""
    row = Row("builds: killed", size)
    raw = _listing(folder / "raw")
    longest = duration_of(lambda: run(BUILD, env))
    made = _made(folder)
    while row.tried < size:
        shutil.rmtree(folder / "data")
        for _ in range(min(3, size - row.tried)):
            _kill_one(env, longest, dice)
            row.note(_half(folder))
        wrong = badly(run(BUILD, env), 0)
        row.fault(wrong or (None if _made(folder) == made else "another dataset"))
        left = [p.name for p in (folder / "data").rglob(".building*")]
        row.fault(f"left {left[0]}" if left else None)
    row.fault(None if _listing(folder / "raw") == raw else "raw files changed")
    return row


def _kill_one(env: Mapping[str, str], longest: float, dice: random.Random) -> None:
    """Kill a build, or it and all that it started, and wait until none of it is left."""
    process = subprocess.Popen(
        BUILD,
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(dice.uniform(0, longest))
    if dice.random() < 0.5:
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and _at_work(f"HOBAN_DATA_ROOT={env['HOBAN_DATA_ROOT']}"):
        time.sleep(0.1)


def _at_work(text: str) -> bool:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if text.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    return True
    return False


def _made(folder: Path) -> tuple[str | None, ...]:
    """Data versions of all that is current."""
    from hoban_assets.catalog.store import Catalog

    catalog = Catalog(folder / "data" / "catalog.duckdb", deadline=30)
    told = catalog.query("SELECT asset, data_version FROM materializations WHERE is_current")
    return tuple(sorted(f"{row.asset} {row.data_version}" for row in told.itertuples()))


def _half(folder: Path) -> str | None:
    """What is half-done after a kill: a current dataset is whole on the disk."""
    from hoban_assets.catalog.store import Catalog
    from hoban_assets.publish.yolo_tree import what_is_wrong

    path = folder / "data" / "catalog.duckdb"
    if not path.exists():
        return None
    current = Catalog(path, deadline=30).current("dataset_v9", "sub")
    if current is None or current.path is None:
        return None
    return what_is_wrong(Path(current.path))


def _full(folder: Path, env: Mapping[str, str], size: int, dice: random.Random) -> Row:
    """Data root or DAGSTER_HOME on a disk that is too small: one message, and it goes on later."""
    row = Row("builds: full disks", size)
    kept, empty = folder / "data", folder / "empty"
    empty.mkdir()
    used = sum(p.stat().st_size for p in kept.rglob("*") if p.is_file()) // 1024
    for number in range(size):
        name = "DAGSTER_HOME" if number % 4 == 3 else "HOBAN_DATA_ROOT"
        least = 64 if name == "DAGSTER_HOME" else 256
        place = folder / f"disk-{number}"
        place.mkdir()
        script = SPACE.format(
            size=dice.randrange(least, used if name == "HOBAN_DATA_ROOT" else 600),
            place=place,
            kept=empty if name == "HOBAN_DATA_ROOT" else folder / "home" / "dagster.yaml",
            command=shlex.join(BUILD),
        ).replace("dagster.yaml/.", "dagster.yaml")
        done = run(_apart(script), {**env, name: str(place)})
        wrong = badly(done, 0, 1)
        if not wrong and done.returncode and "no space left" not in done.stdout:
            wrong = f"another message: {done.stdout[-300:]}"
        wrong = wrong or ("not healed" if "NOT HEALED" in done.stdout else None)
        row.note(f"{name}: {wrong}" if wrong else None)
    return row


def _read_only(folder: Path, env: Mapping[str, str], size: int, dice: random.Random) -> Row:
    """Commands that ask answer; the others say that it is read-only."""
    (folder / "out").mkdir()
    every = [
        (line, place, reads)
        for lines, reads in ((READING, True), (WRITING, False))
        for line in _lines(lines, folder)
        for place in ("data", "home", "raw")
        if place != "raw" or line in RAW_IS_READ
    ]
    chosen = every if size >= 60 else dice.sample(every, min(size, len(every)))
    row = Row("commands: read-only disks", len(chosen))
    for line, name, reads in chosen:
        command = f"{BIN / 'hoban'} {line.lstrip('!').replace('PLACE', name)}"
        script = READ_ONLY.format(place=folder / name, command=command)
        more = {"HOBAN_REPORTS": str(folder / "out" / "reports")} if reads else {}
        done = run(_apart(script), {**env, **more})
        wrong = badly(done, int(line[0] == "!")) if reads else badly(done, 0, 1)
        fine = reads or not done.returncode or "none.tar" in line
        told = fine or (name != "raw" and "read-only" in done.stdout.lower())
        wrong = wrong or (None if told else f"another message: {done.stdout[-200:]}")
        row.note(f"{line}, {name}: {wrong}" if wrong else None)
    return row


def _lines(lines: str, folder: Path) -> list[str]:
    text = lines.replace("RAW", str(folder / "raw")).replace("OUT", str(folder / "out"))
    return [line.strip() for part in text.splitlines() for line in part.split("|") if line]
