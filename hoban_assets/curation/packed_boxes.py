"""Boxes of all images in flat arrays, and the eight flips and turns of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hoban_assets.classes import CLASS_IDS
from hoban_assets.samples import Samples

TURNS = 8
"""Flips and quarter turns of a picture, the picture itself first: the group of the square."""


def turned(corners: np.ndarray, turn: int) -> np.ndarray:
    """Where boxes ([..., 4]: left, top, right, bottom, 0-1) lie after flip or turn `turn`.

    Bit 1 mirrors left and right, bit 2 top and bottom, then bit 4 exchanges x and y. Shares of the
    picture, so a turned picture of W x H is one of H x W.
    """
    left, top, right, bottom = np.moveaxis(corners, -1, 0)
    if turn & 1:
        left, right = 1 - right, 1 - left
    if turn & 2:
        top, bottom = 1 - bottom, 1 - top
    parts = (top, left, bottom, right) if turn & 4 else (left, top, right, bottom)
    return np.stack(parts, axis=-1)


def turned_picture(picture: np.ndarray, turn: int) -> np.ndarray:
    """The same flip or turn of a picture [..., rows, columns]."""
    if turn & 1:
        picture = picture[..., :, ::-1]
    if turn & 2:
        picture = picture[..., ::-1, :]
    return np.swapaxes(picture, -1, -2) if turn & 4 else picture


def overlap(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Areas shared, of the first and of the second boxes ([..., 4], which broadcast)."""
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    return np.clip(high - low, 0, None).prod(axis=-1), area(first), area(second)


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes given by corners ([..., 4], which broadcast)."""
    shared, areas, others = overlap(first, second)
    return np.asarray(shared / np.maximum(areas + others - shared, 1e-12))


def pairwise_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes given by corners, [n, 4] and [m, 4], as [n, m]."""
    return iou(first[:, None], second[None])


def area(boxes: np.ndarray) -> np.ndarray:
    """Areas of boxes [..., 4]."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


@dataclass(frozen=True)
class PackedBoxes:
    """Boxes by position of their image: those of image k are ``start[k] : start[k + 1]``."""

    corners: np.ndarray
    """float64 [boxes, 4]: left, top, right, bottom, 0-1."""
    classes: np.ndarray
    """int64 [boxes]."""
    start: np.ndarray
    """int64 [images + 1]."""

    @classmethod
    def of(cls, samples: Samples, *, ignore: bool) -> PackedBoxes:
        """The ignore regions of `samples`, or its labels."""
        boxes = samples.boxes[samples.boxes.ignore.to_numpy(dtype=bool) == ignore]
        place = samples.positions_of(boxes.image_id)
        order = np.argsort(place, kind="stable")
        center = boxes[["x_center", "y_center"]].to_numpy(np.float64)[order]
        half = boxes[["width", "height"]].to_numpy(np.float64)[order] / 2
        start = np.searchsorted(place[order], np.arange(len(samples.images) + 1))
        classes = boxes.class_name.map(CLASS_IDS).to_numpy(np.int64)[order]
        return cls(np.concatenate([center - half, center + half], axis=1), classes, start)

    @property
    def counts(self) -> np.ndarray:
        """Boxes of each image, int64 [images]."""
        return np.diff(self.start)

    def by_class(self) -> np.ndarray:
        """Boxes of each image and class, int32 [images, classes]."""
        found = np.zeros((len(self.start) - 1, len(CLASS_IDS)), np.int32)
        np.add.at(found, (np.repeat(np.arange(len(found)), self.counts), self.classes), 1)
        return found

    def rows(self, image: int) -> slice:
        """Where the boxes of an image lie."""
        return slice(int(self.start[image]), int(self.start[image + 1]))

    def padded(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Boxes of `images`, [m, most, 4], and their classes, [m, most]; -1: there is none."""
        counts = self.counts[images]
        most = int(counts.max(initial=0))
        slots = np.arange(most)
        there = slots < counts[:, None]
        where = np.where(there, self.start[images][:, None] + slots, 0)
        if not len(self.corners):
            return np.zeros((len(images), most, 4)), np.full((len(images), most), -1)
        return self.corners[where], np.where(there, self.classes[where], -1)
