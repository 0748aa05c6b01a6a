"""Which photographs and boxes of train a model sees as most like a box: by its own features.

The model's own, and not those by which a build finds near-duplicates: these say what looks alike to
another network (or, with the engine ``copies``, only what is a copy), and are there for photographs
as a whole. Here the question is what this model cannot tell apart, box by box.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash

from hoban_assets.evaluation.detecting import Progress, run_worker
from hoban_assets.evaluation.pictures import Boxes, Pictures
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.settings import Settings
from hoban_assets.weights import weights_hash

WORKER = Path(__file__).parents[1] / "workers" / "yolo_embed.py"
VERSION = 1
"""Raise it where the same weights would give other vectors."""


@dataclass(frozen=True)
class Seen:
    """How a model sees pictures and boxes on them: vectors of unit length, float32."""

    whole: np.ndarray
    """[images, d]"""
    boxes: Boxes
    vectors: np.ndarray
    """[boxes, d]"""


def seen(
    subject: Subject,
    pictures: Pictures,
    boxes: Boxes,
    settings: Settings,
    progress: Progress = lambda done, of: None,
) -> Seen:
    """Let a model look at pictures and at boxes on them; what it saw is kept below the cache.

    Args:
        subject: a model of this platform (.pt).
        pictures: what to look at; their labels do not count.
        boxes: in the order of `pictures`.
        settings: device and cache.
        progress: gets (pictures done, of).

    Raises:
        HobanError: the weights or a picture cannot be read.
    """
    starts = np.searchsorted(boxes.image, np.arange(len(pictures) + 1))
    corners = np.round(boxes.corners, 6).tolist()
    images = [
        (str(file.absolute()), corners[a:b])
        for file, a, b in zip(pictures.files, starts[:-1], starts[1:], strict=True)
    ]
    decides = {
        "weights": weights_hash(subject.file),
        "pictures": pictures.key(),
        "boxes": [each for _, each in images],
        "size": subject.image_size,
        "version": VERSION,
    }
    name = xxhash.xxh3_64_hexdigest(json.dumps(decides).encode())
    file = settings.cache / "embeddings" / f"{name}.npz"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        job = {
            "weights": str(subject.file.absolute()),
            "images": images,
            "image_size": subject.image_size,
            "device": settings.device,
            "out": str(file),
        }
        run_worker(WORKER, job, progress)
    with np.load(file, allow_pickle=False) as found:
        return Seen(found["whole"].astype(np.float32), boxes, found["boxes"].astype(np.float32))


def labels_and_regions(pictures: Pictures) -> tuple[Boxes, np.ndarray]:
    """All labels and ignore regions in the order of images, and which of them are labels."""
    parts = (pictures.labels, pictures.regions)
    image = np.concatenate([part.image for part in parts])
    order = np.argsort(image, kind="stable")
    both = Boxes(
        image[order],
        np.concatenate([part.class_id for part in parts])[order],
        np.concatenate([part.corners for part in parts])[order],
    )
    return both, order < len(pictures.labels)


def nearest(vector: np.ndarray, among: np.ndarray, most: int) -> list[tuple[int, float]]:
    """Rows of `among` [n, d] that are most like `vector` [d], with their cosine, best first."""
    alike = among @ vector
    return [(int(row), float(alike[row])) for row in np.argsort(-alike, kind="stable")[:most]]
