"""The proof of many candidates: as wholes, then as their corners say that they lie."""

from __future__ import annotations

import numpy as np

from hoban_assets.curation.copies.candidates import Candidates
from hoban_assets.curation.copies.lying import Lying, lying
from hoban_assets.curation.copies.proof import similarity
from hoban_assets.curation.copies.rough import may_fit
from hoban_assets.curation.copies.sketch import unpacked
from hoban_assets.curation.engines import FLOORS

FLOOR = FLOORS["copies"]
"""Lowest similarity that is kept. Other frames of the same camera reach 0.4 on average of the
closest twentieth; see `hoban calibrate copies`."""
COMMON = 0.9
"""The threshold of the recipes, and what a proof must say (`PROOF`) to have this similarity."""
PROOF = 0.95
"""From here on no pair that was found among real photographs was a mistake; at 0.9 one in fifty was
another moment of the same film, in which somebody had moved. See docs/truth.md."""
SURE = 0.98
"""A pair whose proof as a whole says this much is not looked at for crops."""

Task = tuple[np.ndarray, Candidates]
"""Sketches (uint8 [n, LENGTH]) and pairs of them."""


def best_proofs(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Similarity of pictures, float32 [m], and the turns that bring `i` onto `j`, int8 [m].

    Similarity grows with what the proof says: `PROOF` is `COMMON`; `FLOOR` and 1 are themselves.
    """
    rows, pairs = task
    sketches = unpacked(rows)
    small = sketches.small
    value = np.zeros(len(pairs.i), np.float32)
    turn = pairs.turn.copy()
    for at in np.flatnonzero(turn >= 0).tolist():
        value[at] = similarity(small[pairs.i[at]], small[pairs.j[at]], Lying(int(turn[at])))
    open_ = np.flatnonzero(value < SURE)
    found = lying(sketches, pairs.i[open_], pairs.j[open_])
    open_, laid = open_[found.known], found.only(found.known)
    worth = may_fit(small, pairs.i[open_], pairs.j[open_], laid)
    for at, how in zip(open_[worth].tolist(), laid.only(worth).each(), strict=True):
        other = similarity(small[pairs.i[at]], small[pairs.j[at]], how)
        if other > value[at]:
            value[at], turn[at] = other, how.turn
    return _on_scale(value), np.maximum(turn, 0)


def _on_scale(proof: np.ndarray) -> np.ndarray:
    return np.interp(proof, [0, FLOOR, PROOF, 1], [0, FLOOR, COMMON, 1]).astype(np.float32)
