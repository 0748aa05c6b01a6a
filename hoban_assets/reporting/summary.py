"""A version at a glance, for the terminal: what `make demo` ends with."""

from __future__ import annotations

import json

from hoban_assets.asset_names import dataset_of, model_of
from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.errors import HobanError
from hoban_assets.language import Say, plain, retold


def version_summary(
    ask: Ask, version: str, partition: str, say: Say = plain
) -> list[str | list[Row]]:
    """Return rows per class and split, sources, checks, and the model's figures: lines and tables.

    Raises:
        HobanError: this version was never built for this partition.
    """
    dataset, model = dataset_of(version), model_of(version)
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
            f"hoban build {version} --partition {partition}",
        )
    rows = ask(_ROWS, [dataset, partition])
    checks = ask(_CHECKS, [partition, dataset, model])
    metrics = ask(_METRICS, [model, partition])
    regions = ask(_IGNORED, [dataset, partition])[0]["n"]
    ignored = say("{n} ignore regions", n=f"{regions:,}")
    held = say("{images} images, {boxes} boxes", **_told(built, "images", "boxes"))
    parts: list[str | list[Row]] = [
        f"{dataset} [{partition}]  {held}, {ignored}  {built['path']}",
        [{say(key): _said(value, say) for key, value in row.items()} for row in rows],
    ]
    if sources := survival_lines(ask, dataset, partition, say):
        parts.append("\n".join([say("What is left of each source:"), *sources]))
    parts.append(
        "\n".join(f"{say(c['result']):>8}  {c['name']}: {retold(c['text'], say)}" for c in checks)
    )
    if metrics:
        parts += [
            f"{model} [{partition}]  {current[model]['path']}",
            [{say(key): _said(value, say) for key, value in row.items()} for row in metrics],
            say(
                "Precision and recall at the confidence where the mean F1 is best "
                "(hoban results names it)."
            ),
        ]
    return parts


def survival_lines(ask: Ask, dataset: str, partition: str, say: Say) -> list[str]:
    """What is left of each source, worst first, and the rules that took the rest."""
    from hoban_assets.curation.survival import survivals_of

    found = ask(_SURVIVAL, [dataset, partition])
    return [s.said(say) for row in found for s in survivals_of(json.loads(row["numbers"]))]


def _told(row: Row, *names: str) -> dict[str, str]:
    return {name: f"{row[name]:,}" for name in names}


def _said(value: object, say: Say) -> object:
    return say(value) if isinstance(value, str) else value


_ROWS = """
    SELECT coalesce(b.class_name, 'background') AS class, i.split,
           count(DISTINCT i.image_id) AS images, count(b.image_id) AS boxes
    FROM images AS i LEFT JOIN boxes AS b USING (asset, partition, image_id)
    WHERE asset = ? AND partition = ?
    GROUP BY ALL ORDER BY min(coalesce(b.class_id, 99)), i.split
"""
_SURVIVAL = """
    SELECT k.numbers FROM store.checks AS k JOIN store.current AS c USING (materialization_id)
    WHERE c.asset = ? AND c.partition = ? AND k.name = 'sources_survive'
"""
_IGNORED = "SELECT count(*) AS n FROM ignore_regions WHERE asset = ? AND partition = ?"
_CHECKS = """
    SELECT name, CASE WHEN passed THEN 'ok' WHEN blocking THEN 'FAILED'
           ELSE 'warning' END AS result, text
    FROM checks WHERE partition = ? AND asset IN (?, ?) ORDER BY asset, name
"""
_METRICS = """
    SELECT class_name AS class, "mAP50" AS "AP50", "mAP50-95" AS "AP50-95", precision, recall
    FROM model_figures WHERE asset = ? AND partition = ? AND source = 'all' ORDER BY class_name
"""
