"""Features that are alike in a way known by hand, and samples that go with them."""

from __future__ import annotations

import numpy as np

from hoban_assets.curation.duplicates import Pairs
from hoban_assets.samples import Samples

THRESHOLD = 0.9


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def random_features(n: int, seed: int = 0, d: int = 16) -> np.ndarray:
    """Clusters, chains between them, exact copies."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(1, n // 5), d))
    rows = centres[rng.integers(len(centres), size=n)] + 0.25 * rng.standard_normal((n, d))
    rows[: n // 10] = rows[n // 2 : n // 2 + n // 10]
    return unit(rows)


def chain(n: int, degrees: float) -> np.ndarray:
    """Points on a circle: each is similar to its neighbours only."""
    angle = np.radians(degrees * np.arange(n))
    return unit(np.stack([np.cos(angle), np.sin(angle)], axis=1))


def brute_force_pairs(features: np.ndarray, threshold: float) -> set[tuple[int, int]]:
    rows = features.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    similarity = np.round(rows @ rows.T, 9)
    return {
        (i, j)
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if similarity[i, j] >= threshold
    }


def as_set(pairs: Pairs) -> set[tuple[int, int]]:
    return set(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True))


def samples_of(n: int, **columns: object) -> Samples:
    ids = [f"s/{i:04d}.jpg" for i in range(n)]
    return Samples.of({"image_id": ids, "source": ["s"] * n, "file": ids, **columns})


def with_boxes(images: dict[str, object], boxes: list[tuple[object, ...]]) -> Samples:
    """Boxes are (image_id, class_name, x, y, w, h, ignore, origin)."""
    names = [
        "image_id",
        "class_name",
        "x_center",
        "y_center",
        "width",
        "height",
        "ignore",
        "origin",
    ]
    columns: dict[str, list[object]] = {n: [b[k] for b in boxes] for k, n in enumerate(names)}
    ids = {"person_with_helmet": 0, "person_without_helmet": 1, "person": 2, "fallen": 3}
    columns["class_id"] = [ids[str(b[1])] for b in boxes]
    return Samples.of(images, columns)


def box(image_id: str, name: str = "person", x: float = 0.5, **other: object) -> tuple[object, ...]:
    return (
        image_id,
        name,
        x,
        0.5,
        0.2,
        0.4,
        other.get("ignore", False),
        other.get("origin", "human"),
    )
