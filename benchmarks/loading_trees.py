"""The two trees of row 7: the same photographs, published as they are and scaled."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import photographs
from benchmarks.worker import Work

if TYPE_CHECKING:
    from hoban_assets.samples import Samples

WIDTH, HEIGHT = 1920, 1080
IMAGE_SIZE = 640
QUALITY = 95
"""JPEG quality of the photographs."""
NAMES = 25
"""Names of each photograph: 8,000 in all, of which a worker holds 128 decoded."""
BOXES = 3
"""Boxes an image; augmentation clips and filters them."""


def write(folder: str, count: int) -> Work:
    """Worker function: write photographs as a camera does."""
    photographs.QUALITY = QUALITY
    return photographs.write(folder, count, WIDTH, HEIGHT)


def give_more_names(tree: Path) -> None:
    """Hard-link every image and label of a published tree under further names."""
    for file in [*tree.glob("images/*/*"), *tree.glob("labels/*/*")]:
        for number in range(1, NAMES):
            file.with_stem(f"{file.stem}-{number}").hardlink_to(file)


def publish(raw_root: str, destination: str, scaled: bool) -> Work:
    """Worker function: publish the photographs, scaled or as they are."""
    from hoban_assets.publish.prescaled import Scaling
    from hoban_assets.publish.yolo_tree import publish

    rows = described(Path(raw_root))
    scaling = Scaling(IMAGE_SIZE, os.cpu_count() or 1) if scaled else None

    def work() -> Callable[[], dict[str, int]]:
        tree = publish(rows, Path(raw_root), Path(destination), scaling=scaling).path

        def counted() -> dict[str, int]:
            files = list((tree / "images").glob("*/*"))
            give_more_names(tree)
            return {"images": len(files), "bytes": sum(f.stat().st_size for f in files)}

        return counted

    return work


def described(raw_root: Path) -> Samples:
    """Rows of the photographs, each with some boxes; one in ten is for validation."""
    import numpy as np
    import xxhash

    from hoban_assets.classes import CLASS_NAMES
    from hoban_assets.samples import Samples

    files = sorted(raw_root.rglob("*.jpg"))
    ids = [file.relative_to(raw_root).as_posix() for file in files]
    boxes, rng = len(ids) * BOXES, np.random.default_rng(4)
    sides, classes = rng.uniform(0.05, 0.4, (2, boxes)), np.arange(boxes) % len(CLASS_NAMES)
    return Samples.of(
        {
            "image_id": ids,
            "source": ["s"] * len(ids),
            "file": ids,
            "width": [WIDTH] * len(ids),
            "height": [HEIGHT] * len(ids),
            "bytes": [file.stat().st_size for file in files],
            "content_hash": [xxhash.xxh3_128_hexdigest(file.read_bytes()) for file in files],
            "labelled_classes": [tuple(CLASS_NAMES)] * len(ids),
            "group_id": ids,
            "split": ["val" if index % 10 == 9 else "train" for index in range(len(ids))],
        },
        {
            "image_id": np.repeat(ids, BOXES),
            "class_id": classes,
            "class_name": [CLASS_NAMES[c] for c in classes],
            "x_center": rng.uniform(0.2, 0.8, boxes),
            "y_center": rng.uniform(0.2, 0.8, boxes),
            "width": sides[0],
            "height": sides[1],
            "area": sides[0] * sides[1],
            "origin": ["human"] * boxes,
        },
    )
