"""What the viewer shows, in a DuckDB in memory: the catalog is read once and let go."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb

from hoban_assets.catalog.access import reading
from hoban_assets.catalog.answers import asking
from hoban_assets.corrections.edits import on_screen
from hoban_assets.corrections.pictures import BOX_LIST, TEACHER, boxes_from
from hoban_assets.corrections.rows import Box, Correction
from hoban_assets.naming import image_tag
from hoban_assets.review.queues import Queue, mistakes, models_of, queues

MOST = 500
"""Pictures of one answer."""


@dataclass(frozen=True)
class Filter:
    """Which pictures; None: any."""

    class_name: str | None = None
    source: str | None = None
    split: str | None = None
    rule: str | None = None
    queue: str | None = None
    state: str | None = None
    """'in' (in the asset), 'out' (left out), 'corrected', 'missed' or 'false' (by the model)."""
    text: str | None = None
    """A part of the id."""

    @classmethod
    def of(cls, given: dict[str, str]) -> Filter:
        """Take a query string's values; unknown names and empty values are no filter."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in given.items() if name in known and value})


class Store:
    """One asset and partition, as it is in the catalog at one moment.

    Pictures are numbered 0, 1, ... by their id: those that the asset has, and those that it or the
    stages before it left out, as far as their file is known.
    """

    def __init__(
        self,
        catalog: Path,
        asset: str,
        partition: str,
        active: Iterable[Correction] = (),
        model: str | None = None,
        wait: float = 60.0,
    ) -> None:
        """Read the catalog at `catalog`; see `Catalog` for what it raises."""
        self.asset, self.partition = asset, partition
        self._lock = threading.Lock()
        with reading(catalog, wait) as connection:
            wanted = {"asset": asset, "partition": partition}
            tables = {
                name: connection.sql(sql, params=wanted).to_arrow_table()
                for name, sql in (("pictures", _PICTURES), ("decisions", _DECISIONS))
            }
        standing = tuple(active)
        with asking(catalog, wait) as ask:
            self.queues: list[Queue] = queues(ask, asset, partition, standing)
            folders = models_of(ask, asset, partition)
        self.model = model if model in folders else next(iter(folders), None)
        self._db = duckdb.connect()
        for name, table in tables.items():
            self._db.register(f"{name}_read", table)
            self._db.execute(f"CREATE TABLE {name} AS FROM {name}_read")
            self._db.unregister(f"{name}_read")
        self._db.execute("CREATE TABLE corrected (image_id VARCHAR)")
        self._standing: dict[str, Correction] = {}
        self.correct(*standing)
        self._db.execute("CREATE TABLE queued (queue VARCHAR, image_id VARCHAR, place INTEGER)")
        self._fill(
            "queued", [(q.kind.name, i, n) for q in self.queues for n, i in enumerate(q.ids)]
        )
        self._db.execute("CREATE TABLE mistaken (image_id VARCHAR, missed INTEGER, wrong INTEGER)")
        self.predicted = self._predictions(folders.get(self.model or ""))
        self._fill("mistaken", [(i, _count(b, "not_found"), _count(b, "wrong"))
                                for i, b in self.predicted.items()])  # fmt: skip

    def _predictions(self, folder: Path | None) -> dict[str, list[dict[str, Any]]]:
        found = mistakes(folder) if folder else {}
        if not found:
            return {}
        tags = {image_tag(row[0]): row[0] for row in self._rows("SELECT image_id FROM pictures")}
        return {tags[tag]: boxes for tag, boxes in found.items() if tag in tags}

    def _fill(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608

    def correct(self, *rows: Correction) -> None:
        """Note corrections: their pictures are shown as people left them."""
        with self._lock:
            new = [(row.image_id,) for row in rows if row.image_id not in self._standing]
            self._fill("corrected", new)
            self._standing |= {row.image_id: row for row in rows}

    def _on_screen(self, picture: dict[str, Any]) -> dict[str, Any]:
        """A picture with what its correction says, also where no build holds that yet."""
        row = self._standing.get(picture["image_id"])
        if row is None or row.content_hash != picture["content_hash"]:
            return {**picture, "verdict": None}
        raw = picture["boxes"] or ()
        if row.complete is not None:  # a teacher's boxes were judged: what stays is in the row
            raw = [box for box in raw if box["o"] != TEACHER]
            picture = {**picture, "boxes": raw}
        drawn = boxes_from(raw)
        now = on_screen(drawn, row)
        if now != drawn:
            origin = {box: known["o"] for box, known in zip(drawn, raw, strict=True)}
            picture = {**picture, "boxes": [_as_row(box, origin.get(box, "human")) for box in now]}
        return {**picture, "verdict": row.kind}

    def _rows(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, params).fetchall()

    def _ask(self, sql: str, params: Any = None) -> list[dict[str, Any]]:
        with self._lock:
            found = self._db.execute(sql, params)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def facets(self) -> dict[str, list[dict[str, Any]]]:
        """Values to filter by, with the number of pictures."""
        return {
            name: self._ask(sql)
            for name, sql in (
                ("class_name", _CLASSES),
                ("source", _BY.format(column="source")),
                ("split", _BY.format(column="split")),
                ("rule", _RULES),
            )
        }

    def pictures(self, wanted: Filter, offset: int = 0, limit: int = 60) -> dict[str, Any]:
        """Total of the pictures that a filter lets through, and some of them, in a fixed order."""
        params = {f.name: getattr(wanted, f.name) for f in fields(wanted)}
        some = {**params, "offset": max(0, offset), "limit": min(MOST, max(0, limit))}
        (total,) = self._rows(f"SELECT count(*) FROM ({_FILTERED})", params)[0]  # noqa: S608
        return {"total": total, "pictures": [self._on_screen(p) for p in self._ask(_PAGE, some)]}

    def picture(self, number: int) -> dict[str, Any] | None:
        """One picture with all that is known of it; None where there is no such number."""
        found = self._ask("FROM pictures WHERE n = ?", [number])
        if not found:
            return None
        told = self._ask(_DECIDED, [found[0]["image_id"]])
        return {
            **self._on_screen(found[0]),
            "decisions": told,
            "predicted": self.predicted.get(found[0]["image_id"], []),
        }


def _as_row(box: Box, origin: str) -> dict[str, Any]:
    """A box as `BOX_LIST` has it."""
    return {**dict(zip("cxywhi", box, strict=True)), "o": origin}


def _count(boxes: list[dict[str, Any]], kind: str) -> int:
    return sum(box.get("kind") == kind for box in boxes)


_IMAGES = "jpe?g|png|bmp|webp|jfif|tiff?"
_BUILDS = """
mine AS (
    SELECT materialization_id FROM store.current WHERE asset = $asset AND "partition" = $partition
),
builds AS ( -- with the stages before it, and the full that a sub is taken from
    SELECT materialization_id, 0 AS distance FROM mine
    UNION ALL
    SELECT c.materialization_id, 1 FROM store.inputs AS i JOIN mine USING (materialization_id)
    JOIN store.current AS c ON c.asset = regexp_replace(i.input, ' [(]full[)]$', '')
        AND c."partition" = CASE WHEN i.input LIKE '% (full)' THEN 'full' ELSE $partition END
)
"""
_PICTURES = f"""
WITH {_BUILDS},
kept AS (
    SELECT image_id, source, file, content_hash, width, height, split, group_id, labelled_classes,
           materialization_id
    FROM store.images JOIN mine USING (materialization_id)
),
dropped AS (
    SELECT d.image_id, -- a reader's decision names the label file
           any_value(d.file) FILTER (regexp_matches(lower(d.file), '[.]({_IMAGES})$')) AS file
    FROM store.decisions AS d JOIN builds USING (materialization_id)
    WHERE d.images_removed > 0
      AND d.image_id NOT IN (SELECT image_id FROM kept)
    GROUP BY d.image_id
),
before AS ( -- as a stage still has it
    SELECT i.image_id, i.source, i.file, i.content_hash, i.width, i.height, i.group_id,
           i.labelled_classes, i.materialization_id
    FROM store.images AS i JOIN builds USING (materialization_id) JOIN dropped USING (image_id)
    QUALIFY row_number() OVER (PARTITION BY i.image_id ORDER BY distance, materialization_id) = 1
),
everything AS (
    SELECT *, TRUE AS is_in FROM kept
    UNION ALL BY NAME
    SELECT d.image_id, coalesce(b.source, split_part(d.image_id, '/', 1)) AS source,
           coalesce(b.file, d.file) AS file, b.content_hash, b.width, b.height, b.group_id,
           b.labelled_classes, b.materialization_id, FALSE AS is_in
    FROM dropped AS d LEFT JOIN before AS b USING (image_id)
),
drawn AS (
    SELECT b.materialization_id, b.image_id, {BOX_LIST} AS boxes,
           list(DISTINCT class_name) AS classes
    FROM store.boxes AS b SEMI JOIN everything AS e
        ON e.materialization_id = b.materialization_id AND e.image_id = b.image_id
    GROUP BY ALL
)
SELECT row_number() OVER (ORDER BY e.image_id) - 1 AS n, e.* EXCLUDE (materialization_id),
       d.boxes, d.classes
FROM everything AS e LEFT JOIN drawn AS d USING (materialization_id, image_id)
ORDER BY e.image_id
"""  # noqa: S608 - texts of this package
_DECISIONS = f"""
WITH {_BUILDS}
SELECT m.asset, d.image_id, d.stage, d.rule, d.action, d."row", d.value, d.threshold, d.witness
FROM store.decisions AS d
JOIN builds USING (materialization_id)
JOIN store.materializations AS m USING (materialization_id)
WHERE d.image_id IS NOT NULL
"""  # noqa: S608
_FILTERED = """
SELECT * FROM pictures
WHERE ($class_name::VARCHAR IS NULL OR list_contains(classes, $class_name)
         OR ($class_name = 'background' AND boxes IS NULL))
  AND ($source::VARCHAR IS NULL OR source = $source)
  AND ($split::VARCHAR IS NULL OR split = $split)
  AND ($text::VARCHAR IS NULL OR contains(lower(image_id), lower($text)))
  AND ($rule::VARCHAR IS NULL
       OR image_id IN (SELECT image_id FROM decisions WHERE rule = $rule))
  AND ($queue::VARCHAR IS NULL
       OR image_id IN (SELECT image_id FROM queued WHERE queue = $queue))
  AND CASE coalesce($state::VARCHAR, 'any')
      WHEN 'in' THEN is_in
      WHEN 'out' THEN NOT is_in
      WHEN 'corrected' THEN image_id IN (SELECT image_id FROM corrected)
      WHEN 'missed' THEN image_id IN (SELECT image_id FROM mistaken WHERE missed > 0)
      WHEN 'false' THEN image_id IN (SELECT image_id FROM mistaken WHERE wrong > 0)
      ELSE TRUE END
"""
_PAGE = f"""
SELECT f.n, f.image_id, f.source, f.split, f.is_in, f.boxes, f.content_hash,
       f.image_id IN (SELECT image_id FROM corrected) AS is_corrected
FROM ({_FILTERED}) AS f
LEFT JOIN queued AS q ON q.image_id = f.image_id AND q.queue = $queue
ORDER BY q.place NULLS LAST, f.image_id
LIMIT $limit OFFSET $offset
"""  # noqa: S608
_DECIDED = """
SELECT asset, stage, rule, action, "row", value, threshold, witness FROM decisions
WHERE image_id = ?
"""
_CLASSES = """
SELECT class_name AS value, count(*) AS pictures
FROM (SELECT unnest(classes) AS class_name FROM pictures)
GROUP BY class_name ORDER BY class_name
"""
_BY = """
SELECT {column} AS value, count(*) AS pictures FROM pictures WHERE {column} IS NOT NULL
GROUP BY {column} ORDER BY {column}
"""
_RULES = """
SELECT rule AS value, count(DISTINCT image_id) AS pictures
FROM decisions SEMI JOIN pictures USING (image_id) GROUP BY rule ORDER BY rule
"""
