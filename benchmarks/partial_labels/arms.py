"""One training of one way, and its figures. Finished ones are found again."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import Any

from benchmarks.partial_labels.common import MASKED, NAIVE, Part, Schedule
from benchmarks.partial_labels.judging import figures
from hoban_assets.evaluation.detecting import run_worker
from hoban_assets.files import save
from hoban_assets.training.plan import plan_training
from hoban_assets.training.run import WORKER

BATCH = 8
OPTIMIZER, LR0 = "AdamW", 0.002
"""A net from scratch and a few hundred photographs: SGD of 0.01 learns a fifth of it in as many
epochs. The same for every way."""
WEIGHTS = "last.pt"
"""Of the last epoch, so that the choice of an epoch does not mix in."""
JUDGED = "judged.json"


def run(part: Part, arm: str, seed: int, schedule: Schedule, masked: Path | None) -> dict[str, Any]:
    """Train and judge one way with one seed, or find it done.

    `masked`: weights that complete labels. Returns what is told of it: processor seconds of the
    training, boxes and regions that were trained on, confidences, figures of each class.
    """
    folder = run_folder(part, arm, seed, schedule, masked)
    kept = folder / JUDGED
    if kept.is_file():
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    seconds = trained(part, arm, seed, schedule, masked)
    tree = part.tree(arm, seed, masked, schedule.size)
    judged = figures(folder / WEIGHTS, part, tree, schedule.size)
    told = {
        "part": part.name,
        "arm": arm,
        "seed": seed,
        "epochs": schedule.epochs,
        "size": schedule.size,
        "processor_seconds": seconds,
        **judged,
    }
    save(kept, json.dumps(told, indent=1))
    return told


def weights_of(part: Part, arm: str, seed: int, schedule: Schedule) -> Path:
    """Weights that a training leaves."""
    return run_folder(part, arm, seed, schedule, None) / WEIGHTS


def run_folder(part: Part, arm: str, seed: int, schedule: Schedule, masked: Path | None) -> Path:
    """Where a training lies."""
    folder: Path = _plan(part, arm, seed, schedule, masked).run_dir
    return folder


def trained(
    part: Part, arm: str, seed: int, schedule: Schedule, masked: Path | None
) -> float | None:
    """Train, go on, or find trained; processor seconds of it, None where it was stopped before."""
    plan = _plan(part, arm, seed, schedule, masked)
    begun = plan.run_dir.is_dir()
    plan.run_dir.mkdir(parents=True, exist_ok=True)
    given = plan.as_json()
    given["arguments"] |= {
        "plots": False,
        "close_mosaic": schedule.mosaic_off,
        "warmup_epochs": 1,
    }
    before = processor_seconds()
    run_worker(WORKER, given)
    return None if begun else processor_seconds() - before


def processor_seconds() -> float:
    """Of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _plan(part: Part, arm: str, seed: int, schedule: Schedule, masked: Path | None) -> Any:
    tree = part.tree(arm, seed, masked, schedule.size)
    return plan_training(
        f"model_{arm}",
        "sub",
        part.settings,
        dataset_path=tree,
        dataset_version=f"{tree.parent.name}/{tree.name}",
        partial_labels=NAIVE if arm == NAIVE else "mask",
        seed=seed,
        epochs=schedule.epochs,
        patience=schedule.epochs,
        image_size=schedule.size,
        batch=BATCH,
        nominal_batch=BATCH,
        optimizer=OPTIMIZER,
        lr0=LR0,
        workers=0,
    )


def chain(part: Part, arms: tuple[str, ...], seed: int, schedule: Schedule) -> list[dict[str, Any]]:
    """Train and judge ways one after the other: the masked one teaches those after it."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    masked, told = None, []
    for arm in arms:
        told.append(run(part, arm, seed, schedule, masked))
        if arm == MASKED:
            masked = weights_of(part, arm, seed, schedule)
    return told
