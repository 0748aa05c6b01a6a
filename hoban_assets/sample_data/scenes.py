"""Scenes: a place, the persons in it and the look of the camera; drawn on demand.

A `Scene` is a plan, not a picture: `frame` draws it, and draws it again with everybody moved a
little, which is how the frames of a clip come about.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from hoban_assets.sample_data import textures as tx
from hoban_assets.sample_data.backdrops import backdrop
from hoban_assets.sample_data.figures import Box, Figure, person
from hoban_assets.sample_data.textures import Picture, Rng, Size


@dataclass(frozen=True)
class Drawn:
    """An object of a picture: `kind` helmet, bare, person, fallen, standing or sitting."""

    kind: str
    box: Box


@dataclass(frozen=True)
class Shot:
    """A picture (RGB, uint8) and everything that is to be seen in it, labelled or not."""

    picture: Picture
    objects: tuple[Drawn, ...]

    def boxes(self, *kinds: str) -> list[tuple[str, Box]]:
        """Kind and box of the objects of these kinds."""
        return [(o.kind, o.box) for o in self.objects if o.kind in kinds]


@dataclass(frozen=True)
class Scene:
    """Plan of a picture. `figures` pair a posture (person, fallen, ...) with a placed figure."""

    name: str
    seed: int
    size: Size
    figures: tuple[tuple[str, Figure], ...] = ()

    def frame(self, shift: float = 0) -> Shot:
        """Draw it; `shift` moves each figure by about that many pixels, the camera by less."""
        picture = backdrop(rng_of(self.seed, self.name, "place"), self.size)
        if shift:
            matrix = np.array([[1, 0, shift * 0.3], [0, 1, shift * 0.1]])
            picture = cv2.warpAffine(picture, matrix, self.size, borderMode=cv2.BORDER_REFLECT)
        objects: list[Drawn] = []
        for index, (posture, figure) in enumerate(self.figures):
            moved = figure.moved(shift * (-1) ** index, shift * 0.25) if shift else figure
            moved.draw(picture)
            head = "helmet" if figure.helmet else "bare"
            for kind, box in ((posture, moved.box()), (head, moved.head_box())):
                inside = clip(box, self.size)
                if _share(inside, box) > 0.15:
                    objects.append(Drawn(kind, inside))
        return Shot(_look(rng_of(self.seed, self.name, "look"), picture), tuple(objects))


def rng_of(seed: int, *names: str) -> Rng:
    """Return a generator that depends on nothing but `seed` and `names`."""
    return np.random.default_rng([seed, zlib.crc32("/".join(names).encode())])


def clip(box: Box, size: Size) -> Box:
    """Cut a box at the borders of a picture of `size`."""
    x1, y1, x2, y2 = box
    return max(0.0, x1), max(0.0, y1), min(float(size[0]), x2), min(float(size[1]), y2)


def area(box: Box) -> float:
    """Area in square pixels, 0 where the box is turned inside out."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _share(part: Box, whole: Box) -> float:
    return area(part) / max(area(whole), 1e-9)


def _look(rng: Rng, picture: Picture) -> Picture:
    """Camera and light: exposure, contrast, colour cast, blur, vignette, grain."""
    height, width = picture.shape[:2]
    contrast, brightness = rng.uniform(0.7, 1.25), rng.uniform(-30, 30)
    levels = (np.arange(256) - 128) * contrast + 128 + brightness
    curves = np.clip(levels[:, None] * rng.uniform(0.85, 1.15, 3), 0, 255).astype(np.uint8)
    view = cv2.LUT(picture, curves[None])
    light = np.ones((height, width), np.float32)
    if rng.random() < 0.4:
        x, y = tx.mesh((width, height))
        x -= np.float32(rng.uniform(0.3, 0.7) * width)
        y -= np.float32(rng.uniform(0.3, 0.7) * height)
        light = 1.15 - np.hypot(x / width, y / height) * np.float32(rng.uniform(0.3, 1.0))
    if rng.random() < 0.5:
        view = cv2.GaussianBlur(view, (0, 0), float(rng.uniform(0.4, 1.5)))
    return tx.lit(view, light, tx.grained(rng, (width, height), float(rng.choice([1, 3, 6]))))


def _slots(rng: Rng, count: int, width: float) -> list[float]:
    """Middles of `count` slots side by side, in random order."""
    middles = (np.arange(count) + 0.5 + rng.uniform(-0.15, 0.15, count)) * width / count
    return [float(x) for x in rng.permutation(middles)]


def heads(name: str, seed: int, size: Size, helmets: list[bool], share: float) -> Scene:
    """Close view of heads and shoulders; each head fills about `share` (0-1) of the picture."""
    rng = rng_of(seed, name, "plan")
    figures = []
    for x, helmet in zip(_slots(rng, len(helmets), size[0]), helmets, strict=True):
        figure = person(rng, helmet=helmet)
        wide = 0.156 if helmet else 0.11
        pixels = np.sqrt(share * rng.uniform(0.8, 1.25) * size[0] * size[1] / (wide * 0.147))
        y = rng.uniform(0.04, 0.35) * size[1]
        placed = figure.placed(x, y + pixels / 2, pixels, rng.uniform(-5, 5))
        box = placed.head_box()
        figures.append(("person", placed.moved(0, max(0.0, 2 - box[1]))))
    return Scene(name, seed, size, tuple(figures))


def people(name: str, seed: int, size: Size, count: int, tall: tuple[float, float]) -> Scene:
    """Whole persons on their feet, between `tall` of the picture's height."""

    def foot(rng: Rng, pixels: float) -> float:
        return rng.uniform(max(pixels, 0.7 * size[1]), size[1] * 0.99)

    return _upright(name, seed, size, count, tall, foot)


def cut_people(name: str, seed: int, size: Size, count: int, tall: tuple[float, float]) -> Scene:
    """Persons whose heads are to be seen and whose feet lie below the picture.

    Their tops lie where those of real persons do that the lower edge cuts: 0.06 to 0.55 of the
    height, around 0.26 (10, 90 and 50 % of 286 labelled ones).
    """

    def foot(rng: Rng, pixels: float) -> float:
        top = size[1] * rng.triangular(0.02, 0.15, 0.6)
        return max(top + pixels, size[1] * 1.05)

    return _upright(name, seed, size, count, tall, foot)


def _upright(
    name: str,
    seed: int,
    size: Size,
    count: int,
    tall: tuple[float, float],
    foot_of: Callable[[Rng, float], float],
) -> Scene:
    rng = rng_of(seed, name, "plan")
    figures = []
    for x in _slots(rng, count, size[0]):
        pixels = size[1] * rng.uniform(*tall)
        foot = foot_of(rng, pixels)
        figure = person(rng, helmet=bool(rng.random() < 0.5))
        figures.append(("person", figure.placed(x, foot - pixels / 2, pixels, rng.uniform(-6, 6))))
    figures.sort(key=lambda item: item[1].box()[3])
    return Scene(name, seed, size, tuple(figures))


def fall(
    name: str, seed: int, size: Size, long: tuple[float, float], others: tuple[str, ...] = ()
) -> Scene:
    """Draw one person who lies, `long` of the picture's width, and standing or sitting `others`."""
    rng = rng_of(seed, name, "plan")
    figures = _indoors(rng, size, others, (0.4, 0.6))
    pixels = size[0] * rng.uniform(*long)
    figure = person(rng, helmet=bool(rng.random() < 0.3), lying=True)
    angle = rng.choice([-1, 1]) * rng.uniform(62, 118)
    x = rng.uniform(0.35, 0.65) * size[0]
    y = rng.uniform(0.55, 0.8) * size[1]
    figures.append(("fallen", figure.placed(x, y, pixels, angle, rng.uniform(0.7, 1.0))))
    return Scene(name, seed, size, tuple(figures))


def no_fall(name: str, seed: int, size: Size, postures: tuple[str, ...]) -> Scene:
    """Standing or sitting persons where others fall: the everyday scenes of such folders."""
    figures = _indoors(rng_of(seed, name, "plan"), size, postures, (0.5, 1.0))
    return Scene(name, seed, size, tuple(figures))


def _indoors(
    rng: Rng, size: Size, postures: tuple[str, ...], tall: tuple[float, float]
) -> list[tuple[str, Figure]]:
    figures = []
    for x, posture in zip(_slots(rng, len(postures), size[0]), postures, strict=True):
        pixels = size[1] * rng.uniform(*tall)
        figure = person(rng, helmet=False, sitting=posture == "sitting")
        figures.append((posture, figure.placed(x, size[1] * 0.45, pixels, rng.uniform(-5, 5))))
    return figures


def empty(name: str, seed: int, size: Size) -> Scene:
    """Nobody there."""
    return Scene(name, seed, size)
