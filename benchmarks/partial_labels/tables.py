"""Tables of the proof: what was trained, means over seeds, every seed, what was tried before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.partial_labels.common import ARMS, EVERYWHERE
from benchmarks.partial_labels.criteria import PARTS, suffering
from benchmarks.partial_labels.words import Word


def trained(runs: Sequence[Mapping[str, Any]], word: Word) -> str:
    """What each way was trained and judged on, and how long it took."""
    lines = []
    for (part, arm), mine in _grouped(runs):
        first = mine[0]
        seconds = [r["processor_seconds"] for r in mine if r["processor_seconds"]]
        counts = (
            {k: first[k] for k in ("images", "boxes", "regions")}
            if len({r["boxes"] for r in mine}) == 1
            else {
                "images": first["images"],
                **{k: _range(r[k] for r in mine) for k in ("boxes", "regions")},
            }
        )
        lines.append(
            [
                word["parts"][part],
                arm,
                ", ".join(str(r["seed"]) for r in mine),
                word["images"].format(**counts),
                f"{first['epochs']}, {first['size']}",
                word["judging"].format(images=first["judged_images"]),
                f"{sum(seconds) / len(seconds) / 60:.1f}" if seconds else "-",
            ]
        )
    heads = ("part", "way", "seeds", "trained", "setting", "judged", "time")
    return written([word[k] for k in heads], lines)


def missing(told: Mapping[str, Any], word: Word) -> Iterator[str]:
    """Trainings that belong to it and were not finished."""
    absent = [f"{word['parts'][p]} {arm} {seed}" for p, arm, seed in told.get("missing", ())]
    if absent:
        yield f"{word['missing']} {', '.join(absent)}."


def means(rows: pd.DataFrame, word: Word) -> str:
    """Recall, false alarms and mAP50, ways side by side: each class, and where one suffers."""
    arms = [arm for arm in ARMS if arm in set(rows.arm)]
    measures = {"recall": "recall", "false alarms": "false_alarms", "mAP50": "mAP50"}
    heads = [f"{word.get(m, m)} {arm}" for m in measures for arm in arms]
    lines = []
    slices = sorted(rows.on.unique(), key=lambda on: (on != EVERYWHERE, on))
    shown = [*suffering(rows[rows.on == EVERYWHERE])] or list(rows["class"].unique())
    for on in slices:
        for name in rows["class"].unique():
            mine = rows[(rows.on == on) & (rows["class"] == name)]
            everywhere = on == EVERYWHERE
            if mine.empty or not (everywhere or (name in shown and mine.labels.iloc[0])):
                continue
            cells = [
                _spread(mine[mine.arm == arm][column])
                for column in measures.values()
                for arm in arms
            ]
            lines.append([f"{rows.part.iloc[0]}: {on}", name, f"{mine.labels.iloc[0]}", *cells])
    return written([word["on"], word["class"], word["objects"], *heads], lines)


def every_seed(rows: pd.DataFrame, word: Word) -> str:
    """Each class of each training on all photographs that judge."""
    lines = []
    for row in rows[(rows.on == EVERYWHERE) & (rows.labels > 0)].to_dict("records"):
        own = [f"{row[k]:.3f}" if pd.notna(row[k]) else "-" for k in ("recall", "precision")]
        alarms = f"{row['false_alarms']:.3f}"
        averages = [f"{row[k]:.3f}" for k in ("mAP50", "mAP50-95")]
        first = [row["part"], str(row["seed"]), row["arm"], row["class"]]
        lines.append([*first, *own, alarms, *averages])
    heads = ("part", "seeds", "way", "class", "recall", "precision", "false alarms")
    return written([*(word[k] for k in heads), "mAP50", "mAP50-95"], lines)


def tried(told: Mapping[str, Any], word: Word, language: str) -> str:
    """Trainings by another recipe, which were given up: what it was, and its figures."""
    what = f"{word['tried']} {told['what'][language]}."
    if "lines" in told:
        return f"{what}\n\n{written(told['heads'], told['lines'])}"
    rows = told["rows"]
    arms = list(rows[0]["mAP50-95"])
    measures = [m for m in ("mAP50", "mAP50-95", "recall", "false_alarms") if m in rows[0]]
    heads = [f"{word.get(m.replace('_', ' '), m)} {arm}" for m in measures for arm in arms]
    lines = [
        [
            row["on"],
            row["class"],
            row["objects"] or "-",
            *(
                "-" if row[m][arm] is None else f"{row[m][arm]:.3f}"
                for m in measures
                for arm in arms
            ),
        ]
        for row in rows
    ]
    table = written([word["on"], word["class"], word["objects"], *heads], lines)
    return f"{what}\n\n{table}"


def written(heads: Sequence[str], lines: Any) -> str:
    """A table in Markdown."""
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows).replace("  |", " |")


def _spread(values: pd.Series) -> str:
    known = values.dropna()
    if not len(known):
        return "-"
    deviation = f" ({known.std():.2f})" if len(known) > 1 else ""
    return f"{known.mean():.2f}{deviation}"


def _grouped(
    runs: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[tuple[str, str], list[Mapping[str, Any]]]]:
    for part in PARTS:
        for arm in ARMS:
            mine = [r for r in runs if (r["part"], r["arm"]) == (part, arm)]
            if mine:
                yield (part, arm), mine


def _range(values: Any) -> str:
    known = sorted(set(values))
    return str(known[0]) if len(known) == 1 else f"{known[0]}-{known[-1]}"
