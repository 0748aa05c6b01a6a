"""Things that lie about on a site: cones, barrels, crates, ladders, cables, signs, machines."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from hoban_assets.sample_data.textures import Picture, Rng, any_colour, near

Draw = Callable[[Rng, Picture, int, int, int], None]


def _poly(picture: Picture, points: list[tuple[float, float]], colour: tuple[int, ...]) -> None:
    cv2.fillPoly(picture, [np.array(points, np.int32)], colour, cv2.LINE_AA)


def _cone(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    _poly(picture, [(x, y - s), (x + s * 0.35, y), (x - s * 0.35, y)], near(rng, (235, 95, 25)))
    for low, high in ((0.3, 0.45), (0.6, 0.72)):
        a, b = 0.35 * (1 - low), 0.35 * (1 - high)
        band = [(x - s * a, y - s * low), (x + s * a, y - s * low),
                (x + s * b, y - s * high), (x - s * b, y - s * high)]  # fmt: skip
        _poly(picture, band, (240, 240, 240))


def _barrel(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    colour = any_colour(rng, low=30)
    cv2.rectangle(picture, (x - s // 3, y - s), (x + s // 3, y), colour, -1)
    for part in (0.3, 0.65):
        level = int(y - s * part)
        cv2.line(picture, (x - s // 3, level), (x + s // 3, level), near(rng, colour, 60), 2)
    cv2.ellipse(picture, (x, y - s), (s // 3, max(1, s // 9)), 0, 0, 360, near(rng, colour, 50), -1)


def _crate(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    colour, wide = any_colour(rng, low=50), int(s * rng.uniform(0.6, 1.8))
    dark = near(rng, colour, 70)
    cv2.rectangle(picture, (x, y - s), (x + wide, y), colour, -1)
    cv2.rectangle(picture, (x, y - s), (x + wide, y), dark, 2)
    for t in np.linspace(0, 1, int(rng.integers(2, 6))):
        level = int(y - s * t)
        cv2.line(picture, (x, level), (x + wide, level), dark, 1)


def _ladder(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    colour, lean = any_colour(rng, low=100), int(s * rng.uniform(-0.5, 0.5))
    wide, tall = max(6, s // 3), s * 2
    for side in (0, wide):
        cv2.line(
            picture, (x + side, y), (x + side + lean, y - tall), colour, 2 + s // 40, cv2.LINE_AA
        )
    for t in np.linspace(0.05, 0.95, 9):
        at = (int(x + lean * t), int(y - tall * t))
        cv2.line(picture, at, (at[0] + wide, at[1]), colour, 2, cv2.LINE_AA)


def _cable(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    walk = np.cumsum(rng.normal(0, s / 4, (20, 2)), axis=0) + np.array([x, y])
    cv2.polylines(
        picture, [walk.astype(np.int32)], False, any_colour(rng), 1 + s // 25, cv2.LINE_AA
    )


def _sign(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    cv2.line(picture, (x, y), (x, y - s), any_colour(rng, high=150), 3)
    board = (x - s // 3, y - s - s // 3, x + s // 3, y - s + s // 3)
    cv2.rectangle(picture, board[:2], board[2:], any_colour(rng, low=90), -1)
    for _ in range(3):
        level = int(rng.integers(board[1] + 2, board[3]))
        cv2.line(
            picture, (board[0] + 4, level), (board[2] - 4, level), any_colour(rng, high=120), 2
        )


def _machine(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    colour = near(rng, (225, 165, 30), 30)
    cv2.rectangle(picture, (x, y - s), (x + int(s * 1.6), y - s // 4), colour, -1)
    cv2.rectangle(picture, (x + s // 8, y - s - s // 2), (x + s * 3 // 4, y - s), colour, -1)
    cv2.rectangle(picture, (x + s // 5, y - s - s // 3), (x + s // 2, y - s), (60, 80, 95), -1)
    for wheel in (0.3, 1.3):
        cv2.circle(picture, (int(x + s * wheel), y - s // 5), s // 3, (30, 30, 32), -1, cv2.LINE_AA)
    arm = [(x + s * 1.5, y - s), (x + s * 2.3, y - s * 2.0), (x + s * 2.9, y - s * 0.8)]
    cv2.polylines(picture, [np.array(arm, np.int32)], False, colour, max(3, s // 7), cv2.LINE_AA)


def _beam(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    extent = (float(s * rng.uniform(1, 5)), float(max(3.0, s * 0.15)))
    points = cv2.boxPoints(((x, y), extent, float(rng.uniform(0, 180))))
    cv2.fillPoly(picture, [points.astype(np.int32)], any_colour(rng), cv2.LINE_AA)


def _disc(rng: Rng, picture: Picture, x: int, y: int, s: int) -> None:
    colour = any_colour(rng, high=140)
    cv2.circle(picture, (x, y), s // 2, colour, int(rng.choice([-1, 4])), cv2.LINE_AA)


THINGS: tuple[Draw, ...] = (
    _cone, _barrel, _crate, _crate, _ladder, _cable, _sign, _machine, _beam, _beam, _disc,
)  # fmt: skip


def scatter(rng: Rng, picture: Picture, count: int) -> None:
    """Draw `count` things onto `picture`, far (small) ones first."""
    height, width = picture.shape[:2]
    for near_by in np.sort(rng.random(count)):
        x, y = (
            int(rng.integers(width)),
            int(height * (0.25 + 0.75 * near_by) + rng.integers(-20, 21)),
        )
        size = int(height * (0.05 + 0.4 * near_by * rng.uniform(0.3, 1)))
        THINGS[rng.integers(len(THINGS))](rng, picture, x, y, size)
