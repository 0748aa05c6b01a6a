"""Trainings that were begun and not finished, as their folders tell."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path


def next_epoch(runs: Path) -> int | None:
    """Epoch (from 1) at which the newest unfinished run below `runs` goes on; None: there is none.

    `runs` is ``models/<asset>/<partition>``; ``progress.json`` of a run is written last.
    """
    begun = [
        file
        for file in runs.glob("*/progress.json")
        if not (file.parent / "finished.json").exists()
    ]
    for file in sorted(begun, key=lambda f: f.stat().st_mtime, reverse=True):
        with suppress(OSError, ValueError, KeyError, TypeError):
            return int(json.loads(file.read_text(encoding="utf-8"))["epoch"]) + 1
    return None
