"""What a detector found on pictures: the arrays, and their files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hoban_assets.evaluation.pictures import Boxes

LEAST_CONFIDENCE = 0.001
"""Detections below it are not asked for: Ultralytics' default of a validation."""
MOST = 300
"""Detections of an image, the surest ones; Ultralytics' default."""


@dataclass(frozen=True)
class Detections:
    """Boxes with a confidence, in the order of images, any order within one."""

    boxes: Boxes
    confidence: np.ndarray
    """[n] float64, 0-1."""

    def __len__(self) -> int:
        return len(self.confidence)

    def some(self, kept: np.ndarray) -> Detections:
        """Detections where `kept` ([n] bool) holds."""
        return Detections(self.boxes.some(kept), self.confidence[kept])

    def of_images(self, kept: np.ndarray) -> Detections:
        """Detections of the images where `kept` holds, numbered anew."""
        mine = kept[self.boxes.image]
        return Detections(self.boxes.of_images(kept), self.confidence[mine])

    def as_classes(self, own: tuple[str, ...], wanted: tuple[str, ...]) -> Detections:
        """The same with class ids of `wanted` instead of `own`; other classes are left out."""
        ids = np.array([wanted.index(name) if name in wanted else -1 for name in own], np.int64)
        found = ids[self.boxes.class_id] if len(self) else self.boxes.class_id
        named = replace(self, boxes=replace(self.boxes, class_id=found))
        return named.some(found >= 0)


def read_detections(file: Path) -> tuple[Detections, tuple[str, ...], int]:
    """Read what `workers/yolo_detect.py` wrote: detections, the model's classes, image size."""
    with np.load(file, allow_pickle=False) as found:
        image = found["image"].astype(np.int64)
        order = np.argsort(image, kind="stable")
        boxes = Boxes(
            image[order],
            found["class_id"].astype(np.int64)[order],
            found["corners"].astype(float)[order],
        )
        names = tuple(str(name) for name in found["names"])
        return (
            Detections(boxes, found["confidence"].astype(float)[order]),
            names,
            int(found["size"]),
        )
