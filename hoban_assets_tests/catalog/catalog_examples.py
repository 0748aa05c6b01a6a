"""Rows for the tests of the catalog, and how they start other processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.ledger import Ledger
from hoban_assets.samples import Samples

LABELLED = ("person_with_helmet", "person_without_helmet")


def samples_of(source: str, images: int) -> Samples:
    """`images` images with two boxes each, one of them an ignore region in every third image."""
    ids = [f"{source}/사진 {i:05d}.jpg" for i in range(images)]
    numbers = np.arange(2 * images)
    class_id = numbers % 2
    samples = Samples.of(
        images={
            "image_id": ids,
            "source": [source] * images,
            "file": ids,
            "label_file": [f"{i}.json" for i in ids],
            "width": np.full(images, 1920),
            "height": np.full(images, 1080),
            "content_hash": [None if i % 5 == 0 else f"{i:032x}" for i in range(images)],
            "labelled_classes": [() if i % 4 == 0 else LABELLED for i in range(images)],
            "split": [None if i % 2 else "train" for i in range(images)],
            "bytes": np.arange(images) * 10**10,
            "sharpness": [None if i % 3 == 0 else i / 3 for i in range(images)],
        },
        boxes={
            "image_id": [i for i in ids for _ in range(2)],
            "class_id": class_id,
            "class_name": [CLASS_NAMES[c] for c in class_id],
            "x_center": 0.1 + numbers / 1e7,
            "y_center": 1 / (3 + numbers),
            "width": np.full(2 * images, 0.1),
            "height": np.full(2 * images, 0.2),
            "area": np.full(2 * images, 0.02),
            "origin": ["human"] * (2 * images),
            "row": numbers % 2,
        },
    )
    too_small = numbers % 6 == 1
    return samples.ignore_boxes(
        too_small,
        stage="area limits",
        rule="min_area",
        value=[0.02] * sum(too_small),
        threshold=0.03,
    )


def ledger_of(samples: Samples) -> pd.DataFrame:
    """A ledger with one stage that drops the last image."""
    ledger = Ledger(log=lambda line: None)
    last = np.arange(len(samples.images)) == len(samples.images) - 1
    ledger.step("drop last", lambda s: s.drop_images(last, stage="drop last", rule="last"), samples)
    return ledger.table()


def metrics() -> pd.DataFrame:
    """mAP50 of two epochs, and of one class."""
    return pd.DataFrame(
        {
            "epoch": [1, 2, None],
            "split": ["val", "val", "val"],
            "class_name": [None, None, "fallen"],
            "metric": ["mAP50"] * 3,
            "value": [0.5, 0.75, 0.9],
        }
    )


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Run `script` in another process, which imports this module as well."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    )
