"""Pictures and detections drawn by numbers, no image is looked at."""

from pathlib import Path

import numpy as np

from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.pictures import Boxes, Pictures

NAMES = ("helmet", "bare", "person")
OUR_NAMES = ("person_with_helmet", "person", "fallen")
"""As many, of which a `fallen` is no `person`."""


def boxes(rows) -> Boxes:
    """Rows (image, class, x1, y1, x2, y2), in the order of images."""
    table = np.array(rows, float).reshape(-1, 6)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Boxes(table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2:])


def detections(rows) -> Detections:
    """Rows (image, class, confidence, x1, y1, x2, y2)."""
    table = np.array(rows, float).reshape(-1, 7)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Detections(boxes(np.delete(table, 2, axis=1)), table[:, 2])


def pictures(labels=(), regions=(), *, images=1, labelled=None, groups=None, parts=None, **more):
    """Pictures of 640 x 480 pixels."""
    known = np.ones((images, len(NAMES)), bool) if labelled is None else np.array(labelled, bool)
    ids = tuple(f"site/{number:03}.jpg" for number in range(images))
    given = {
        "title": "drawn",
        "names": NAMES,
        "ids": ids,
        "files": tuple(Path("/photographs") / each for each in ids),
        "sizes": np.tile([640, 480], (images, 1)),
        "sources": np.array(["site"] * images),
        "groups": np.array(ids if groups is None else groups),
        "parts": np.array([""] * images if parts is None else parts),
        "labelled": known,
        "labels": boxes(labels),
        "regions": boxes(regions),
        "contents": ids,
    }
    return Pictures(**{**given, **more})


def drawn(images: int, seed: int) -> tuple[Pictures, Detections]:
    """Each image labels some classes; detections lie on labels, in regions, and nowhere."""
    rng = np.random.default_rng(seed)
    labelled = rng.random((images, len(NAMES))) > 0.3
    labels, regions, found = [], [], []

    def box() -> np.ndarray:
        size = rng.uniform(0.03, 0.4, 2)
        low = rng.uniform(0, 1 - size)
        return np.concatenate([low, low + size])

    def shaken(corners) -> np.ndarray:
        size = np.tile(corners[2:] - corners[:2], 2)
        moved = corners + rng.normal(0, 0.08, 4) * size
        return np.clip(np.concatenate([np.minimum(moved[:2], moved[2:]), moved[2:]]), 0, 1)

    for image in range(images):
        for _ in range(rng.integers(0, 6)):
            class_id, corners = int(rng.integers(len(NAMES))), box()
            if labelled[image, class_id]:
                labels.append((image, class_id, *corners))
            for _ in range(rng.integers(0, 3)):  # an unlabelled object is found, too
                seen = class_id if rng.random() > 0.1 else int(rng.integers(len(NAMES)))
                found.append((image, seen, rng.random(), *shaken(corners)))
        for _ in range(rng.integers(0, 2)):
            class_id, corners = int(rng.integers(len(NAMES))), box()
            regions.append((image, class_id, *corners))
            found.append((image, class_id, rng.random(), *shaken(corners)))
        for _ in range(rng.integers(0, 3)):
            found.append((image, int(rng.integers(len(NAMES))), rng.random() * 0.6, *box()))
    return pictures(labels, regions, images=images, labelled=labelled), detections(found)
