"""Row 9: a training with `partial_labels: mask` against the same one with `naive`.

The callbacks of the worker, in a process of its own: Ultralytics trains yolo26n from scratch on
drawn photographs of two sources that label two classes each, mosaic on. An epoch is the processor
time of one: loading (in the same process), steps, validation, saving. The first of a run is left
out (it warms up).

Judged is the median epoch. On a GPU the steps take less, and loading decides: so the time that a
loading process needs for a sample is judged too, both ways in turn with the same random numbers.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median as middle
from typing import Any

from benchmarks.harness import Context, Criterion, Result, in_turn
from benchmarks.loading import ultralytics_environment
from benchmarks.worker import CHECKOUT, Timing, Work, call

MORE_TIME = 1.05
"""Time of a masked epoch over a naive one."""
IMAGE_SIZE, BATCH, EPOCHS = 320, 8, 4
PASSES = 4
"""Over the photographs, in the loading process."""
WIDTH, HEIGHT = 960, 540
WAYS = ("naive", "mask")
SOURCES = {"heads": (0, 1), "persons": (2, 3)}
NAMES = {0: "a", 1: "b", 2: "c", 3: "d"}


def run(context: Context) -> Result:
    """Write a tree, then train it both ways in turn."""
    tree = context.folder / "tree"
    call(f"{__name__}:write", folder=str(tree), count=context.size(120, 16))
    environment = ultralytics_environment(context.folder / "config") | {"OMP_NUM_THREADS": "1"}

    def timed(function: str, way: str, **more: Any) -> Timing:
        return call(
            f"{__name__}:{function}", environment=environment, tree=str(tree), way=way, **more
        )

    sides = {way: lambda _, way=way: timed("train", way, run=str(context.folder)) for way in WAYS}
    timings = in_turn(context, sides)
    both = {"both": lambda _: call(f"{__name__}:load", environment=environment, tree=str(tree))}
    loading = in_turn(context, both)["both"]
    epochs = {w: [s for t in timings[w] for s in t.result["epochs"]] for w in WAYS}
    sample = {w: middle(t.result[w] for t in loading) for w in WAYS}
    return Result(
        criteria=(
            Criterion(
                f"yolo26n at {IMAGE_SIZE}, an epoch: processor time masked / naive",
                f"{middle(epochs['mask']):.2f} s",
                f"{middle(epochs['naive']):.2f} s",
                middle(epochs["mask"]) / middle(epochs["naive"]),
                MORE_TIME,
                "at most",
            ),
            Criterion(
                f"a sample of {WIDTH}x{HEIGHT} at 640, mosaic, in a loading process: the same",
                f"{sample['mask']:.2f} ms",
                f"{sample['naive']:.2f} ms",
                middle(t.result["mask"] / t.result["naive"] for t in loading),
                MORE_TIME,
                "at most",
            ),
        ),
        samples=epochs,
    )


def write(folder: str, count: int) -> Work:
    """Worker function: photographs of noise with some boxes, one in ten for validation."""
    import cv2
    import numpy as np
    import pandas as pd

    tree, rng, rows = Path(folder), np.random.default_rng(5), []
    for kind in ("images", "labels"):
        for split in ("train", "val"):
            (tree / kind / split).mkdir(parents=True)

    def work() -> None:
        for index in range(count):
            source, split = list(SOURCES)[index % 2], "val" if index % 10 >= 8 else "train"
            small = rng.integers(0, 256, (HEIGHT // 12, WIDTH // 12, 3), np.uint8)
            image = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(tree / "images" / split / f"{index}.jpg"), image)
            labels = [
                f"{c} {x:.4f} {y:.4f} 0.2 0.3"
                for c, (x, y) in zip(SOURCES[source], rng.uniform(0.2, 0.8, (2, 2)), strict=True)
            ]
            (tree / "labels" / split / f"{index}.txt").write_text("\n".join(labels))
            region = dict(zip(("class_id", *"xywh"), (0, 0.5, 0.5, 0.1, 0.1), strict=True))
            rows.append(
                {
                    "name": f"{index}.jpg",
                    "split": split,
                    "source": source,
                    "labelled_classes": [NAMES[c] for c in SOURCES[source]],
                    "boxes": len(labels),
                    "ignore_regions": [region] if index % 3 == 0 else [],
                }
            )
        pd.DataFrame(rows).to_parquet(tree / "manifest.parquet")
        (tree / "data.yaml").write_text(
            json.dumps(
                {
                    "path": str(tree),
                    "train": "images/train",
                    "val": "images/val",
                    "nc": len(NAMES),
                    "names": NAMES,
                }
            )
        )

    return work


def _masking(tree: str) -> Any:
    """Return the worker's callbacks of a masked training."""
    sys.path.insert(0, str(CHECKOUT / "hoban_assets" / "workers"))
    import numpy as np
    from yolo_image_facts import image_facts  # type: ignore[import-not-found]
    from yolo_masked import PartialLabels  # type: ignore[import-not-found]
    from yolo_setup import read_manifest  # type: ignore[import-not-found]

    nothing_ruled_out = np.zeros((len(NAMES), len(NAMES)), bool)
    return PartialLabels(image_facts(read_manifest(Path(tree)), NAMES), nothing_ruled_out)


def train(tree: str, way: str, run: str) -> Work:
    """Worker function: some epochs; returns processor seconds of all but the first and last."""
    import torch
    from ultralytics import YOLO

    torch.set_num_threads(1)
    model, at = YOLO("yolo26n.yaml"), []
    model.add_callback("on_train_epoch_start", lambda trainer: at.append(time.process_time()))
    if way == "mask":
        for event, callback in _masking(tree).callbacks().items():
            model.add_callback(event, callback)

    def work() -> Callable[[], dict[str, Any]]:
        model.train(
            data=f"{tree}/data.yaml",
            epochs=EPOCHS,
            imgsz=IMAGE_SIZE,
            batch=BATCH,
            workers=0,
            device="cpu",
            optimizer="SGD",
            close_mosaic=0,
            plots=False,
            project=run,
            name=f"run-{way}",
            exist_ok=True,
            verbose=False,
            augmentations=[],
        )
        # The last one ends with the final evaluation: no epoch.
        return lambda: {"epochs": [end - start for start, end in pairwise(at)][1:]}

    return work


def load(tree: str) -> Work:
    """Worker function: processor time of a sample each way, from the file to the tensor.

    Both ways draw the same numbers for the same sample, one after the other, so that whatever else
    a machine does meets them alike.
    """
    import cv2
    import numpy as np
    from ultralytics.cfg import get_cfg
    from ultralytics.data.build import build_yolo_dataset

    cv2.setNumThreads(1)
    data = {"path": tree, "names": NAMES, "nc": len(NAMES), "channels": 3}
    config = get_cfg(overrides={"imgsz": 640, "task": "detect", "augmentations": []})
    sides = {
        way: build_yolo_dataset(config, f"{tree}/images/train", BATCH, data, mode="train")
        for way in WAYS
    }
    facts = _masking(tree).facts
    from yolo_follow import Ending, follow_tiles  # type: ignore[import-not-found]
    from yolo_tiles import Photographs  # type: ignore[import-not-found]

    follow_tiles(sides["mask"], Photographs(facts, len(NAMES)), Ending((8, 16, 32), scaled=False))

    def seconds(way: str, index: int, seed: int) -> float:
        random.seed(seed)
        np.random.seed(seed)
        started = time.process_time()
        sides[way][index]
        return time.process_time() - started

    count = len(sides["naive"])
    for index in range(BATCH):
        for way in WAYS:
            seconds(way, index, index)

    def work() -> dict[str, float]:
        spent = dict.fromkeys(WAYS, 0.0)
        for seed in range(PASSES * count):
            order = WAYS if seed % 2 else WAYS[::-1]
            for way in order:
                spent[way] += seconds(way, seed % count, seed)
        return {way: 1000 * spent[way] / (PASSES * count) for way in WAYS}

    return work
