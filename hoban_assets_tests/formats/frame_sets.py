"""Sources of several images with stated and true sizes, boxes in pixels of one of the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hoban_assets.samples import Samples


@dataclass
class Frames:
    """Collects images and their facts; `samples` and `facts` are what `bring_into_frame` takes."""

    images: list[dict[str, Any]] = field(default_factory=list)
    boxes: list[dict[str, Any]] = field(default_factory=list)
    facts_of: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        stated: tuple[int, int],
        file: tuple[int, int],
        *boxes: tuple[float, float, float, float],
        orientation: int = 1,
        source: str = "s",
        rule: str | None = None,
        value: str | None = None,
    ) -> str:
        """Add an image with boxes (corners) in pixels of its stated size, (0, 0) = shares."""
        name = f"{source}/{len(self.images)}.jpg"
        width, height = stated if stated[0] else (1, 1)
        displayed = file[::-1] if orientation >= 5 else file
        self.images.append({"image_id": name, "source": source, "file": name, "label_file": "l",
                            "width": stated[0], "height": stated[1]})  # fmt: skip
        for row, (x1, y1, x2, y2) in enumerate(boxes):
            w, h = (x2 - x1) / width, (y2 - y1) / height
            self.boxes.append({"image_id": name, "class_id": 2, "class_name": "person",
                               "x_center": x1 / width + w / 2, "y_center": y1 / height + h / 2,
                               "width": w, "height": h, "area": w * h, "origin": "human",
                               "row": row})  # fmt: skip
        self.facts_of.append({"width": displayed[0], "height": displayed[1],
                              "stored_width": file[0], "stored_height": file[1],
                              "orientation": orientation})  # fmt: skip
        if rule is not None:
            self.decisions.append({"image_id": name, "stage": "read", "rule": rule,
                                   "action": "repair", "value": value})  # fmt: skip
        return name

    @property
    def samples(self) -> Samples:
        tables = (self.images, self.boxes, self.decisions)
        return Samples.of(*({k: [r[k] for r in t] for k in t[0]} if t else None for t in tables))

    @property
    def facts(self) -> pd.DataFrame:
        return pd.DataFrame(self.facts_of)


def corners(samples: Samples) -> dict[str, list[tuple[int, ...]]]:
    """Corners in pixels of the file, of each image that has a box."""
    size = samples.images.set_index("image_id")
    found: dict[str, list[tuple[int, ...]]] = {}
    for b in samples.boxes.itertuples():
        w, h = size.width[b.image_id], size.height[b.image_id]
        x, y = (b.x_center - b.width / 2) * w, (b.y_center - b.height / 2) * h
        found.setdefault(str(b.image_id), []).append(
            tuple(round(v) for v in (x, y, x + b.width * w, y + b.height * h))
        )
    return found
