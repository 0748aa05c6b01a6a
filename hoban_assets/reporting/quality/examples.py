"""Which photographs show a problem, and which of their boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.classes import PERSON
from hoban_assets.reporting.quality import sql as sql
from hoban_assets.reporting.quality.judgement import Group
from hoban_assets.units import area_text

EACH = 4
"""Pictures of one problem."""
LONGEST_NAME = 36
FEW = 5
"""Up to so many boxes are drawn with thick lines."""

_BOXES: Mapping[str, tuple[str, str]] = {
    "small": ("b.area < $limit", "b.area"),
    "whole": ("b.area > $limit", "b.area DESC"),
    "outlier": ("b.area >= $limit", "b.area DESC"),
    "slim": (f"{sql.RATIO} >= {sql.SLIM_SQL}", f"{sql.RATIO} DESC"),
    "far": ("true", "b.area DESC"),
    "cut": (sql.CUT, "hash(b.image_id)"),
}
"""Kind to which boxes show it, and which of them first."""
_IMAGES: Mapping[str, tuple[str, str]] = {
    "blurred": ("i.sharpness IS NOT NULL", "i.sharpness"),
    "dark": ("i.brightness IS NOT NULL", "i.brightness"),
    "clips": ("true", "hash(i.image_id)"),
    "crowded": (
        "true",
        "(SELECT count(*) FROM store.boxes AS b WHERE b.materialization_id = i.materialization_id "  # noqa: S608
        f"AND b.image_id = i.image_id AND b.class_name = '{PERSON}') DESC",
    ),
}
"""Kind to which photographs show it, and which of them first."""


@dataclass(frozen=True)
class Example:
    """A photograph that shows a problem."""

    file: str
    """Below the raw root."""
    where: str
    """Label file and row, or image id: to find it again."""
    caption: str
    boxes: Sequence[Row]
    """Drawn, the first `strong` of them thickly: class_name, x_center, ..., area."""
    strong: int
    is_close: bool
    """Show the surroundings of the first box instead of all of the photograph."""


def examples(ask: Ask, partition: str, groups: Sequence[Group]) -> dict[str, list[Example]]:
    """Choose up to `EACH` photographs for each problem, by its key, in the order of `groups`."""
    chosen = {g.total.key: _chosen(ask, partition, g) for g in groups}
    ids = sorted({r["image_id"] for rows in chosen.values() for r in rows if "area" not in r})
    boxes: dict[str, list[Row]] = {}
    for row in ask(_BOXES_OF, {"partition": partition, "ids": ids}) if ids else []:
        boxes.setdefault(row["image_id"], []).append(row)
    return {key: [_example(r, boxes) for r in rows] for key, rows in chosen.items() if rows}


def _chosen(ask: Ask, partition: str, group: Group) -> list[Row]:
    """Rows with file, image_id and caption; with a box of their own, or with all boxes."""
    problem = group.total
    params: dict[str, Any] = {
        "partition": partition,
        "asset": problem.asset,
        "sources": [p.source for p in group.members],
        "count": EACH,
    }
    if problem.kind in _BOXES:
        where, order = _BOXES[problem.kind]
        if "$limit" in where:
            params["limit"] = problem.more["limit"]
        return ask(_box_query(where, order), {**params, "class_name": problem.class_name})
    if problem.kind in _IMAGES:
        return ask(_image_query(*_IMAGES[problem.kind]), params)
    if problem.kind in ("twice", "conflict"):
        pair = {name: problem.more[name] for name in ("class_name", "other_class")}
        limit = sql.SAME_BOX if problem.kind == "twice" else sql.CONFLICT
        return ask(_PAIRS, {**params, **pair, "limit": limit})
    if problem.kind in ("disagree", "unsure"):
        params |= {"asset": problem.more["where"], "count": EACH // 2}
        return list(_pairs_apart(ask(_DISAGREEING, params)))
    return []


def _pairs_apart(rows: Sequence[Row]) -> Iterator[Row]:
    """The kept photograph beside the removed one, whose labels may not be known any more."""
    for row in rows:
        for side in ("kept", "gone"):
            name = short_name(row[side])
            text = f"− {name} · {row['value']}" if side == "gone" else f"+ {name}"
            yield {"image_id": row[side], "file": row[f"{side}_file"], "caption": text}


def _example(row: Row, boxes: Mapping[str, list[Row]]) -> Example:
    if "area" in row:
        line = "" if row["row"] is None or row["row"] < 0 else f":{row['row']}"
        where = f"{row['label_file'] or row['file']}{line}"
        caption = f"{short_name(where)} · {area_text(row['area'])}"
        return Example(row["file"], where, caption, [row], 1, True)
    mine = boxes.get(row["image_id"], [])
    caption = row["caption"] or short_name(row["image_id"])
    strong = len(mine) if len(mine) <= FEW else 0
    return Example(row["file"], row["image_id"], caption, mine, strong, False)


def short_name(path: str) -> str:
    """Last part of a path, its middle left out where it is long."""
    name = path.rpartition("/")[2]
    return name if len(name) <= LONGEST_NAME else f"{name[:18]}…{name[-17:]}"


_MINE = """
mine AS (
    SELECT materialization_id FROM store.current WHERE partition = $partition AND asset = $asset
)"""


def _box_query(where: str, order: str) -> str:
    """One image shows a problem once, by its worst box."""
    return f"""
    WITH {_MINE}
    SELECT i.image_id, i.file, i.label_file, b."row", b.class_name, b.x_center, b.y_center,
        b.width, b.height, b.area
    FROM store.boxes AS b JOIN mine USING (materialization_id)
    JOIN store.images AS i USING (materialization_id, image_id)
    WHERE NOT b."ignore" AND b.class_name = $class_name
      AND i.source IN (SELECT unnest($sources)) AND {where}
    QUALIFY row_number() OVER (PARTITION BY b.image_id ORDER BY {order}) = 1
    ORDER BY {order}, b.image_id LIMIT $count
    """  # noqa: S608


def _image_query(where: str, order: str) -> str:
    return f"""
    WITH {_MINE}
    SELECT i.image_id, i.file, NULL AS caption
    FROM store.images AS i JOIN mine USING (materialization_id)
    WHERE i.source IN (SELECT unnest($sources)) AND {where}
    ORDER BY {order}, i.image_id LIMIT $count
    """  # noqa: S608


_PAIRS = f"""
WITH {_MINE},
labels AS (
    SELECT b.rowid AS position, b.* FROM store.boxes AS b JOIN mine USING (materialization_id)
    WHERE NOT b."ignore" AND b.class_name IN ($class_name, $other_class)
)
SELECT any_value(i.file) AS file, image_id, NULL AS caption
FROM labels AS a JOIN labels AS b USING (materialization_id, image_id)
JOIN store.images AS i USING (materialization_id, image_id)
WHERE a.position < b.position AND i.source IN (SELECT unnest($sources))
  AND least(a.class_name, b.class_name) = $class_name
  AND greatest(a.class_name, b.class_name) = $other_class
  AND {sql.IOU} > $limit
GROUP BY image_id ORDER BY image_id LIMIT $count
"""  # noqa: S608
_DISAGREEING = f"""
WITH found AS (
    SELECT d.image_id AS gone, any_value(d.file) AS gone_file, any_value(d.value) AS value,
        any_value(d.witness) AS kept
    FROM store.decisions AS d JOIN store.current AS c USING (materialization_id)
    JOIN store.decisions AS n USING (materialization_id, image_id, witness)
    WHERE c.partition = $partition AND c.asset = $asset AND d.rule = 'labels_disagree'
      AND n.rule = 'near_duplicate' AND try_cast(n.value AS DOUBLE) >= {sql.SAME_PICTURE}
      AND split_part(d.image_id, '/', 1) IN (SELECT unnest($sources))
    GROUP BY d.image_id
)
SELECT gone, gone_file, value, kept,
    (SELECT any_value(i.file) FROM images AS i
     WHERE i.image_id = kept AND i.partition = $partition) AS kept_file
FROM found ORDER BY hash(gone), gone LIMIT $count
"""  # noqa: S608
_BOXES_OF = """
SELECT DISTINCT image_id, class_name, x_center, y_center, width, height, area
FROM boxes
WHERE partition = $partition AND image_id IN (SELECT unnest($ids))
  AND asset NOT IN (SELECT asset FROM store.current WHERE kind = 'dataset')
ORDER BY image_id, area DESC
"""
