"""Was a training still improving when it ended, had it levelled off, or did it overfit?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

State = Literal["too_short", "improving", "levelled", "overfitted"]

TOO_SHORT = 5
"""Fewer epochs say nothing: learning rate and batch statistics are still warming up."""
GAIN = 0.002
"""mAP50-95 that the last tenth must be above all earlier epochs to count as improving."""
RISE = 0.01
"""mAP50-95 that the fitted line must rise over the last third to count as improving."""
FALL = 0.02
"""mAP50-95 that the last tenth must lie below the best epoch to count as overfitted."""


@dataclass(frozen=True)
class Trend:
    """How validation mAP50-95 went. Epochs count from 1."""

    state: State
    epochs: int
    best_epoch: int | None
    best: float | None
    last: float | None
    """Mean of the last tenth of the epochs."""
    rise: float | None
    """Of a line fitted to the last third, over that third."""


def trend(series: Mapping[int, float]) -> Trend:
    """Judge the mAP50-95 of each epoch (epoch -> value).

    By these rules, the first that holds:

    - fewer than `TOO_SHORT` epochs: 'too_short'
    - the best epoch lies in the first 80 % and the mean of the last tenth is more than `FALL`
      below it: 'overfitted'
    - the best of the last tenth beats everything before by more than `GAIN`, or a line fitted to
      the last third (at least 5 epochs) rises by more than `RISE`: 'improving'
    - else 'levelled'
    """
    values = [series[epoch] for epoch in sorted(series)]
    count = len(values)
    if not count:
        return Trend("too_short", 0, None, None, None, None)
    tenth, third = max(1, round(count / 10)), max(TOO_SHORT, round(count / 3))
    best = max(values)
    best_epoch = sorted(series)[values.index(best)]
    last, rise = fmean(values[-tenth:]), _rise(values[-third:])
    state: State = "levelled"
    if count < TOO_SHORT:
        state = "too_short"
    elif values.index(best) < 0.8 * count and best - last > FALL:
        state = "overfitted"
    elif max(values[-tenth:]) - max(values[:-tenth]) > GAIN or rise > RISE:
        state = "improving"
    return Trend(state, count, best_epoch, best, last, rise)


def _rise(values: list[float]) -> float:
    """How much the least-squares line through `values`, one a step, rises from end to end."""
    middle, mean = (len(values) - 1) / 2, fmean(values)
    spread = sum((step - middle) ** 2 for step in range(len(values)))
    slope = sum((step - middle) * (value - mean) for step, value in enumerate(values))
    return slope / spread * (len(values) - 1) if spread else 0.0
