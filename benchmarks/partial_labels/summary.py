"""What the figures of all trainings say together: Markdown, in English or Korean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.partial_labels.common import ARMS
from benchmarks.partial_labels.criteria import PARTS, criteria
from benchmarks.partial_labels.tables import every_seed, means, missing, trained, tried, written
from benchmarks.partial_labels.words import WORDS


def text(told: Mapping[str, Any], language: str) -> str:
    """Everything: what was trained, what was asked for, means and every seed."""
    word, runs = WORDS[language], sorted(told["runs"], key=_order)
    before = [tried(each, word, language) for each in told.get("tried", ())]
    if not runs:
        return "\n\n".join(before)
    rows = frame(runs)
    tables = [
        trained(runs, word),
        *missing(told, word),
        written([word[k] for k in ("criterion", "measured", "verdict")], criteria(rows, word)),
        f"{word['spread']}:",
        *(means(rows[rows.part == part], word) for part in PARTS if (rows.part == part).any()),
        every_seed(rows, word),
        *before,
    ]
    return "\n\n".join(tables)


def frame(runs: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A row a training, slice and class."""
    keys = ("part", "arm", "seed")
    return pd.DataFrame([{**{k: r[k] for k in keys}, **row} for r in runs for row in r["figures"]])


def _order(run: Mapping[str, Any]) -> tuple[int, int, int]:
    return PARTS.index(run["part"]), run["seed"], ARMS.index(run["arm"])
