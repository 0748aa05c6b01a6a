"""Read what a training run wrote: rows of ``metrics.jsonl`` to tables."""

from __future__ import annotations

from pathlib import Path

import orjson
import pandas as pd

from hoban_assets.errors import HobanError

COLUMNS = ["epoch", "split", "source", "class_name", "metric", "value"]
KEY = COLUMNS[:-1]
ALL = "all"
"""`class_name` of the mean over classes, `source` of all sources together."""
STOCK = "val"
"""Split of Ultralytics' own validation: every class on every image."""
LABEL_AWARE = "val_labelled"
"""Split of the fair one: each class only on images whose source labels that class."""
COUNTS = r"predicted_as/|false_positives_on_empty$|empty_images$"
"""Metrics that count confusions (workers/yolo_confusions.py): no figures of a class, so they have
no place in a table of classes. 'background' is a class among them, and so are unlabelled ones."""


def read_metrics(path: Path) -> pd.DataFrame:
    """Rows of a ``metrics.jsonl``, columns `COLUMNS`, one row a key; the last one written counts.

    A half-written last line (the worker was killed) is left out.

    Raises:
        HobanError: a line before the last one is damaged.
    """
    if not path.is_file():
        return _empty()
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if not whole:
        return _empty()
    try:
        rows = pd.DataFrame(map(orjson.loads, whole.splitlines()))[COLUMNS]
    except (orjson.JSONDecodeError, KeyError) as error:
        raise HobanError(
            f"{path} is damaged ({error})", f"remove {path.parent} to train this run again"
        ) from error
    rows = rows.drop_duplicates(KEY, keep="last", ignore_index=True)
    return rows.astype({"epoch": "int64", "value": "float64"})


def class_table(metrics: pd.DataFrame, epoch: int, split: str = LABEL_AWARE) -> pd.DataFrame:
    """Metrics of one epoch as a table: a row a class ('all' first), a column a metric.

    A class without a label in the split has no row: it is missing, not zero. `COUNTS` are left
    out.
    """
    rows = metrics[
        (metrics.epoch == epoch)
        & (metrics.split == split)
        & (metrics.source == ALL)
        & ~metrics.metric.str.match(COUNTS)
    ].drop_duplicates(KEY, keep="last")
    wide = rows.pivot(index="class_name", columns="metric", values="value")
    order = [ALL, *[name for name in rows.class_name.drop_duplicates() if name != ALL]]
    return wide.reindex([name for name in order if name in wide.index]).rename_axis(columns=None)


def value_of(
    metrics: pd.DataFrame, metric: str, epoch: int, *, split: str = LABEL_AWARE
) -> float | None:
    """One overall value, or None where it was not measured."""
    hit = metrics[
        (metrics.metric == metric)
        & (metrics.epoch == epoch)
        & (metrics.split == split)
        & (metrics.class_name == ALL)
        & (metrics.source == ALL)
    ]
    return float(hit.value.iloc[-1]) if len(hit) else None


def _empty() -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series(dtype="str") for c in COLUMNS}).astype(
        {"epoch": "int64", "value": "float64"}
    )
