"""Figures of a model on photographs whose every object is known, and their table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.partial_labels.arms import BATCH, WAYS, WORKERS
from hoban_assets.classes import CLASS_NAMES

CONFIDENCE = 0.25
"""Of the counts of workers/yolo_confusions.py: one for all ways, set before any was trained."""
METRICS = ("mAP50-95", "recall", "false alarms an image")


def judge(run: Path, weights: str, truth: Path, size: int) -> Iterator[dict[str, Any]]:
    """Rows of figures: a class each, 'all' first."""
    sys.path.insert(0, str(WORKERS))
    from yolo_support import quiet  # type: ignore[import-not-found]

    quiet(run / "judged")
    from yolo_evaluate import LabelAwareValidator  # type: ignore[import-not-found]
    from yolo_image_facts import image_facts  # type: ignore[import-not-found]
    from yolo_setup import read_manifest  # type: ignore[import-not-found]

    manifest = read_manifest(truth)
    facts = image_facts(manifest, dict(enumerate(CLASS_NAMES)))
    validator = LabelAwareValidator(
        facts,
        args={
            "task": "detect",
            "mode": "val",
            "model": str(run / f"{weights}.pt"),
            "data": str(truth / "data.yaml"),
            "device": "cpu",
            "rect": True,
            "plots": False,
            "imgsz": size,
            "batch": BATCH,
        },
        save_dir=run / "judged",
    )
    validator()
    values = {
        (row["class_name"], row["metric"]): row["value"]
        for row in validator.rows(0)
        if row["split"] == "val_labelled" and row["source"] == "all"
    }
    for name in ("all", *CLASS_NAMES):
        found = {"mAP50": values.get((name, "mAP50")), "mAP50-95": values.get((name, "mAP50-95"))}
        if name != "all":
            taken = {
                other: values.get((name, f"predicted_as/{other}"), 0)
                for other in (*CLASS_NAMES, "background")
            }
            objects = sum(taken.values())
            found |= {"objects": objects, "recall": taken[name] / max(objects, 1)}
            found["false alarms an image"] = values.get(
                ("background", f"predicted_as/{name}"), 0
            ) / len(manifest)
        yield {"class": name, **found}


def table(rows: pd.DataFrame) -> str:
    """Markdown: all ways side by side, every seed that was trained."""
    heads = [f"{metric} {way}" for metric in METRICS for way in WAYS]
    lines = [
        f"| on | weights | seed | class | objects | {' | '.join(heads)} |",
        "|" + "---|" * (5 + len(heads)),
    ]
    keys = ["on", "weights", "seed", "class"]
    for (*key, name), group in rows.groupby(keys, sort=False):
        ways = group.set_index("way")
        cells = [_cell(ways, way, metric) for metric in METRICS for way in WAYS]
        objects = "-" if pd.isna(ways.objects.iloc[0]) else f"{ways.objects.iloc[0]:.0f}"
        lines.append(f"| {' | '.join(map(str, [*key, name, objects, *cells]))} |")
    return "\n".join(lines)


def recovered(rows: pd.DataFrame) -> str:
    """Markdown: how much of the gap in recall between naive and full labels each way closes.

    The mean over seeds, of classes whose recall suffers by 0.05 or more.
    """
    keys = ["on", "weights", "class"]
    means = rows[rows["class"] != "all"].groupby([*keys, "way"]).recall.mean()
    lines = ["| on | weights | class | naive | full | masked closes | completed closes |"]
    lines.append("|" + "---|" * 7)
    for each in means.unstack("way").reset_index().to_dict("records"):
        gap = each["full"] - each["naive"]
        if gap >= 0.05:
            shares = [f"{(each[way] - each['naive']) / gap:.0%}" for way in ("masked", "completed")]
            figures = [f"{each[way]:.3f}" for way in ("naive", "full")]
            lines.append(f"| {' | '.join([*(str(each[k]) for k in keys), *figures, *shares])} |")
    return "\n".join(lines)


def _cell(ways: pd.DataFrame, way: str, metric: str) -> str:
    value = ways[metric].get(way)
    return "-" if value is None or pd.isna(value) else f"{value:.3f}"
