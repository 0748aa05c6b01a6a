"""Photographs with labelled heads, and what a teacher says of their persons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hoban_assets.curation.completion.bands import Labelled
from hoban_assets.curation.completion.voting import CORNERS, Candidates, vote

HEADS = frozenset({"person_with_helmet", "person_without_helmet"})
HEAD, BODY = (0.45, 0.10, 0.55, 0.20), (0.35, 0.10, 0.65, 0.80)


def predictions(*rows: tuple, name: str = "person", file: str = "a.jpg") -> pd.DataFrame:
    """Rows of (score, box) or (score, box, teacher)."""
    return pd.DataFrame(
        [(file, name, r[0], *r[1], i, r[2] if len(r) > 2 else "t") for i, r in enumerate(rows)],
        columns=["file", "class_name", "score", *CORNERS, "row", "teacher"],
    )


def candidates(*rows: tuple, teachers: int = 1) -> Candidates:
    return vote(predictions(*rows), teachers)


def labelled(*boxes: tuple[str, tuple], classes: frozenset[str] = HEADS) -> Labelled:
    corners = np.array([box for _, box in boxes], float).reshape(-1, 4)
    return Labelled(corners, np.array([name for name, _ in boxes], object), classes)
