"""Results of a server: hostile archives, kills while one is placed."""

from __future__ import annotations

import random
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

from attack.harness import Row, duration_of, killed_at_random


def rows(folder: Path, size: int, dice: random.Random) -> list[Row]:
    """Every hostile archive where `size` is that of a whole attack, else some; `size` kills."""
    from handed_in_runs import HandedIn, checkpoint, run_files
    from hostile_results import hostile

    from hoban_assets.settings import Settings

    env = {"HOBAN_DATA_ROOT": str(folder / "data"), "DAGSTER_HOME": str(folder / "home")}
    settings = Settings.from_env(env)
    every = list(islice(hostile(), 0, None, 1 if size >= 60 else 11))
    archives = Row("import: hostile archives", len(every))
    for number, (what, handed_in) in enumerate(every):
        problem = attempt(handed_in.folder(folder / "in" / str(number)), settings)
        archives.note(f"{what}: {problem}" if problem else None)
    kills = Row("import: killed", size)
    big = HandedIn({**run_files(), "best.pt": checkpoint(b"w" * 30_000_000)})
    path = big.tar(folder / "big")
    run = take(path, settings)
    longest = duration_of(lambda: (shutil.rmtree(run), take(path, settings)))
    for _ in range(size):
        shutil.rmtree(run, ignore_errors=True)
        killed_at_random(take, (path, settings), longest, dice)
        half = run.exists() and not (run / "results.json").is_file()
        again = attempt(path, settings)
        beside = [p.name for p in run.parent.iterdir() if p != run]
        kills.note("half a run folder" if half else again or (f"left {beside}" if beside else None))
    return [archives, kills]


def take(path: Path, settings: Any) -> Path:
    """Place what was handed in, as an import does before it records anything."""
    from hoban_assets.handoff.results.archive import opened
    from hoban_assets.handoff.results.manifest import read_manifest
    from hoban_assets.handoff.results.placing import local_plan, place

    with opened(path) as archive:
        manifest = read_manifest(archive)
        return place(archive, manifest, local_plan(manifest, settings, "/here"))


def attempt(path: Path, settings: Any) -> str | None:
    """What is wrong with how it ended: anything but taken or refused."""
    from hoban_assets.handoff.results.archive import Refused

    try:
        shutil.rmtree(take(path, settings))
    except Refused:
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None
