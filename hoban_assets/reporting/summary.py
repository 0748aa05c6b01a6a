"""A version at a glance: what `make demo` ends with."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hoban_assets.asset_names import dataset_of, model_of
from hoban_assets.catalog.asked import Ask
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.language import Say, plain, retold
from hoban_assets.reporting.blocks import Block, Finding, Heading, Paragraph, bullets, table


def version_summary(ask: Ask, version: str, partition: str, say: Say = plain) -> Iterator[Block]:
    """Tell rows per class and split, sources, checks, and the model's figures.

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
            build_all(version, partition),
        )
    held = {name: f"{built[name]:,}" for name in ("images", "boxes")}
    regions = f"{ask(_IGNORED, [dataset, partition])[0]['n']:,}"
    told = say("{images} images, {boxes} boxes", **held), say("{n} ignore regions", n=regions)
    yield Heading(1, f"{dataset} [{partition}]")
    yield Paragraph(f"{', '.join(told)}  `{built['path']}`")
    yield table(ask(_ROWS, [dataset, partition]), None, say, said=("class", "split"))
    if sources := survival_lines(ask, dataset, partition, say):
        yield Heading(2, say("What is left of each source:"))
        yield bullets(sources)
    if checks := ask(_CHECKS, [partition, dataset, model]):
        yield Heading(2, say("Checks"))
    for check in checks:
        yield Finding(check["level"], f"{check['name']}: {retold(check['text'], say)}")
    if metrics := ask(_METRICS, [model, partition]):
        yield Heading(2, f"{model} [{partition}]")
        yield Paragraph(f"`{current[model]['path']}`")
        yield table(metrics, None, say, said=("class",))
        yield Paragraph(
            say(
                "Precision and recall at the confidence where the mean F1 is best "
                "(hoban results names it)."
            )
        )


def survival_lines(ask: Ask, dataset: str, partition: str, say: Say) -> list[str]:
    """What is left of each source, worst first, and the rules that took the rest."""
    from hoban_assets.curation.survival import survivals_of

    found = ask(_SURVIVAL, [dataset, partition])
    return [s.said(say) for row in found for s in survivals_of(json.loads(row["numbers"]))]


_ROWS = """
    SELECT coalesce(b.class_name, 'background') AS class, i.split,
           count(DISTINCT i.image_id) AS images, nullif(count(b.image_id), 0) AS boxes
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
    SELECT name, text,
           CASE WHEN passed THEN 'good' WHEN blocking THEN 'bad' ELSE 'warn' END AS level
    FROM checks WHERE partition = ? AND asset IN (?, ?) ORDER BY asset, name
"""
_METRICS = """
    SELECT class_name AS class, "mAP50" AS "AP50", "mAP50-95" AS "AP50-95", precision, recall
    FROM model_figures
    WHERE asset = ? AND partition = ? AND source = 'all' AND class_name <> 'background'
    ORDER BY class_name
"""
