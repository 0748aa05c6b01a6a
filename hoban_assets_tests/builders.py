"""Samples in one line, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hoban_assets.classes import CLASS_IDS
from hoban_assets.samples import Samples

Box = tuple[str, float]
"""Class name and area (share of the image); boxes are square in 0-1 and lie in the middle."""


def samples_of(
    images: Mapping[str, Sequence[Box]],
    *,
    groups: Mapping[str, str] | None = None,
    ignored: Sequence[str] = (),
    labelled: tuple[str, ...] = tuple(CLASS_IDS),
    **columns: Sequence[object],
) -> Samples:
    """Build Samples from image id -> boxes. The part of the id before '/' is its source."""
    ids = list(images)
    flat = [(i, name, area) for i in ids for name, area in images[i]]
    rows = [k for i in ids for k in range(len(images[i]))]
    given = {
        "image_id": ids,
        "source": [i.split("/")[0] for i in ids],
        "file": ids,
        "label_file": [f"{i}.txt" for i in ids],
        "content_hash": [f"hash of {i}" for i in ids],
        "labelled_classes": [labelled] * len(ids),
        "group_id": [(groups or {}).get(i, i) for i in ids],
        "width": [640] * len(ids),
        "height": [480] * len(ids),
    }
    return Samples.of(
        {**given, **columns},
        {
            "image_id": [i for i, _, _ in flat],
            "class_id": [CLASS_IDS[name] for _, name, _ in flat],
            "class_name": [name for _, name, _ in flat],
            "x_center": [0.5 - 0.001 * k for k in rows],
            "y_center": [0.5] * len(flat),
            "width": [area**0.5 for _, _, area in flat],
            "height": [area**0.5 for _, _, area in flat],
            "area": [area for _, _, area in flat],
            "origin": ["human"] * len(flat),
            "ignore": [i in ignored for i, _, _ in flat],
            "row": rows,
        },
    )


def rules(samples: Samples) -> list[tuple[str, str, str]]:
    """Return (image id, rule, action) of every decision, sorted."""
    d = samples.decisions
    return sorted(zip(d.image_id, d.rule, d.action, strict=True))
