"""Proof that one picture is a copy of another: laid on it, it shows the same everywhere.

Corners only say how a picture would lie on the other. What decides is the pictures themselves:
in every small window that both show, they must show the same. So a frame of the same camera in
which a person moved is no copy, however alike the rooms are.
"""

from __future__ import annotations

import cv2
import numpy as np

from hoban_assets.curation.copies.lying import Lying
from hoban_assets.curation.copies.sketch import SMALL
from hoban_assets.curation.copies.turns import turned

WINDOW = 9
"""Side of a window, in pixels of the small picture (a seventh of it)."""
NOISE = 60.0
"""Variance (grey levels squared) that recompression may leave in a flat window, at most."""
NOISE_SHARE = 0.04
"""The same as a share of the picture's variance: a dim picture has less of both."""
WORST = 0.01
"""Share of the windows that may be worse than the similarity says."""
CLIPPED = (15.0, 235.0)
"""Greys beyond which a picture may have lost what the other still shows."""
LEAST_SHARED = 0.55
"""Share of each picture that the other must show: a crop to 80 % of the sides shows 0.64."""
_BLUR = 0.7  # pixels; evens out what scaling and recompression do to edges
_LEAST_NOISE = 4.0
_ROUGH = 0.5  # agreement before any alignment below which none helps; copies have 0.65
_ROUGH_WORST = 0.1  # and the share of windows that it leaves out: clipped or badly aligned ones
_STEPS = 3  # steps of the alignment
_KNOTS = np.linspace(0.0, 255.0, 17)  # of the curve from one picture's greys to the other's
_BEND = np.diff(np.eye(len(_KNOTS)), n=2, axis=0)
# Greys that hardly occur follow their neighbours: the curve bends as little as it may.
_STIFF = 2.0 * _BEND.T @ _BEND + 1e-6 * np.eye(len(_KNOTS))
_FLATTEST = 0.2  # of the greys' range that must be left: less is no copy that shows anything
_MOST_LOST = 0.3  # share of clipped pixels from which a window is not judged
_LEAST_JUDGED = 0.1  # share of windows that must be; else all are
_CENTRE = SMALL / 2
_RIDGE = 1e-3 * np.eye(6)
_PIXELS = np.arange(SMALL, dtype=np.float32) + 0.5


def similarity(one: np.ndarray, other: np.ndarray, lying: Lying) -> float:
    """How surely two small pictures (uint8 [SMALL, SMALL]) show the same: 0 to 1.

    The structural part of SSIM (Wang 2004, contrast times structure) of all windows that both
    pictures show, after one is laid on the other, both are aligned to a part of a pixel
    (Lucas-Kanade) and the greys of one are brought to those of the other by one curve, which
    takes brightness, contrast and clipped whites out. Of the windows' values the one at
    `WORST` counts.
    """
    mine = np.ascontiguousarray(turned(one, lying.turn)).astype(np.float32)
    theirs = other.astype(np.float32)
    scale, shift = np.array(lying.scale), np.array(lying.shift) * SMALL
    if scale.prod() > 1:  # make the larger one smaller, not the other way round
        mine, theirs, scale, shift = theirs, mine, 1 / scale, -shift / scale
    mine, theirs = (cv2.GaussianBlur(picture, (0, 0), _BLUR) for picture in (mine, theirs))
    rough = _aligned(mine, theirs, scale, shift, steps=0)
    if rough is None or _agreement(*_as_bright(*rough), _ROUGH_WORST) < _ROUGH:
        return 0.0
    laid = _aligned(mine, theirs, scale, shift, _STEPS)
    return float(max(0.0, *_agreements(*laid))) if laid is not None else 0.0


def _as_bright(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with the same mean and spread."""
    gain = second.std() / max(float(first.std()), 1.0)
    return (first - first.mean()) * gain, second - second.mean()


def _aligned(
    mine: np.ndarray, theirs: np.ndarray, scale: np.ndarray, shift: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """The part that both show, of each; None where it is too small."""
    for step in range(steps + 1):
        # Of `theirs` the part that `mine` covers, and of `mine` the part that lies inside.
        low, high = np.maximum(shift, 0), np.minimum(shift + scale * SMALL, SMALL)
        covered = np.maximum(high - low, 0).prod() / SMALL**2
        if covered < LEAST_SHARED or covered / scale.prod() < LEAST_SHARED:
            return None
        matrix = np.array(
            [
                [scale[0], 0, (scale[0] - 1) / 2 + shift[0]],
                [0, scale[1], (scale[1] - 1) / 2 + shift[1]],
            ]
        )
        moved = cv2.warpAffine(mine, matrix, (SMALL, SMALL), borderMode=cv2.BORDER_REPLICATE)
        left, top = np.ceil(low + 0.5).astype(int)
        right, bottom = np.floor(high - 0.5).astype(int)
        first, second = moved[top:bottom, left:right], theirs[top:bottom, left:right]
        if step == steps:
            break
        change = _change(first, second, _PIXELS[left:right], _PIXELS[top:bottom])
        if change is None:
            return None
        grow, move = change
        scale = scale / grow
        shift = (shift - _CENTRE - move) / grow + _CENTRE
    return first, second


def _change(
    first: np.ndarray, second: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """One step of Lucas-Kanade with gain and offset: growth and move [2], in pixels.

    ``second(x) = gain * first(grow * (x - centre) + centre + move) + offset``
    """
    along = cv2.Sobel(first, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(first, cv2.CV_32F, 0, 1, scale=1 / 8)
    open_ = (first > 8) & (first < 247) & (second > 8) & (second < 247)
    if open_.mean() < 0.25:
        open_[:] = True
    shown = first * open_
    along, down = along * open_, down * open_
    rows = np.empty((7, *first.shape), np.float32)
    rows[0], rows[1], rows[2], rows[4] = shown, open_, along, down
    np.multiply(along, x - _CENTRE, out=rows[3])
    np.multiply(down, (y - _CENTRE)[:, None], out=rows[5])
    np.multiply(second, open_, out=rows[6])
    products = cv2.mulTransposed(rows.reshape(7, -1).astype(np.float64), aTa=False)
    square, right = products[:6, :6] + _RIDGE, products[:6, 6]
    fit = np.linalg.solve(square, right)
    gain = fit[0]
    if gain < _FLATTEST:
        return None
    grow = 1 + np.clip(fit[[3, 5]] / gain, -0.05, 0.05)
    return grow, np.clip(fit[[2, 4]] / gain, -2.0, 2.0)


def _agreements(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Agreement with the greys of the first brought to those of the second, and vice versa.

    A picture with clipped whites follows from the one without, not the other way round.
    """
    low, high = CLIPPED
    lost = (first < low) | (first > high) | (second < low) | (second > high)
    judged = _mean(lost.astype(np.float32)) < _MOST_LOST
    if judged.mean() < _LEAST_JUDGED:
        judged[:] = True
    return (
        _agreement(_regreyed(first, second), second, WORST, judged),
        _agreement(first, _regreyed(second, first), WORST, judged),
    )


def _regreyed(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Bring the greys of `source` to those of `target` by a curve that never falls."""
    place = np.clip(source.ravel() / _KNOTS[1], 0, len(_KNOTS) - 1 - 1e-6)
    knot = place.astype(np.intp)
    part = place - knot
    rest = 1 - part
    n = len(_KNOTS)
    # Normal equations of a piecewise linear curve: its matrix has three diagonals.
    own = np.bincount(knot, rest * rest, n)
    own[1:] += np.bincount(knot, part * part, n)[:-1]
    beside = np.bincount(knot, part * rest, n)[:-1]
    normal = _STIFF + np.diag(own) + np.diag(beside, 1) + np.diag(beside, -1)
    goal = target.ravel()
    right = np.bincount(knot, rest * goal, n)
    right[1:] += np.bincount(knot, part * goal, n)[:-1]
    curve = np.linalg.solve(normal, right)
    curve = np.maximum.accumulate(curve)
    value = curve[knot] * rest + curve[knot + 1] * part
    return value.reshape(source.shape).astype(np.float32)


def _agreement(
    first: np.ndarray, second: np.ndarray, share: float, judged: np.ndarray | None = None
) -> float:
    a, b = first - first.mean(), second - second.mean()
    squares = a * a + b * b
    noise = min(NOISE, NOISE_SHARE * float(squares.mean()) / 2 + _LEAST_NOISE)
    mean_a, mean_b = _mean(a), _mean(b)
    spread = _mean(squares) - mean_a * mean_a - mean_b * mean_b
    common = _mean(a * b) - mean_a * mean_b
    values = (2 * common + noise) / (np.maximum(spread, 0) + noise)
    values = values.ravel() if judged is None else values[judged]
    worst = int(len(values) * share)
    return float(np.partition(values, worst)[worst])


def _mean(values: np.ndarray) -> np.ndarray:
    size = (WINDOW, WINDOW)
    return cv2.boxFilter(values, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT)
