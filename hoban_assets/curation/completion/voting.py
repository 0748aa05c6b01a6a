"""Predictions of several teachers, or of one at several scales, become candidates with one score.

Like weighted boxes fusion (Solovyev et al., 2021) in its score: a candidate's is the mean over all
who know its class, 0 for those who saw nothing there. Not so in its box: a mean of boxes was
measured to fit real persons worse than the box of the highest score, which is therefore kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hoban_assets.curation.packed_boxes import pairwise_iou

CORNERS = ["left", "top", "right", "bottom"]
SAME_BOX_IOU = 0.8
"""Predictions of one teacher that overlap this much are one. Higher than in a detector: which of
two boxes of one body is right, the cross-check can tell better than the score."""
AGREE_IOU = 0.55
"""Predictions of two teachers that overlap this much mean one object (as in the paper)."""


@dataclass(frozen=True)
class Candidates:
    """What may be objects of one class on one image, highest score first."""

    corners: np.ndarray
    """float64 [n, 4]: left, top, right, bottom, 0-1."""
    score: np.ndarray
    """float64 [n]: mean over all teachers."""
    seen: np.ndarray
    """float64 [n]: the highest score that any teacher gave. Background needs all to agree."""
    row: np.ndarray
    """int64 [n]: row of the prediction whose box it is."""
    teacher: list[str]
    """Those who saw it, joined by '+'."""


def vote(predictions: pd.DataFrame, teachers: int) -> Candidates:
    """Merge the predictions of one class on one image.

    Args:
        predictions: columns score, left, top, right, bottom, row, teacher.
        teachers: how many know the class, whether they saw something here or not.
    """
    found = predictions.sort_values(["score", *CORNERS], ascending=[False] + [True] * 4)
    corners, score = found[CORNERS].to_numpy(float), found.score.to_numpy(float)
    who, row = found.teacher.tolist(), found.row.to_numpy(np.int64)
    alike = pairwise_iou(corners, corners)
    left = np.ones(len(found), bool)
    kept, votes, seen, names = [], [], [], []
    for index in range(len(found)):
        if not left[index]:
            continue
        best = {who[index]: score[index]}
        for other in np.flatnonzero(left & (alike[index] >= AGREE_IOU)):
            if who[other] != who[index] and who[other] not in best:
                best[who[other]] = score[other]
                left[other] = False
        same = np.array([name == who[index] for name in who])
        left &= ~((alike[index] >= SAME_BOX_IOU) & same)
        left[index] = False
        kept.append(index)
        votes.append(sum(best.values()) / max(teachers, 1))
        seen.append(max(best.values()))
        names.append("+".join(sorted(best)))
    order = np.argsort(-np.asarray(votes, float), kind="stable")
    at = np.asarray(kept, int)[order]
    return Candidates(
        corners[at].reshape(-1, 4),
        np.asarray(votes, float)[order],
        np.asarray(seen, float)[order],
        row[at],
        [names[i] for i in order],
    )
