"""The four ways of training: what each is trained on, and the training itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from benchmarks.harness import CHECKOUT
from benchmarks.partial_labels.sets import in_full, recipe, samples_of, settings_of
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.completion.aside import join_train, set_aside
from hoban_assets.curation.completion.complete import complete
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.formats.predictions import read_predictions
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.sample_data.output import TRUTH
from hoban_assets.training.plan import plan_training

WORKERS = CHECKOUT / "hoban_assets" / "workers"
WAYS = ("naive", "masked", "completed", "full")
"""What is not labelled is background; it does not count; the masked model of the same seed has
completed it (and the rest does not count); it is labelled."""
BATCH = 16
VIEWS = (1.0, 1.5)
"""Multiples of the image size at which the masked model looks at what it completes."""


def tree_of(folder: Path, tree: Path, way: str, masked: Path, seed: int, size: int) -> Path:
    """Return the tree that a way is trained on; made once."""
    if way in ("naive", "masked"):
        return tree
    own = folder / (f"dataset_completed_{seed}" if way == "completed" else "dataset_full")
    if own.is_dir():
        return own
    samples, raw = samples_of(folder), folder / "raw"
    if way == "full":
        made = in_full(samples, json.loads((raw / TRUTH).read_text(encoding="utf-8")))
    else:
        found = looked(folder, masked, list(samples.images.file), seed, size)
        own_names = {name: name for name in CLASS_NAMES}
        parts = [
            read_predictions(file, own_names, samples.images, may_be_empty=True).assign(
                teacher=f"masked@{view}"
            )
            for view, file in found.items()
        ]
        taught = dict.fromkeys(CLASS_NAMES, len(parts))
        limits = {name: Limits() for name in CLASS_NAMES}
        added = complete(samples, pd.concat(parts, ignore_index=True), taught, limits, 30)
        human, aside = set_aside(added.samples)
        made = join_train(human, aside, recipe().area)
    return publish(made, raw, own).path


def looked(folder: Path, weights: Path, files: list[str], seed: int, size: int) -> dict[str, Path]:
    """Let a model look at photographs at each of `VIEWS`: image size -> its predictions."""
    work = folder / f"taught_{seed}"
    work.mkdir(exist_ok=True)
    (work / "files.json").write_text(json.dumps(files))
    sizes = {str(round(size * view / 32) * 32) for view in VIEWS}
    views = {each: work / f"{each}.jsonl" for each in sorted(sizes)}
    asked = {
        "weights": str(weights),
        "classes": list(CLASS_NAMES),
        "files": str(work / "files.json"),
        "raw_root": str(folder / "raw"),
        "views": {each: str(file) for each, file in views.items()},
        "confidence": 0.05,
        "batch": BATCH,
        "device": "cpu",
        "run_dir": str(work / "run"),
    }
    (work / "asked.json").write_text(json.dumps(asked))
    _worker("yolo_teach.py", work / "asked.json")
    return views


def trained(folder: Path, tree: Path, way: str, seed: int, epochs: int, size: int) -> Path:
    """Train, or find trained; returns the run folder."""
    settings = settings_of(folder)
    plan = plan_training(
        f"model_v9_{way}",
        "sub",
        settings,
        dataset_path=tree,
        dataset_version=tree.name,
        partial_labels="naive" if way == "naive" else "mask",
        seed=seed,
        epochs=epochs,
        patience=epochs,
        image_size=size,
        batch=BATCH,
        nominal_batch=BATCH,
        device="cpu",
        workers=0,
    )
    plan.run_dir.mkdir(parents=True, exist_ok=True)
    file = plan.run_dir / "plan.json"
    given = plan.as_json()
    given["arguments"]["plots"] = False
    file.write_text(json.dumps(given))
    _worker("yolo_train.py", file)
    return plan.run_dir


def _worker(name: str, parameters: Path) -> None:
    command = [sys.executable, str(WORKERS / name), str(parameters)]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
