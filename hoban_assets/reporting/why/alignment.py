"""How two photographs lie over each other: under which of the eight flips and turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LEAST = 0.8
"""Correlation from which one picture lies over the other. Recompressed and brightened copies have
more than 0.95; other pictures of one room reach 0.7."""
MARGIN = 0.02
"""A flip or turn must fit so much better than none, as a picture of nothing fits all eight."""

AS_IT_IS = "as it is"
WAYS: Mapping[str, tuple[bool, int]] = {
    AS_IT_IS: (False, 0),
    "mirrored left to right": (True, 0),
    "turned by 180 degrees": (False, 2),
    "mirrored top to bottom": (True, 2),
    "turned left by 90 degrees": (False, 1),
    "turned right by 90 degrees": (False, 3),
    "mirrored left to right, then turned left by 90 degrees": (True, 1),
    "mirrored left to right, then turned right by 90 degrees": (True, 3),
}
"""What is done to the second picture to lay it over the first: mirrored?, quarter turns left."""


@dataclass(frozen=True)
class Alignment:
    """How the second picture is laid over the first."""

    way: str | None
    """A key of `WAYS`; None where none of them lays one over the other."""
    correlation: float
    """Of the grey pictures under the best way, -1 to 1."""


def alignment(first: Path, second: Path) -> Alignment | None:
    """Compare two photographs as displayed, stretched to one size; None where one is not to read.

    Crops and perspective are not looked for: such pairs have no `way`.
    """
    import numpy as np

    from hoban_assets.curation.packed_boxes import TURNS, turned_picture
    from hoban_assets.curation.small_pictures import correlations, small_pictures, standardised

    pictures = small_pictures((first, second), workers=1)
    if not pictures.any(axis=(1, 2)).all():
        return None
    one, other = standardised(pictures)[:, None]
    by_turn = correlations(other, one)[:, 0].tolist()
    sample = np.arange(4).reshape(2, 2)
    turn_of = {turned_picture(sample, turn).tobytes(): turn for turn in range(TURNS)}
    fits = {
        name: by_turn[
            turn_of[np.rot90(sample[:, ::-1] if is_mirrored else sample, turns).tobytes()]
        ]
        for name, (is_mirrored, turns) in WAYS.items()
    }
    best = max(fits, key=lambda name: fits[name])
    if fits[AS_IT_IS] >= fits[best] - MARGIN:
        best = AS_IT_IS
    return Alignment(best if fits[best] >= LEAST else None, fits[best])
