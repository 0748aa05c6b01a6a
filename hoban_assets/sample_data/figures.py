"""Persons as coloured polygons: standing or lying, with a helmet or bare hair.

A figure is drawn in its own units: its height is 1, the top of the head lies at y = 0, the feet
at y = 1, x = 0 is the middle. `Figure.placed` brings it into a picture; boxes follow from the
points, so that labels are exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from hoban_assets.sample_data.textures import Colour, Picture, Rng, any_colour, near, shaded, tinted

SKINS: tuple[Colour, ...] = ((236, 188, 156), (214, 160, 120), (168, 112, 78), (112, 72, 50))
HAIRS: tuple[Colour, ...] = ((28, 22, 20), (62, 40, 26), (108, 72, 40), (90, 90, 92))
HELMETS: tuple[Colour, ...] = (
    (250, 210, 20),
    (250, 250, 245),
    (250, 120, 10),
    (225, 30, 30),
    (30, 110, 235),
    (40, 190, 70),
)
OUTLINE: Colour = (22, 20, 24)
"""A thin contour sets figures off from busy surroundings, which a small network needs."""
VESTS: tuple[Colour, ...] = ((240, 110, 20), (200, 235, 40), (250, 70, 60))
Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""
_SUBPIXEL = 4  # binary digits of cv2's fixed-point coordinates


@dataclass(frozen=True)
class Part:
    """One polygon (points x 2) of a figure; `head` where it belongs to the head."""

    points: np.ndarray
    colour: Colour
    head: bool = False


@dataclass(frozen=True)
class Figure:
    """Polygons from back to front."""

    parts: tuple[Part, ...]
    helmet: bool

    def placed(
        self, x: float, y: float, height: float, angle: float = 0, squash: float = 1
    ) -> Figure:
        """Turn by `angle` degrees, make it `height` pixels tall, put its middle at x, y.

        `squash` flattens the picture's vertical, as a camera that looks along the ground does.
        """
        cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        turn = np.array([[cos, -sin], [sin, cos]]) * height * np.array([[1], [squash]])
        moved = (replace(p, points=(p.points - (0, 0.5)) @ turn.T + (x, y)) for p in self.parts)
        return replace(self, parts=tuple(moved))

    def moved(self, dx: float, dy: float) -> Figure:
        """Return the figure shifted by pixels."""
        return replace(
            self, parts=tuple(replace(p, points=p.points + np.array([dx, dy])) for p in self.parts)
        )

    def box(self) -> Box:
        """Box around everything."""
        return _around(p.points for p in self.parts)

    def head_box(self) -> Box:
        """Box around head and headgear only, as AI Hub's classes 07 and 08 have it."""
        return _around(p.points for p in self.parts if p.head)

    def draw(self, picture: Picture) -> None:
        """Draw onto `picture`, anti-aliased."""
        for part in self.parts:
            points = np.round(part.points * 2**_SUBPIXEL).astype(np.int32)
            cv2.fillPoly(picture, [points], part.colour, cv2.LINE_AA, _SUBPIXEL)
            cv2.polylines(picture, [points], True, OUTLINE, 1, cv2.LINE_AA, _SUBPIXEL)


def _around(groups: Iterable[np.ndarray]) -> Box:
    points = np.concatenate(list(groups))
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def _oval(
    x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360
) -> np.ndarray:
    angles = np.radians(np.linspace(start, end, 28))
    return np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)


def _limb(points: np.ndarray, thickness: float) -> np.ndarray:
    """Polygon around a chain of joints (n x 2), thinner towards its end."""
    steps = np.diff(points, axis=0)
    steps = np.concatenate([steps, steps[-1:]])
    normals = np.stack([-steps[:, 1], steps[:, 0]], axis=1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    half = np.linspace(thickness, thickness * 0.7, len(points))[:, None] / 2
    return np.concatenate([points + normals * half, (points - normals * half)[::-1]])


def _chain(x: float, y: float, length: float, angle: float, bend: float) -> np.ndarray:
    """Three joints of an arm or a leg: `angle` from straight down, `bend` at the middle joint."""
    first, second = np.radians(angle), np.radians(angle + bend)
    half = length / 2
    knee = (x + half * np.sin(first), y + half * np.cos(first))
    return np.array(
        [(x, y), knee, (knee[0] + half * np.sin(second), knee[1] + half * np.cos(second))]
    )


def _helmet(rng: Rng, side: int) -> list[Part]:
    colour = near(rng, HELMETS[rng.integers(len(HELMETS))], 18)
    dark, light = shaded(colour, 0.72), tinted(colour, 0.6)
    return [
        Part(_oval(0, 0.062, 0.064, 0.066, 180, 360), colour, head=True),
        Part(_oval(0, 0.062, 0.014, 0.067, 180, 360), dark, head=True),
        Part(_oval(-0.03, 0.03, 0.011, 0.017), light, head=True),
        Part(_oval(side * 0.012, 0.064, 0.078, 0.012), dark, head=True),
        Part(_oval(side * 0.012, 0.061, 0.076, 0.008), colour, head=True),
    ]


def _hair(rng: Rng) -> list[Part]:
    colour = near(rng, HAIRS[rng.integers(len(HAIRS))], 12)
    parts = [Part(_oval(0, 0.066, 0.055, 0.066, 175, 365), colour, head=True)]
    if rng.random() < 0.3:  # long hair beside the face
        parts += [Part(_oval(s * 0.048, 0.095, 0.013, 0.045), colour, head=True) for s in (-1, 1)]
    return parts


def _head(rng: Rng, helmet: bool) -> list[Part]:
    skin = near(rng, SKINS[rng.integers(len(SKINS))], 15)
    side = int(rng.integers(-1, 2))
    parts = [
        Part(np.array([(-0.024, 0.1), (0.024, 0.1), (0.03, 0.18), (-0.03, 0.18)]), skin),
        Part(_oval(0, 0.08, 0.049, 0.066), skin, head=True),
    ]
    if rng.random() < 0.8:  # seen from the front
        shift = side * 0.015
        for eye in (-0.019, 0.019):
            parts.append(Part(_oval(eye + shift, 0.083, 0.006, 0.005), (25, 20, 20), head=True))
        mouth = near(rng, (150, 60, 55), 30)
        parts.append(Part(_oval(shift, 0.122, 0.017, 0.005), mouth, head=True))
    return parts + (_helmet(rng, side) if helmet else _hair(rng))


def _torso(rng: Rng, cloth: Colour) -> list[Part]:
    wide, hip = rng.uniform(0.1, 0.125), rng.uniform(0.075, 0.095)
    outline = np.array(
        [(-0.05, 0.165), (0.05, 0.165), (wide, 0.195), (hip, 0.53), (-hip, 0.53), (-wide, 0.195)]
    )
    parts = [Part(outline, cloth)]
    if rng.random() < 0.5:  # reflective vest
        vest = near(rng, VESTS[rng.integers(len(VESTS))], 20)
        parts.append(Part(outline * (0.85, 1) + (0, 0.005), vest))
        for y in (0.32, 0.42):
            band = np.array([(-hip, y), (hip, y), (hip, y + 0.025), (-hip, y + 0.025)])
            parts.append(Part(band, (225, 228, 220)))
    return parts


def person(rng: Rng, *, helmet: bool, lying: bool = False, sitting: bool = False) -> Figure:
    """Draw the parts of one person; `lying` spreads the limbs, `sitting` bends the legs."""
    cloth, trousers = any_colour(rng, low=20, high=220), any_colour(rng, low=15, high=140)
    shoe, skin = any_colour(rng, low=10, high=90), near(rng, SKINS[rng.integers(len(SKINS))], 15)
    reach = 70 if lying else 28
    parts: list[Part] = []
    for s in (-1, 1):
        spread = s * rng.uniform(2, 30 if lying else 13)
        bend = s * rng.uniform(-60, 10) if lying else rng.uniform(-8, 8)
        if sitting:
            spread, bend = s * 55, -s * 75
        leg = _chain(s * 0.048, 0.51, 0.46, spread, bend)
        parts.append(Part(_limb(leg, 0.095), near(rng, trousers, 10)))
        parts.append(Part(_oval(leg[-1, 0] + s * 0.012, leg[-1, 1] + 0.01, 0.045, 0.025), shoe))
    parts += _torso(rng, cloth)
    for s in (-1, 1):
        arm = _chain(s * 0.105, 0.215, 0.34, s * rng.uniform(4, reach), s * rng.uniform(-35, 25))
        parts.append(Part(_limb(arm, 0.06), near(rng, cloth, 22)))
        parts.append(Part(_oval(arm[-1, 0], arm[-1, 1], 0.024, 0.026), skin))
    return Figure((*parts, *_head(rng, helmet)), helmet)
