"""Row 6: `hoban` commands answer within a second on a catalog of a million boxes.

Each command runs as a user runs it, in a process of its own, so the start of Python counts. The
floor is a process that only imports what every command needs (typer and DuckDB).
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Context, Criterion, Result, in_turn, median, samples
from benchmarks.worker import Timing, Work, call

HOBAN = Path(sys.executable).with_name("hoban")
LIMIT_SECONDS = 1.0
"""Issue 3: every command within a second, pictures apart."""
WHY_SECONDS = 0.3
"""What became of an image, process start apart."""
FLOOR = [sys.executable, "-c", "import duckdb, typer"]
START = [sys.executable, "-c", "import duckdb, hoban_assets.cli"]
"""What every command of `hoban` begins with."""
COMMANDS: dict[str, Sequence[str]] = {
    "sql": ("sql", "SELECT class_name, count(*) FROM boxes GROUP BY ALL"),
    "why": ("why", "helmet_60k/train/images/S2-N0000007.jpg"),
    "why, a path of Windows": ("why", r"D:\data\helmet_60k\train\images\s2-n0000007.JPG"),
    "summary": ("summary", "v9", "--partition", "full"),
    "status": ("status", "--partition", "full"),
    "sizes": ("sizes", "helmet_60k", "--class", "person_with_helmet", "--partition", "full"),
    "diff": ("diff", "dataset_v8", "dataset_v9", "--partition", "full"),
    "compare": ("compare", "model_v8", "model_v9", "--partition", "full"),
    "results": ("results", "model_v9", "--partition", "full"),
    "prune --dry-run": ("prune", "--dry-run"),
    "is-safe-to-delete": ("is-safe-to-delete", "{data}/catalog.duckdb"),
}
NEEDS_DAGSTER = {
    "journal": ("journal",),
}
"""Commands that ask Dagster itself: reported, not judged, as importing it takes a second."""


def run(context: Context) -> Result:
    """Make the catalog once, then run every command in turn."""
    scale = context.size(1150, 20)
    data = context.folder / "data"
    made = call(f"{__name__}:fill", data=str(data), scale=scale)
    boxes = made.result
    home = context.folder / "dagster"
    home.mkdir()
    env = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "HOBAN_DATA_ROOT": str(data),
        "HOBAN_RAW_ROOT": str(context.folder / "raw"),
    }
    sides = {"floor": _process(FLOOR, env), "start": _process(START, env)}
    for name, arguments in {**COMMANDS, **NEEDS_DAGSTER}.items():
        words = [a.format(data=data) for a in arguments]
        sides[name] = _process([str(HOBAN), *words], env)
    timings = in_turn(context, sides)
    floor, start = median(timings["floor"]), median(timings["start"])
    criteria = [
        Criterion(
            f"hoban {name}, {boxes:,} boxes",
            f"{median(timings[name]):.2f} s",
            f"start alone: {floor:.2f} s",
            median(timings[name]),
            LIMIT_SECONDS,
            "at most",
            " s",
        )
        for name in COMMANDS
    ]
    criteria += [
        Criterion(
            f"hoban {name}, {boxes:,} boxes, start apart",
            f"{median(timings[name]) - start:.2f} s",
            f"start of hoban: {start:.2f} s",
            median(timings[name]) - start,
            WHY_SECONDS,
            "at most",
            " s",
        )
        for name in COMMANDS
        if name.startswith("why")
    ]
    apart = ", ".join(f"{name} {median(timings[name]):.2f} s" for name in NEEDS_DAGSTER)
    return Result(
        criteria=criteria,
        notes=(f"not judged, as they import dagster: {apart}",),
        samples=samples(timings),
    )


def _process(command: Sequence[str], env: dict[str, str]) -> Callable[[int], Timing]:
    def side(_turn: int) -> Timing:
        start = time.perf_counter()
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-500:]}")
        return Timing(seconds, 0, 0, None)

    return side


def fill(data: str, scale: int) -> Work:
    """Record stages, two datasets and two models: a million labels for a `scale` of 1,150."""
    from hoban_assets.catalog.store import Build, Catalog, Run
    from hoban_assets.samples import Samples

    catalog = Catalog(Path(data) / "catalog.duckdb")
    stages = {
        "helmet_60k": (60 * scale, 4, [0, 1]),
        "coco_person": (40 * scale, 6, [2]),
        "fallen_pool": (30 * scale, 1, [3]),
    }

    def work() -> Callable[[], int]:
        for name, shape in stages.items():
            catalog.record(
                name, "full", Build(name, samples=_rows(name, *shape)), Run("run", "code")
            )
        for version, eighths, least in (("v8", 5, 0.0), ("v9", 6, 0.005)):
            parts = [
                _rows(name, *shape, eighths=eighths, least=least, split=True)
                for name, shape in stages.items()
            ]
            dataset, model = f"dataset_{version}", f"model_{version}"
            catalog.record(
                dataset,
                "full",
                Build(
                    version,
                    samples=Samples.concat(parts).without_decisions(),
                    path=str(Path(data) / "artifacts" / dataset),
                    inputs=dict.fromkeys(stages, "x"),
                    recipe={"version": version, "similarity": 0.9},
                ),
                Run("run", "code"),
            )
            catalog.record(
                model,
                "full",
                Build(
                    version,
                    metrics=_metrics(),
                    path=str(Path(data) / "models" / version),
                    data_version=version,
                    inputs={dataset: version},
                    recipe={"epochs": 300},
                ),
                Run("run", "code"),
            )
        return lambda: int(catalog.query("SELECT count(*) AS n FROM boxes").n[0])

    return work


def _rows(
    source: str,
    images: int,
    boxes: int,
    classes: list[int],
    *,
    eighths: int = 8,
    least: float = 0.0,
    split: bool = False,
) -> Any:
    """Samples of one source: `boxes` labels an image, a fifth of them ignore regions.

    The first `eighths` of the images, the same ones with the same boxes at every call; boxes
    below `least` are ignore regions, as an area limit makes them.
    """
    import numpy as np

    from hoban_assets.classes import CLASS_NAMES
    from hoban_assets.samples import Samples

    draw = np.random.default_rng(images)
    class_id = draw.choice(classes, images * boxes)
    area = np.exp(draw.normal(-4.5, 1, images * boxes)).clip(1e-5, 0.9)
    ignored = draw.random(images * boxes) < 0.2
    in_val = draw.random(images) < 0.1
    images = images * eighths // 8
    n = images * boxes
    decided = n // 10
    class_id, area, ignored, in_val = class_id[:n], area[:n], ignored[:n], in_val[:images]
    ids = np.array([f"{source}/train/images/S2-N{i:07d}.jpg" for i in range(images)])
    side = np.where(in_val, "val", "train") if split else [None] * images
    return Samples.of(
        {
            "image_id": ids,
            "source": [source] * images,
            "file": ids,
            "label_file": ids,
            "width": [1920] * images,
            "height": [1080] * images,
            "content_hash": [f"{source}{i}" for i in range(images)],
            "group_id": ids,
            "split": side,
        },
        {
            "image_id": np.repeat(ids, boxes),
            "class_id": class_id,
            "class_name": np.array(CLASS_NAMES)[class_id],
            "x_center": [0.5] * n,
            "y_center": [0.5] * n,
            "width": np.sqrt(area),
            "height": np.sqrt(area),
            "area": area,
            "origin": ["human"] * n,
            "ignore": ignored | (area < least),
            "row": list(range(n)),
        },
        {
            "image_id": np.repeat(ids, boxes)[:decided],
            "stage": ["read"] * decided,
            "rule": draw.choice(["clipped", "box_malformed"], decided),
            "action": ["repair"] * decided,
        },
    )


def _metrics() -> Any:
    """Figures of 300 epochs."""
    import pandas as pd

    from hoban_assets.classes import CLASS_NAMES

    rows = itertools.product(
        range(1, 301),
        ("val", "val_labelled"),
        ("all",),
        ("all", *CLASS_NAMES),
        ("mAP50", "mAP50-95", "precision", "recall"),
        (0.5,),
    )
    return pd.DataFrame(rows, columns=["epoch", "split", "source", "class_name", "metric", "value"])
