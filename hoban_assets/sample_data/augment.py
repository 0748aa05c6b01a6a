"""Augmentations as Roboflow bakes them into an export: flips, brightness, small rotations."""

from __future__ import annotations

import cv2
import numpy as np

from hoban_assets.sample_data.figures import Box
from hoban_assets.sample_data.scenes import Drawn, Shot, clip

KINDS = 4


def augmented(shot: Shot, kind: int) -> Shot:
    """Return a copy: 0 mirrored, 1 brighter, 2 turned by 4 degrees, 3 darker and mirrored."""
    height, width = shot.picture.shape[:2]
    if kind == 1:
        return Shot(cv2.convertScaleAbs(shot.picture, alpha=1.0, beta=22), shot.objects)
    if kind == 2:
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 4, 1)
    else:
        matrix = np.array([[-1.0, 0, width - 1], [0, 1, 0]])
    picture = cv2.warpAffine(shot.picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    if kind == 3:
        picture = cv2.convertScaleAbs(picture, alpha=0.85, beta=0)
    moved = (Drawn(o.kind, clip(_mapped(o.box, matrix), (width, height))) for o in shot.objects)
    return Shot(picture, tuple(moved))


def _mapped(box: Box, matrix: np.ndarray) -> Box:
    """Box around the moved corners of `box`."""
    x1, y1, x2, y2 = box
    corners = np.array([(x1, y1, 1), (x2, y1, 1), (x2, y2, 1), (x1, y2, 1)]) @ matrix.T
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
