"""What `hoban status` asks the catalog: all of it in a few statements, counted in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hoban_assets.catalog.asked import Ask, Row


@dataclass(frozen=True)
class Facts:
    """What the catalog holds: rows of its views, current materialisations only."""

    lines: Sequence[Row] = ()
    inputs: Sequence[Row] = ()
    checks: Sequence[Row] = ()
    classes: Sequence[Row] = ()
    composition: Sequence[Row] = ()
    survivals: Sequence[Row] = ()


def read_facts(ask: Ask, *, composition: bool = True) -> Facts:
    """Ask the catalog for everything at once; see `Facts`."""
    return Facts(
        ask(_LINES),
        ask(_INPUTS),
        ask(_CHECKS),
        ask(_CLASSES),
        ask(_COMPOSITION) if composition else (),
        ask(_SURVIVALS),
    )


_LINES = """
SELECT m.materialization_id, m.asset, m.partition, m.created_at, m.code_version, m.data_version,
       m.path, m.images, m.boxes, r.recipe, i.ingredients
FROM materializations AS m
JOIN ingredients AS i USING (materialization_id)
LEFT JOIN recipes AS r USING (materialization_id)
WHERE m.is_current
ORDER BY m.materialization_id
"""
_INPUTS = """
SELECT materialization_id, input, i.data_version
FROM inputs AS i JOIN store.current USING (materialization_id)
"""
_CHECKS = """
SELECT asset, partition, name, CASE WHEN blocking THEN 'FAILED' ELSE 'warning' END AS result, text
FROM checks WHERE NOT passed
"""
_SURVIVALS = """
SELECT c.asset, c.partition, k.numbers
FROM store.checks AS k JOIN store.current AS c USING (materialization_id)
WHERE k.name = 'sources_survive'
"""
_CLASSES = """
SELECT asset, partition, class_id, class_name, count(*) AS boxes
FROM boxes GROUP BY ALL ORDER BY class_id
"""
# Boxes of an image are counted first, so the join is one row an image and class.
_COMPOSITION = """
WITH labels AS (
    SELECT materialization_id, image_id, class_id, class_name, count(*) AS boxes
    FROM store.boxes JOIN store.current USING (materialization_id)
    WHERE NOT "ignore"
    GROUP BY ALL
)
SELECT asset, partition, coalesce(class_name, 'background') AS class_name, source, split,
       count(*) AS images, coalesce(sum(boxes), 0)::BIGINT AS boxes
FROM store.images AS i
JOIN store.current USING (materialization_id)
LEFT JOIN labels USING (materialization_id, image_id)
WHERE split IS NOT NULL -- a dataset
GROUP BY asset, partition, class_id, class_name, source, split
ORDER BY asset, partition, class_id NULLS LAST, source, split
"""
