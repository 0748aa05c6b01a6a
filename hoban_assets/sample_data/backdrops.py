"""Places without people: sites, facades, stores, rooms. One function a kind of place.

The kinds differ as strongly as drawings can, so that the features of a network tell the scenes
apart; `backdrop` also joins two of them and puts clutter in front.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from hoban_assets.sample_data import textures as tx
from hoban_assets.sample_data.clutter import scatter
from hoban_assets.sample_data.textures import Picture, Rng, Size

SKIES = (
    ((70, 130, 210), (205, 225, 245)),
    ((150, 155, 165), (225, 225, 225)),
    ((40, 45, 95), (245, 140, 70)),
    ((12, 14, 30), (45, 50, 80)),
    ((230, 190, 140), (250, 235, 210)),
)
"""Colours of the sky at the top and at the horizon."""


def _ground(rng: Rng, size: Size) -> Picture:
    kind = rng.integers(4)
    if kind == 0:
        return tx.stones(rng, size)
    if kind == 1:
        return tx.bricks(rng, size)
    base = tx.any_colour(rng, low=50, high=190)
    field = tx.fractal(rng, size, rng.uniform(3, 40), 5, rng.uniform(0.5, 0.95))
    return tx.ramp(field, tx.near(rng, base, 45), tx.near(rng, base, 60))


def _site(rng: Rng, size: Size) -> Picture:
    """Sky with clouds, skyline, ground."""
    width, height = size
    top, bottom = SKIES[rng.integers(len(SKIES))]
    picture = tx.gradient(rng, size, top, bottom)
    clouds = tx.fractal(rng, size, rng.uniform(2, 8))[..., None] ** 2 * rng.uniform(0, 0.9)
    picture = (picture * (1 - clouds) + 245 * clouds).astype(np.uint8)
    horizon = int(height * rng.uniform(0.25, 0.7))
    x = 0
    while x < width:
        wide, tall = int(rng.integers(15, 110)), int(horizon * rng.uniform(0.1, 0.9))
        colour = tx.any_colour(rng, low=60, high=200)
        cv2.rectangle(picture, (x, horizon - tall), (x + wide, horizon), colour, -1)
        if rng.random() < 0.6:
            step = int(rng.integers(7, 18))
            pane = tx.near(rng, colour, 70)
            for wy in range(horizon - tall + 4, horizon - step // 2, step):
                for wx in range(x + 4, x + wide - step // 2, step):
                    cv2.rectangle(picture, (wx, wy), (wx + step // 2, wy + step // 2), pane, -1)
        x += wide + int(rng.integers(0, 60))
    picture[horizon:] = _ground(rng, (width, height - horizon))
    return picture


def _wall(rng: Rng, size: Size) -> Picture:
    return tx.bricks(rng, size)


def _rubble(rng: Rng, size: Size) -> Picture:
    return tx.stones(rng, size)


def _earth(rng: Rng, size: Size) -> Picture:
    low, high = tx.any_colour(rng, high=150), tx.any_colour(rng, low=90)
    return tx.ramp(tx.fractal(rng, size, rng.uniform(2, 60), 6, rng.uniform(0.4, 1.0)), low, high)


def _sheet(rng: Rng, size: Size) -> Picture:
    """Corrugated steel, planks, water, tarpaulin: one or two directions of waves."""
    field = tx.stripes(rng, size)
    if rng.random() < 0.5:
        field = (field + tx.stripes(rng, size)) / 2
    if rng.random() < 0.4:
        field = np.clip(field + tx.fractal(rng, size, rng.uniform(2, 10)) - 0.5, 0, 1)
    return tx.ramp(field, tx.any_colour(rng), tx.any_colour(rng))


def _containers(rng: Rng, size: Size) -> Picture:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    tall, long = int(height * rng.uniform(0.2, 0.5)), int(width * rng.uniform(0.25, 0.7))
    for top in range(-int(rng.integers(tall)), height, tall):
        for left in range(-int(rng.integers(long)), width, long):
            colour = tx.any_colour(rng, low=30, high=220)
            cv2.rectangle(picture, (left, top), (left + long - 3, top + tall - 3), colour, -1)
            for x in range(left + 4, left + long - 3, int(rng.integers(5, 12))):
                dark = tx.shaded(colour, 0.7)
                cv2.line(picture, (x, top + 3), (x, top + tall - 6), dark, 1 + int(rng.integers(2)))
    return picture


def _grid(rng: Rng, size: Size) -> Picture:
    """Facade, shelves, scaffolding: cells of a grid, framed, some filled."""
    width, height = size
    picture = np.full((height, width, 3), tx.any_colour(rng), np.uint8)
    across, down = int(rng.integers(14, 110)), int(rng.integers(14, 110))
    fill, gap = tx.any_colour(rng), int(rng.integers(1, 9))
    spread = int(rng.choice([10, 40, 120]))
    for top in range(-int(rng.integers(down)), height, down):
        for left in range(-int(rng.integers(across)), width, across):
            if rng.random() < 0.85:
                end = (left + across - gap, top + down - gap)
                cv2.rectangle(picture, (left, top), end, tx.near(rng, fill, spread), -1)
            if rng.random() < 0.25:
                end = (left + across - gap, top + down - gap)
                cv2.line(picture, (left, top), end, tx.near(rng, fill, 90), gap)
    return picture


def _room(rng: Rng, size: Size) -> Picture:
    """Room or hall in perspective: back wall, side walls, floor, ceiling."""
    width, height = size
    cx, cy = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.25, 0.6)
    w, h = width * rng.uniform(0.15, 0.42), height * rng.uniform(0.12, 0.35)
    back = np.array([(cx - w, cy - h), (cx + w, cy - h), (cx + w, cy + h), (cx - w, cy + h)])
    rim = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    picture = np.zeros((height, width, 3), np.uint8)
    cv2.fillPoly(picture, [back.astype(np.int32)], tx.any_colour(rng, low=60))
    for i in range(4):
        j = (i + 1) % 4
        quad = np.array([rim[i], rim[j], back[j], back[i]], np.int32)
        colour = tx.any_colour(rng, low=40, high=230)
        cv2.fillPoly(picture, [quad], colour)
        lines = int(rng.integers(0, 14))
        for t in np.linspace(0, 1, lines + 2)[1:-1]:  # boards and tiles run to the back wall
            start, end = rim[i] + t * (rim[j] - rim[i]), back[i] + t * (back[j] - back[i])
            line = tx.shaded(colour, 0.75)
            cv2.line(picture, start.astype(int).tolist(), end.astype(int).tolist(), line, 2)
    return picture


def _tunnel(rng: Rng, size: Size) -> Picture:
    """Rings around a vanishing point: shafts, pipes, tanks."""
    x, y = tx.mesh(size)
    cx, cy = rng.uniform(0, size[0]), rng.uniform(0, size[1])
    radius = np.hypot((x - cx), (y - cy) * rng.uniform(0.5, 2))
    field = 0.5 + 0.5 * np.sin(np.log1p(radius) * rng.uniform(5, 30))
    return tx.ramp(field.astype(np.float32), tx.any_colour(rng), tx.any_colour(rng))


def _pipes(rng: Rng, size: Size) -> Picture:
    """Round pipes or columns side by side, each shaded as a cylinder."""
    width, height = size
    picture = np.full((height, width, 3), tx.any_colour(rng, high=120), np.uint8)
    at, upright = 0, rng.random() < 0.5
    while at < (width if upright else height):
        wide = int(rng.integers(8, 70))
        shade = np.sin(np.linspace(0.15, np.pi - 0.1, wide))[:, None]
        bar = (np.array(tx.any_colour(rng, low=60)) * shade).astype(np.uint8)
        if upright:
            picture[:, at : at + wide] = bar[None, : max(0, width - at)]
        else:
            picture[at : at + wide] = bar[: max(0, height - at), None]
        at += wide + int(rng.integers(0, 25))
    return picture


def _debris(rng: Rng, size: Size) -> Picture:
    """Beams, boards and sheets thrown over each other."""
    picture = _earth(rng, size)
    for _ in range(int(rng.integers(20, 160))):
        centre = rng.uniform((0, 0), size)
        extent = (float(rng.uniform(8, 160)), float(rng.uniform(3, 40)))
        points = cv2.boxPoints((tuple(centre), extent, float(rng.uniform(0, 180))))
        cv2.fillPoly(picture, [points.astype(np.int32)], tx.any_colour(rng), cv2.LINE_AA)
    return picture


def _trees(rng: Rng, size: Size) -> Picture:
    """Foliage: many green to brown ovals."""
    base = tx.near(rng, (70, 110, 50), 50)
    picture = np.full((size[1], size[0], 3), base, np.uint8)
    radius = float(rng.uniform(8, 34))
    for _ in range(int(min(600, 20000 / radius**1.5))):
        centre = rng.uniform((0, 0), size).astype(int).tolist()
        axes = (rng.uniform(0.3, 1, 2) * radius + 1).astype(int).tolist()
        angle = int(rng.integers(180))
        cv2.ellipse(picture, centre, axes, angle, 0, 360, tx.near(rng, base, 55), -1)
    return picture


KINDS: tuple[Callable[[Rng, Size], Picture], ...] = (
    _site, _site, _wall, _rubble, _earth, _sheet, _containers, _grid, _room, _room,
    _tunnel, _pipes, _debris, _trees,
)  # fmt: skip


def _joined(rng: Rng, size: Size) -> Picture:
    """Two places in one picture: a wall beside a street, a floor below a wall."""
    first, second = (KINDS[rng.integers(len(KINDS))](rng, size) for _ in range(2))
    x, y = tx.mesh(size)
    angle = rng.uniform(0, 2 * np.pi)
    side = (x / size[0] - rng.uniform(0.3, 0.7)) * np.cos(angle) + (
        y / size[1] - rng.uniform(0.3, 0.7)
    ) * np.sin(angle)
    return np.where((side > 0)[..., None], first, second)


def backdrop(rng: Rng, size: Size) -> Picture:
    """Return a place without people, with clutter, weathered."""
    picture = (
        _joined(rng, size) if rng.random() < 0.5 else KINDS[rng.integers(len(KINDS))](rng, size)
    )
    scatter(rng, picture, int(rng.choice([0, 2, 5, 10, 20])))
    picture = tx.weathered(rng, picture, rng.uniform(0.1, 0.9))
    return tx.faded(picture, rng.uniform(0.3, 0.55))
