"""Does a predicted body have the labelled head that belongs to it, and the reverse?

On a photograph whose heads are labelled, each person has at most one of them, at the upper end of
the body (`classes.BODY_OF`). So heads and predicted bodies are matched one to one, all at once
(Hungarian algorithm), which also says which of several boxes around one body is the best. Where
bodies are labelled and heads predicted, the same is asked with the roles exchanged.

The score is corrected in log-odds: less for a head that lies off its place, much less for a box
into which several heads fit (it holds a group), so that a limit is one number for all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TOP = (-0.5, 0.8)
"""Upper edge of the head below that of the body, in heights of the head."""
SMALLEST_BODY = (0.8, 1.4)
"""Width and height of a body, at least, in those of its head: what a picture's edge leaves."""
SPREAD = 0.2
"""Of the head's upper edge (heights of the head) and middle (widths of the body): where the
correction is half of `OFF_PLACE`."""
OFF_PLACE = 0.3
"""Log-odds for one `SPREAD` off its place, squared, twice."""
GROUP = 1.5
"""Log-odds for each labelled head more that fits into a predicted body."""
NEVER = -1e6
BODY_SIZE = (3.0, 7.0)
"""Width and height of the region in which a body must be, in those of its head: a standing adult
is seven to eight heads high, and three wide with the arms."""


@dataclass(frozen=True)
class Verdict:
    """What the cross-check says of each body and each head."""

    partner: np.ndarray
    """int64 [bodies]: the head that belongs to it, or -1."""
    log_odds: np.ndarray
    """float64 [bodies]: of the score, corrected by where the head lies; `NEVER` without one."""
    heads_inside: np.ndarray
    """int64 [bodies]: heads that could be its own."""


def matched(bodies: np.ndarray, pairs: np.ndarray, heads: np.ndarray, group: float) -> Verdict:
    """Match bodies and heads one to one; either may be the predicted ones.

    Args:
        bodies: [n, 4] left, top, right, bottom, 0-1 of the image.
        pairs: [n, m] score of each pair before anybody looks at places: that of its body where
            bodies are predicted, else that of its head.
        heads: [m, 4].
        group: log-odds for each head more that fits into a body.
    """
    if not len(bodies) or not len(heads):
        none = np.full(len(bodies), -1)
        return Verdict(none, np.full(len(bodies), float(NEVER)), np.zeros(len(bodies), int))
    fits, off = _places(bodies, heads)
    inside = fits.sum(axis=1)
    value = log_odds(pairs) - OFF_PLACE * off - group * np.maximum(0, inside - 1)[:, None]
    value = np.where(fits, value, NEVER)
    from scipy.optimize import linear_sum_assignment  # 0.2 s that no other command is to pay

    rows, columns = linear_sum_assignment(-value)
    partner, found = np.full(len(bodies), -1), np.full(len(bodies), float(NEVER))
    for row, column in zip(rows, columns, strict=True):
        if fits[row, column]:
            partner[row], found[row] = column, value[row, column]
    return Verdict(partner, found, inside)


def _places(bodies: np.ndarray, heads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[bodies, heads]: whether a head can be that of a body, and how far off its place it is."""
    size = np.maximum(bodies[:, 2:] - bodies[:, :2], 1e-9)[:, None]
    head = np.maximum(heads[:, 2:] - heads[:, :2], 1e-9)[None]
    top = (heads[None, :, 1] - bodies[:, None, 1]) / head[..., 1]
    middle = ((heads[None, :, 0] + heads[None, :, 2]) / 2 - bodies[:, None, 0]) / size[..., 0]
    fits = (top > TOP[0]) & (top < TOP[1]) & (middle > 0) & (middle < 1)
    fits &= (size / head > SMALLEST_BODY).all(axis=-1)
    return fits, ((top / SPREAD) ** 2 + ((middle - 0.5) / SPREAD) ** 2) / 2


def log_odds(score: np.ndarray | float) -> np.ndarray:
    """Logarithm of the odds of scores 0-1."""
    score = np.clip(np.asarray(score, float), 1e-6, 1 - 1e-3)
    return np.log(score / (1 - score))


def body_regions(heads: np.ndarray) -> np.ndarray:
    """Where the bodies of heads [m, 4] must be, cut at the edges of the image: [m, 4]."""
    middle = (heads[:, 0] + heads[:, 2]) / 2
    width, height = (heads[:, 2:] - heads[:, :2]).T * np.array(BODY_SIZE)[:, None]
    corners = np.stack(
        [middle - width / 2, heads[:, 1], middle + width / 2, heads[:, 1] + height], axis=1
    )
    return np.clip(corners, 0, 1)
