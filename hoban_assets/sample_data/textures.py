"""Procedural textures: the surfaces of drawn construction sites.

Every function takes the random generator first and returns a picture of ``size`` (width, height
in pixels): either a grey field (float32, height x width, 0-1) or an RGB image (uint8).
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np

Rng: TypeAlias = np.random.Generator
Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""
Colour: TypeAlias = tuple[int, int, int]
"""Red, green, blue, 0-255."""
Picture: TypeAlias = np.ndarray
"""RGB image, uint8, height x width x 3."""


def any_colour(rng: Rng, *, low: int = 10, high: int = 245) -> Colour:
    """Return a colour with each channel drawn from `low` to `high`."""
    red, green, blue = rng.integers(low, high + 1, 3)
    return int(red), int(green), int(blue)


def near(rng: Rng, colour: Colour, spread: int = 25) -> Colour:
    """Return a colour whose channels differ from `colour` by at most `spread`."""
    red, green, blue = (
        min(255, max(0, channel + shift))
        for channel, shift in zip(
            colour, rng.integers(-spread, spread + 1, 3).tolist(), strict=True
        )
    )
    return red, green, blue


def shaded(colour: Colour, factor: float) -> Colour:
    """Return a darker colour: each channel times `factor` (0-1)."""
    red, green, blue = colour
    return int(red * factor), int(green * factor), int(blue * factor)


def tinted(colour: Colour, amount: float) -> Colour:
    """Return a lighter colour: `amount` (0-1) of the way to white."""
    red, green, blue = (int(c + (255 - c) * amount) for c in colour)
    return red, green, blue


def fractal(
    rng: Rng, size: Size, cells: float = 4, octaves: int = 4, gain: float = 0.55
) -> Picture:
    """Sum of smoothed random grids, each twice as fine: clouds, dirt, concrete. Grey field."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        step = cells * 2**octave
        across = int(np.clip(step, 2, width))
        down = int(np.clip(step * height / width, 2, height))
        grid = rng.random((down, across), dtype=np.float32)
        total += gain**octave * cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)
    return cv2.normalize(total, None, 0.0, 1.0, cv2.NORM_MINMAX)


def ramp(field: Picture, dark: Colour, light: Colour) -> Picture:
    """Colour a grey field from `dark` (0) to `light` (1)."""
    table = np.linspace(dark, light, 256).astype(np.uint8)
    return table[np.clip(field * 255, 0, 255).astype(np.uint8)]


def mesh(size: Size) -> tuple[Picture, Picture]:
    """Coordinates x and y in pixels of every pixel, float32, height x width each."""
    width, height = size
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def stripes(rng: Rng, size: Size) -> Picture:
    """Waves of one direction, sharp or soft: corrugated steel, planks, ripples. Grey field."""
    x, y = mesh(size)
    period = float(rng.uniform(6, 60))
    angle = float(rng.choice([0, 90, rng.uniform(0, 180)]))
    along = x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))
    wave = np.sin(along * (2 * np.pi / period))
    return np.clip(0.5 + wave * rng.choice([0.5, 1.2, 6.0]), 0, 1).astype(np.float32)


def cells(rng: Rng, size: Size, count: int) -> tuple[Picture, Picture]:
    """Voronoi cells of `count` random points.

    Returns:
        Index of each pixel's cell (int32) and the distance to its point in pixels (float32).
    """
    width, height = size
    seeds = np.full((height, width), 255, np.uint8)
    seeds[rng.integers(0, height, count), rng.integers(0, width, count)] = 0
    distance, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    return labels, distance


def stones(rng: Rng, size: Size) -> Picture:
    """Rubble, leaves or cobbles: shaded Voronoi cells in shades of one or many colours. RGB."""
    labels, distance = cells(rng, size, int(np.exp(rng.uniform(np.log(30), np.log(1500)))))
    base = np.array(any_colour(rng, low=40, high=200))
    spread = int(rng.integers(15, 90))
    palette = np.clip(base + rng.integers(-spread, spread, (labels.max() + 1, 3)), 0, 255)
    shade = 1.15 - distance / (distance.max() + 1) * rng.uniform(0.3, 1.5)
    return np.clip(palette[labels] * shade[..., None], 0, 255).astype(np.uint8)


def bricks(rng: Rng, size: Size) -> Picture:
    """Rows of blocks with joints, each block in its own shade. RGB."""
    width, height = size
    tall = int(rng.integers(8, 45))
    long = int(tall * rng.uniform(1.0, 3.2))
    joint = max(1, tall // 9)
    base, shift = any_colour(rng, low=50, high=210), int(rng.choice([0, long // 2]))
    picture = np.full((height, width, 3), near(rng, any_colour(rng, low=60, high=220)), np.uint8)
    spread = int(rng.integers(8, 45))
    for row, top in enumerate(range(0, height, tall)):
        for left in range(-shift * (row % 2), width, long):
            end = (left + long - joint, top + tall - joint)
            cv2.rectangle(picture, (left, top), end, near(rng, base, spread), -1)
    return picture


def weathered(rng: Rng, picture: Picture, strength: float) -> Picture:
    """Multiply by fractal stains and add grain; `strength` 0-1."""
    height, width = picture.shape[:2]
    stains = 1 + np.float32(strength) * (
        fractal(rng, (width, height), rng.uniform(2, 12), 5, 0.7) - 0.55
    )
    return lit(picture, stains, grained(rng, (width, height), strength * 14))


def grained(rng: Rng, size: Size, deviation: float) -> Picture:
    """Gaussian noise of mean 0, float32, height x width."""
    noise = rng.standard_normal((size[1], size[0]), dtype=np.float32)
    noise *= np.float32(deviation)
    return noise


def lit(picture: Picture, factor: Picture, offset: Picture) -> Picture:
    """Multiply an RGB image by `factor` and add `offset` (float32, height x width), saturating."""
    product = cv2.multiply(picture, cv2.merge([factor] * 3), dtype=cv2.CV_32F)
    return cv2.add(product, cv2.merge([offset] * 3), dtype=cv2.CV_8U)


def faded(picture: Picture, amount: float) -> Picture:
    """Take away `amount` (0-1) of the saturation, and half as much of the contrast."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    less = cv2.addWeighted(picture, 1 - amount, cv2.merge([grey] * 3), amount, 0)
    return cv2.convertScaleAbs(less, alpha=1 - amount / 2, beta=64 * amount)


def gradient(rng: Rng, size: Size, top: Colour, bottom: Colour) -> Picture:
    """Vertical change of colour, slightly tilted. RGB."""
    x, y = mesh(size)
    along = y / size[1] + (x / size[0] - 0.5) * rng.uniform(-0.4, 0.4)
    return ramp(np.clip(along, 0, 1), top, bottom)
