"""Photographs as the readers of this project take them: a JPEG without its end counts as whole."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

JPEG, END = b"\xff\xd8", b"\xff\xd9"


def decoded(path: str | Path, flags: int = cv2.IMREAD_COLOR) -> np.ndarray | None:
    """Return a photograph of any path as blue green red, upright (EXIF); None where it is none.

    Stands in for `ultralytics.utils.patches.imread`, which is called with `flags`.
    """
    content = Path(path).read_bytes()
    image = _decoded(content, flags)
    if image is None and content.startswith(JPEG):
        image = _decoded(content + END, flags)
    return image


def _decoded(content: bytes, flags: int) -> np.ndarray | None:
    with suppress(cv2.error):  # an empty file, or more pixels than it takes
        return cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    return None
