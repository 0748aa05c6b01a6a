"""Pictures of the catalog as a person is shown them, and as their stages have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hoban_assets.catalog.asked import Ask
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.corrections.proposed import Proposed
from hoban_assets.corrections.rows import Box, Boxes
from hoban_assets.corrections.standing import Standing
from hoban_assets.corrections.taking import Now

TEACHER = "teacher"
"""Origin of a box that no person drew."""
BOX_LIST = """
    list(struct_pack(c := class_name, x := x_center, y := y_center, w := width, h := height,
                     i := "ignore", o := origin) ORDER BY "row", class_id, x_center, y_center)
"""
"""The boxes of one picture in DuckDB; see `boxes_from`."""


def boxes_from(rows: Iterable[dict[str, Any]] | None) -> Boxes:
    """Read `BOX_LIST`."""
    return tuple(Box(r["c"], r["x"], r["y"], r["w"], r["h"], r["i"]) for r in rows or ())


def in_stages(
    ask: Ask,
    ids: Sequence[str],
    proposed: Mapping[str, Proposed] = MappingProxyType({}),
    log: Standing | None = None,
) -> dict[tuple[str, str], Now]:
    """Pictures as the newest build of a stage has them, by content hash and id.

    Args:
        ask: the catalog.
        ids: of the pictures.
        proposed: what models propose, by source; what is open of it counts as a teacher's.
        log: the corrections of now, which say what is open.
    """
    found = {
        (row["content_hash"], row["image_id"]): Now(
            boxes_from(b for b in row["boxes"] or () if b["o"] != TEACHER),
            tuple(row["labelled_classes"] or ()),
            boxes_from(b for b in row["boxes"] or () if b["o"] == TEACHER),
            tuple(row["completed_classes"] or ()),
        )
        for row in ask(_IN_STAGES, {"ids": list(ids)})
    }
    for (content_hash, image_id), now in found.items():
        if mine := proposed.get(image_id.partition("/")[0]):
            row = log.of(content_hash, image_id) if log else None
            open_ = mine.pending(image_id, content_hash, row)
            if open_:
                boxes = (*now.taught, *(each.box for each in open_))
                key = (content_hash, image_id)
                found[key] = replace(now, taught=boxes, completed=CLASS_NAMES)
    return found


_IN_STAGES = f"""
WITH wanted AS (SELECT DISTINCT unnest($ids) AS image_id),
found AS (
    SELECT i.image_id, i.content_hash, i.labelled_classes, i.completed_classes,
           i.materialization_id
    FROM store.images AS i
    JOIN wanted USING (image_id)
    JOIN store.current USING (materialization_id)
    WHERE i.split IS NULL -- a stage
    QUALIFY row_number() OVER (
        PARTITION BY i.image_id, i.content_hash ORDER BY i.materialization_id DESC) = 1
),
drawn AS (
    SELECT b.materialization_id, b.image_id, {BOX_LIST} AS boxes
    FROM store.boxes AS b JOIN found USING (materialization_id, image_id)
    GROUP BY ALL
)
SELECT image_id, content_hash, labelled_classes, completed_classes, boxes
FROM found LEFT JOIN drawn USING (materialization_id, image_id)
"""  # noqa: S608 - a text of this module
