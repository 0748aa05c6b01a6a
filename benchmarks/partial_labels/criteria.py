"""What was asked of masks and completed labels, and whether it is reached."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.partial_labels.common import COMPLETED, EVERYWHERE, FULL, MASKED, NAIVE
from benchmarks.partial_labels.words import Word

SUFFERS = 0.05
"""Recall that naive training loses against full labels, from which on a class suffers."""
CLOSED = {MASKED: (0.5, 0.5), COMPLETED: (0.9, 0.7)}
"""Share of that loss that a way has to win back, on drawn and on real photographs."""
PARTS = ("drawn", "real")
ALARMS = 1.3
"""False alarms an image, at most, in those of full labels."""


def criteria(rows: pd.DataFrame, word: Word) -> Iterator[list[str]]:
    """Each thing that was asked for, what was measured, and whether it is reached."""
    for part in PARTS:
        every = rows[(rows.part == part) & (rows.on == EVERYWHERE)]
        for arm in (MASKED, COMPLETED):
            if not (every.arm == arm).any():
                continue
            mine = of_common_seeds(every, arm)
            named = {"part": word["parts"][part], "arm": arm}
            limit = CLOSED[arm][PARTS.index(part)]
            asked = word["closed"].format(**named, limit=limit)
            yield [asked, *_closed(mine, arm, limit, word)]
            yield [word["map"].format(**named), *_not_below(mine, arm, word)]
            yield [word["alarms"].format(**named), *_alarms(mine, arm, word)]


def suffering(rows: pd.DataFrame) -> list[str]:
    """Classes whose mean recall is lower by `SUFFERS` or more with naive than with full labels."""
    mean = _mean(rows, "recall")
    if FULL not in mean or NAIVE not in mean:
        return []
    lost = (mean[FULL] - mean[NAIVE]).to_dict()
    return [str(name) for name, recall in lost.items() if recall >= SUFFERS]


def of_common_seeds(rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Rows of the seeds that a way, naive and full labels (where there are any) all have."""
    seeds = [set(rows[rows.arm == each].seed) for each in (arm, NAIVE, FULL)]
    common = set.intersection(*(each for each in seeds if each))
    return rows[rows.seed.isin(common)]


def _closed(rows: pd.DataFrame, arm: str, limit: float, word: Word) -> tuple[str, str]:
    if FULL not in set(rows.arm):
        return word["no full"], word["open"]
    mean, suffers = _mean(rows, "recall"), suffering(rows)
    if not suffers:
        return word["none suffers"].format(least=SUFFERS), word["open"]
    shares = {
        name: (mean[arm][name] - mean[NAIVE][name]) / (mean[FULL][name] - mean[NAIVE][name])
        for name in suffers
    }
    told = ", ".join(
        f"{name} {share:.0%} ({mean[NAIVE][name]:.3f} → {mean[arm][name]:.3f}, "
        f"full {mean[FULL][name]:.3f})"
        for name, share in shares.items()
    )
    return told, _verdict(min(shares.values()) >= limit, word)


def _not_below(rows: pd.DataFrame, arm: str, word: Word) -> tuple[str, str]:
    by_seed = rows.groupby(["arm", "seed"])["mAP50"].mean().unstack("arm")
    both = by_seed[[NAIVE, arm]].dropna() if NAIVE in by_seed else by_seed.iloc[:0]
    if not len(both):
        return "-", word["open"]
    difference = float((both[arm] - both[NAIVE]).mean())
    told = f"{difference:+.3f} ({both[NAIVE].mean():.3f} → {both[arm].mean():.3f})"
    if len(both) < 2:
        return f"{told}; {word['one seed']}", _verdict(True, word) if difference >= 0 else word[
            "open"
        ]
    noise = float(both[NAIVE].std())
    return f"{told}; ±{noise:.3f}", _verdict(difference >= -noise, word)


def _alarms(rows: pd.DataFrame, arm: str, word: Word) -> tuple[str, str]:
    total = rows.groupby(["arm", "seed"])["false_alarms"].sum().groupby("arm").mean()
    if FULL not in total:
        return f"{total[arm]:.2f} (naive {total[NAIVE]:.2f})", word["open"]
    told = f"{total[arm]:.2f} (naive {total[NAIVE]:.2f}, full {total[FULL]:.2f})"
    return told, _verdict(total[arm] <= ALARMS * total[FULL], word)


def _mean(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """[classes, ways] mean over seeds, of classes with objects."""
    there = rows[rows.labels > 0]
    return there.groupby(["class", "arm"])[column].mean().unstack("arm")


def _verdict(is_reached: bool, word: Word) -> str:
    return str(word["reached" if is_reached else "missed"])
