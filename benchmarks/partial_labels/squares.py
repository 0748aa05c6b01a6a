"""Coloured squares of two sources that label two colours each: what a small network learns at once.

The quick form of `benchmarks.prove_partial_labels`, where the drawn sample takes too long.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_NAMES

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255))
SOURCES = {"heads": CLASS_NAMES[:2], "persons": CLASS_NAMES[2:]}
SIZE = 64
CELLS = ((0, 0), (32, 0), (0, 32), (32, 32))


def draw(rng: np.random.Generator) -> tuple[np.ndarray, list[list[Any]]]:
    """Up to four squares in quarters of a grey picture, and class and x y w h of each."""
    image = rng.integers(70, 150, (SIZE, SIZE, 3), np.uint8)
    objects: list[list[Any]] = []
    for x, y in CELLS:
        if rng.random() < 0.3:
            continue
        kind, side = int(rng.integers(len(COLOURS))), int(rng.integers(12, 28))
        left, top = x + int(rng.integers(32 - side)), y + int(rng.integers(32 - side))
        image[top : top + side, left : left + side] = COLOURS[kind]
        share = side / SIZE
        middle = (left + side / 2) / SIZE, (top + side / 2) / SIZE
        objects.append([CLASS_NAMES[kind], *middle, share, share])
    return image, objects


def publish(tree: Path, train: int, val: int, seed: int) -> Path:
    """Write a tree as `hoban_assets.publish` does, and ``truth.json`` with all squares of val."""
    rng, rows, truth = np.random.default_rng(seed), [], {}
    for split, count in (("train", train), ("val", val)):
        for kind in ("images", "labels"):
            (tree / kind / split).mkdir(parents=True)
        for index in range(count):
            source, name = list(SOURCES)[index % 2], f"{split}-{index}.png"
            image, objects = draw(rng)
            cv2.imwrite(str(tree / "images" / split / name), image)
            own = [o for o in objects if o[0] in SOURCES[source]]
            lines = [" ".join(map(str, (CLASS_NAMES.index(c), *box))) for c, *box in own]
            label = tree / "labels" / split / f"{split}-{index}.txt"
            label.write_text("\n".join([*lines, ""]))
            if split == "val":
                truth[name] = objects
            rows.append(
                {
                    "name": name,
                    "split": split,
                    "source": source,
                    "file": name,
                    "labelled_classes": list(SOURCES[source]),
                    "boxes": len(own),
                    "ignore_regions": [],
                }
            )
    pd.DataFrame(rows).to_parquet(tree / "manifest.parquet")
    names = dict(enumerate(CLASS_NAMES))
    content = {"train": "images/train", "val": "images/val", "nc": len(names), "names": names}
    (tree / "data.yaml").write_text(json.dumps(content))
    (tree / "truth.json").write_text(json.dumps(truth))
    return tree


def photographs(tree: Path) -> Iterator[tuple[str, str, Path, list[list[Any]]]]:
    """Name, source, file, and every square of each validation picture."""
    manifest = pd.read_parquet(tree / "manifest.parquet")
    sources = dict(zip(manifest.name, manifest.source, strict=True))
    for name, objects in json.loads((tree / "truth.json").read_text()).items():
        yield name, sources[name], tree / "images" / "val" / name, objects
