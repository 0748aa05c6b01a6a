"""How large the labels of each class are, as a picture.

Pillow alone, although matplotlib comes with Ultralytics: every run would load it for this one
picture, in 0.75 s of processor time, and take 0.13 s for each asset instead of 0.03 s.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hoban_assets.classes import CLASS_NAMES, COLOURS
from hoban_assets.samples import Samples

WIDTH, HEIGHT = 576, 270
LEFT, RIGHT, TOP, BOTTOM = 62, 546, 11, 221
"""Edges of the plot within the picture."""
FINE = 2
"""Everything is drawn so much larger, and scaled down: lines and letters without steps."""
EDGES = np.logspace(-4, 0, 41)
INK = "#1f2937"
TICKS = {1e-4: "0.01 %", 1e-3: "0.1 %", 1e-2: "1 %", 1e-1: "10 %", 1.0: "100 %"}


def area_histogram(samples: Samples) -> bytes:
    """PNG of a histogram of box areas, share of the image on a log scale; a line for each class.

    Areas below 0.01 % are counted in the first bin.
    """
    labels = samples.labels
    counts = {}
    for index, name in enumerate(CLASS_NAMES):
        area = labels.area[labels.class_id == index]
        if len(area):
            counts[name] = np.histogram(np.clip(area, EDGES[0], EDGES[-1]), EDGES)[0]
    picture = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), "white")
    draw = ImageDraw.Draw(picture)
    top = max((int(count.max()) for count in counts.values()), default=1)
    _axes(draw, top)
    for row, (name, count) in enumerate(counts.items()):
        line = [(_x(EDGES[0]), _y(0, top))]
        for left, right, value in zip(EDGES, EDGES[1:], count, strict=False):
            line += [(_x(left), _y(value, top)), (_x(right), _y(value, top))]
        draw.line([*line, (_x(EDGES[-1]), _y(0, top))], COLOURS[name], 2 * FINE)
        y = (TOP + 9 + 15 * row) * FINE
        draw.line([((LEFT + 12) * FINE, y), ((LEFT + 36) * FINE, y)], COLOURS[name], 2 * FINE)
        told = f"{name} ({count.sum():,})"
        draw.text(((LEFT + 42) * FINE, y), told, INK, _font(11), anchor="lm")
    buffer = io.BytesIO()
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    small.quantize(64).save(buffer, "PNG")  # a third of the bytes
    return buffer.getvalue()


def _axes(draw: ImageDraw.ImageDraw, top: int) -> None:
    corner = (LEFT * FINE, BOTTOM * FINE)
    draw.line([(LEFT * FINE, TOP * FINE), corner, (RIGHT * FINE, BOTTOM * FINE)], INK, FINE)
    for value in _steps(top):
        y = _y(value, top)
        draw.line([(corner[0] - 4 * FINE, y), (corner[0], y)], INK, FINE)
        draw.text((corner[0] - 7 * FINE, y), f"{value:,}", INK, _font(11), anchor="rm")
    for area, text in TICKS.items():
        x = _x(area)
        draw.line([(x, corner[1]), (x, corner[1] + 4 * FINE)], INK, FINE)
        draw.text((x, corner[1] + 7 * FINE), text, INK, _font(11), anchor="mt")
    middle = (LEFT + RIGHT) * FINE // 2
    title = "area of the box, share of the image"
    draw.text((middle, (HEIGHT - 8) * FINE), title, INK, _font(12), anchor="ms")
    draw.text((8 * FINE, TOP * FINE), "boxes", INK, _font(12), anchor="lt")


def _steps(top: int) -> Iterator[int]:
    """At most six round numbers from 0 to `top`."""
    step = next(s for e in range(20) for s in (10**e, 2 * 10**e, 5 * 10**e) if top <= 5 * s)
    yield from range(0, top + 1, step)


def _x(area: float) -> float:
    return (LEFT + (RIGHT - LEFT) * (np.log10(area) + 4) / 4) * FINE


def _y(count: float, top: int) -> float:
    return (BOTTOM - (BOTTOM - TOP) * 0.95 * count / top) * FINE


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * FINE)
