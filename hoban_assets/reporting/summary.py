"""A version at a glance, for the terminal: what `make demo` ends with."""

from __future__ import annotations

from hoban_assets.catalog.answers import Ask, Row
from hoban_assets.errors import HobanError


def version_summary(ask: Ask, version: str, partition: str) -> list[str | list[Row]]:
    """Return rows per class and split, checks, and the model's figures: lines and tables.

    Raises:
        HobanError: this version was never built for this partition.
    """
    dataset, model = f"dataset_{version}", f"model_{version}"
    current = {
        row["asset"]: row
        for row in ask(
            "SELECT * FROM materializations WHERE is_current AND partition = ?", [partition]
        )
    }
    built = current.get(dataset)
    if built is None:
        raise HobanError(
            f"{dataset} [{partition}] was never built",
            f"dagster asset materialize --select '*{dataset}' --partition {partition}",
        )
    rows = ask(_ROWS, [dataset, partition])
    checks = ask(_CHECKS, [partition, dataset, model])
    metrics = ask(_METRICS, [model, partition])
    parts: list[str | list[Row]] = [
        f"{dataset} [{partition}]  {built['images']:,} images, {built['boxes']:,} boxes  "
        f"{built['path']}",
        rows,
        "\n".join(f"{c['result']:>8}  {c['name']}: {c['text']}" for c in checks),
    ]
    if metrics:
        parts += [f"{model} [{partition}]  {current[model]['path']}", metrics]
    return parts


_ROWS = """
    SELECT coalesce(b.class_name, 'background') AS class, i.split,
           count(DISTINCT i.image_id) AS images, count(b.image_id) AS boxes
    FROM images AS i LEFT JOIN boxes AS b USING (asset, partition, image_id)
    WHERE asset = ? AND partition = ?
    GROUP BY ALL ORDER BY min(coalesce(b.class_id, 99)), i.split
"""
_CHECKS = """
    SELECT name, CASE WHEN passed THEN 'ok' WHEN blocking THEN 'FAILED'
           ELSE 'warning' END AS result, text
    FROM checks WHERE partition = ? AND asset IN (?, ?) ORDER BY asset, name
"""
_METRICS = """
    SELECT class_name AS class,
           max(value) FILTER (metric = 'mAP50') AS "AP50",
           max(value) FILTER (metric = 'mAP50-95') AS "AP50-95",
           max(value) FILTER (metric = 'precision') AS precision,
           max(value) FILTER (metric = 'recall') AS recall
    FROM metrics
    WHERE asset = ? AND partition = ? AND split = 'val_labelled' AND source = 'all'
      AND metric IN ('mAP50', 'mAP50-95', 'precision', 'recall')
    GROUP BY class_name ORDER BY class_name
"""
