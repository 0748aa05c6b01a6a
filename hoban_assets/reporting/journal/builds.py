"""What the catalog knows of the materialisations of a journal: counts, inputs, figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.reporting.journal.entries import (
    Build,
    CheckEntry,
    ModelFigures,
    Removal,
    midnight,
)

_BUILDS = """
SELECT m.materialization_id, m.asset, m.partition, m.run_id, m.created_at, m.images, m.boxes,
       m.ignore_regions, store.placed(m.path) AS path,
       (SELECT max(e.materialization_id) FROM store.materializations AS e
        WHERE e.asset = m.asset AND e.partition = m.partition AND e.input_key = m.input_key
          AND e.materialization_id < m.materialization_id) AS same_as
FROM store.materializations AS m
WHERE m.run_id IN (SELECT unnest($runs)) OR m.materialization_id IN (SELECT unnest($numbers))
   OR (m.created_at >= $since AND m.created_at < $until)
ORDER BY m.materialization_id
"""
_OF = "WHERE materialization_id IN (SELECT unnest($numbers))"
_CLASSES = f"""
SELECT materialization_id, class_name, count(*) AS boxes FROM store.boxes
{_OF} AND NOT "ignore" GROUP BY materialization_id, class_id, class_name ORDER BY class_id
"""  # noqa: S608 - a constant
_INPUTS = f"""
SELECT materialization_id, input, data_version FROM store.inputs {_OF} ORDER BY rowid
"""  # noqa: S608
_STAGES = f"""
SELECT materialization_id, arg_min(images_in, rowid) AS images_in FROM store.stages {_OF}
GROUP BY materialization_id
"""  # noqa: S608
_REMOVED = f"""
SELECT materialization_id, rule, sum(images_removed)::BIGINT AS images,
       sum(boxes_removed)::BIGINT AS boxes
FROM store.decisions {_OF} AND (images_removed > 0 OR boxes_removed > 0)
GROUP BY materialization_id, rule ORDER BY images DESC, boxes DESC, rule
"""  # noqa: S608
_CHECKS = f"""
SELECT materialization_id, name, passed, blocking, "text" FROM store.checks {_OF} ORDER BY rowid
"""  # noqa: S608
_MODELS = f"""
SELECT materialization_id, max(epoch) FILTER (split = 'train') AS epochs
FROM store.metrics {_OF} GROUP BY materialization_id
"""  # noqa: S608
_FIGURES = f"""
FROM store.model_figures {_OF} AND source = 'all' AND class_name <> 'background'
ORDER BY class_name
"""


def read_builds(
    ask: Ask, runs: Iterable[str], numbers: Iterable[int], first: date, last: date
) -> dict[int, Build]:
    """Materialisations of these runs, of these numbers, and of the local days first to last.

    Returns:
        Number of the materialisation -> build, in their order.
    """
    found = ask(
        _BUILDS,
        {
            "runs": list(runs),
            "numbers": list(numbers),
            "since": _utc(midnight(first)),
            "until": _utc(midnight(last.fromordinal(last.toordinal() + 1))),
        },
    )
    if not found:
        return {}
    wanted = {"numbers": [row["materialization_id"] for row in found]}
    tables = {
        name: _by_number(ask(sql, wanted))
        for name, sql in (
            ("classes", _CLASSES),
            ("inputs", _INPUTS),
            ("stages", _STAGES),
            ("removed", _REMOVED),
            ("checks", _CHECKS),
            ("models", _MODELS),
            ("figures", _FIGURES),
        )
    }
    return {row["materialization_id"]: _build(row, tables) for row in found}


def days_with_builds(ask: Ask) -> set[date]:
    """Local days on which something was built."""
    hours = ask("SELECT DISTINCT date_trunc('minute', created_at) AS t FROM store.materializations")
    return {_local(row["t"]).date() for row in hours}


def _build(row: Row, tables: dict[str, dict[int, list[Row]]]) -> Build:
    number = row["materialization_id"]
    of: dict[str, list[Row]] = {name: rows.get(number, []) for name, rows in tables.items()}
    keys = ("asset", "partition", "run_id", "images", "boxes", "ignore_regions", "path", "same_as")
    return Build(
        number=number,
        created_at=_local(row["created_at"]),
        images_in=of["stages"][0]["images_in"] if of["stages"] else None,
        classes={r["class_name"]: r["boxes"] for r in of["classes"]},
        inputs=tuple((r["input"], r["data_version"] or "") for r in of["inputs"]),
        removed=tuple(Removal(r["rule"], r["images"], r["boxes"]) for r in of["removed"]),
        checks=tuple(
            CheckEntry(r["name"], r["passed"], r["blocking"], r["text"] or "") for r in of["checks"]
        ),
        model=_model(of["models"], of["figures"]),
        **{key: row[key] for key in keys},
    )


def _model(models: list[Row], figures: list[Row]) -> ModelFigures | None:
    if not models:
        return None
    found = {r["class_name"]: r for r in figures}
    overall = found.pop("all", {})
    return ModelFigures(
        epochs=models[0]["epochs"] or 0,
        best_epoch=figures[0]["best_epoch"] if figures else None,
        map50=overall.get("mAP50"),
        map50_95=overall.get("mAP50-95"),
        classes={n: r["mAP50"] for n, r in found.items() if r["mAP50"] is not None},
    )


def _by_number(rows: list[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["materialization_id"]].append(row)
    return found


def _local(utc: datetime) -> datetime:
    """The catalog's times are UTC without a zone."""
    return utc.replace(tzinfo=UTC).astimezone()


def _utc(local: datetime) -> datetime:
    return local.astimezone(UTC).replace(tzinfo=None)
