"""Small pictures of problems, with their boxes drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hoban_assets.catalog.asked import Row
from hoban_assets.classes import COLOURS
from hoban_assets.reporting.blocks import Picture
from hoban_assets.reporting.quality.examples import Example

if TYPE_CHECKING:
    from PIL import Image

    from hoban_assets.reporting.gallery.drawing import Mark

MOST_BYTES = 2_400_000
"""Of all pictures of a page, which should open on a phone: below 3 MB with its text."""
LARGE = 0.35
"""Boxes from this share of a side on are shown on the whole photograph."""
FRAME = 0.015
"""Lines lie outside of boxes, so one as large as the image is drawn this much smaller."""
SIDE = 300
"""Longest side of a picture in pixels."""


def draw(
    chosen: Mapping[str, Sequence[Example]],
    raw_root: Path,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[dict[str, list[Picture]], int]:
    """Draw examples until the page is full; return pictures by key, and how many were not there."""
    from hoban_assets.reporting.page import picture_uri

    drawn: dict[str, list[Picture]] = {}
    total, done, spent, absent = sum(map(len, chosen.values())), 0, 0, 0
    for key, several in chosen.items():
        for example in several:
            done += 1
            progress(done, total)
            if spent > MOST_BYTES:
                continue
            try:
                uri = picture_uri(_drawn(example, raw_root), SIDE, 72)
            except OSError:
                absent += 1
                continue
            spent += len(uri)
            drawn.setdefault(key, []).append(Picture(uri, example.caption, example.where))
    return drawn, absent


def _drawn(example: Example, raw_root: Path) -> Image.Image:
    from hoban_assets.reporting.gallery.drawing import annotated, close_up, fitted, open_upright

    first = example.boxes[0] if example.boxes else {"width": 1.0, "height": 1.0}
    close = example.is_close and max(first["width"], first["height"]) < LARGE
    picture = open_upright(raw_root / example.file, None if close else 2 * SIDE)
    marks = [_mark(box, n < example.strong) for n, box in enumerate(example.boxes)]
    if close:
        return close_up(picture, marks[0], SIDE, 2.2, min(picture.size) // 2)
    scene = picture.resize(fitted(picture.size, SIDE))
    return annotated(scene, [*marks], SIDE) if marks else scene


def _mark(box: Row, is_strong: bool) -> Mark:
    from hoban_assets.reporting.gallery.drawing import Mark

    x, y, width, height = (box[k] for k in ("x_center", "y_center", "width", "height"))
    return Mark(
        max(x - width / 2, FRAME),
        max(y - height / 2, FRAME),
        min(x + width / 2, 1 - FRAME),
        min(y + height / 2, 1 - FRAME),
        COLOURS[box["class_name"]],
        style="strong" if is_strong else "thin",
    )
