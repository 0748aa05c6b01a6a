"""Trainings that are killed, against one that is not: the same weights, to the last bit."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

from attack.harness import Row

EPOCHS = 13
"""Three with mosaic and ten without, as Ultralytics ends it."""


def rows(folder: Path, size: int, dice: random.Random) -> list[Row]:
    """A training of its own, and a kill of others for each four of `size`: they take minutes."""
    from training_tools import plan_for, publish_squares, run_worker

    dataset = publish_squares(folder / "dataset_v9", train=20)
    whole = plan_for(folder / "whole", dataset, epochs=EPOCHS)
    start = time.monotonic()
    assert run_worker(whole, plots=False).status == 0  # noqa: S101
    longest = time.monotonic() - start
    row = Row(f"training of {EPOCHS} epochs on a CPU: killed, other weights", max(1, size // 4))
    number = 0
    while row.tried < row.of:
        number += 1
        killed = plan_for(folder / f"killed-{number}", dataset, epochs=EPOCHS)
        for _ in range(min(3, row.of - row.tried)):
            _kill_one(killed, longest, dice)
            row.note(None)
        ended = run_worker(killed, plots=False)
        row.fault(ended.output[-200:] if ended.status else _differs(whole.run_dir, killed.run_dir))
    return [row]


def _kill_one(plan: Any, longest: float, dice: random.Random) -> None:
    from training_tools import start_worker

    process = start_worker(plan, plots=False)
    time.sleep(dice.uniform(0, longest / 2))
    process.kill()
    process.communicate()


def _differs(whole: Path, killed: Path) -> str | None:
    import torch

    from hoban_assets.training.metrics import read_metrics

    if json.loads((killed / "finished.json").read_text())["resumed"]:
        return "says that it is another training"
    if not read_metrics(whole / "metrics.jsonl").equals(read_metrics(killed / "metrics.jsonl")):
        return "other figures"
    for name in ("best.pt", "last.pt"):
        one, other = (
            torch.load(run / name, weights_only=False)["model"].state_dict()
            for run in (whole, killed)
        )
        if any(not one[key].equal(other[key]) for key in one):
            return f"other weights in {name}"
    return None
