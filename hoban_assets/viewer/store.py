"""What the viewer shows, in a DuckDB in memory: the catalog is read once and let go."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa

from hoban_assets.catalog.access import reading
from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.interrupting import interruptible
from hoban_assets.corrections.edits import on_screen
from hoban_assets.corrections.pictures import TEACHER, boxes_from
from hoban_assets.corrections.proposed import ORIGIN, Proposed
from hoban_assets.corrections.rows import Box, Correction
from hoban_assets.naming import image_tag
from hoban_assets.review.queues import Queue, mistakes, models_of, queues
from hoban_assets.viewer import sql

TAKEN_OUT = "taken_out"
"""Origin, for the page, of a box that the label has and the dataset left out."""
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
        proposed: Mapping[str, Proposed] = MappingProxyType({}),
        predicted: Mapping[str, list[dict[str, Any]]] | None = None,
    ) -> None:
        """Read the catalog at `catalog`; see `Catalog` for what it raises.

        Args:
            catalog: the DuckDB file.
            asset: stage or dataset.
            partition: 'sub' or 'full'.
            active: corrections that stand.
            model: whose boxes are the second set; None: the newest model of the dataset.
            wait: seconds to wait for another program that holds the catalog.
            proposed: what models propose, by source; shown as boxes of origin 'proposed'.
            predicted: what `model` finds (see `second_set`); None: on its worst pictures, as its
                training kept them.
        """
        self.proposed = proposed
        self.asset, self.partition = asset, partition
        self._lock = threading.Lock()
        with reading(catalog, wait) as connection:
            wanted = {"asset": asset, "partition": partition}
            tables = {
                name: connection.sql(question, params=wanted).to_arrow_table()
                for name, question in (("pictures", sql.PICTURES), ("decisions", sql.DECISIONS))
            }
        standing = tuple(active)
        with asking(catalog, wait) as ask:
            self.queues: list[Queue] = queues(ask, asset, partition, standing, proposed)
            folders = models_of(ask, asset, partition)
        is_given = predicted is not None or model in folders
        self.model = model if is_given else next(iter(folders), None)
        self._db = duckdb.connect()
        self._standing: dict[str, Correction] = {}
        self._as_read: dict[str, Mapping[str, Any]] = {}
        with interruptible(self._db):
            self._load(tables, standing)
            self.predicted: Mapping[str, list[dict[str, Any]]] = (
                self._predictions(folders.get(self.model or "")) if predicted is None else predicted
            )
            self._fill("mistaken", [(i, _count(b, "not_found"), _count(b, "wrong"))
                                    for i, b in self.predicted.items()])  # fmt: skip

    def _load(self, tables: Mapping[str, pa.Table], standing: Iterable[Correction]) -> None:
        for name, table in tables.items():
            self._db.register(f"{name}_read", table)
            self._db.execute(f"CREATE TABLE {name} AS FROM {name}_read")
            self._db.unregister(f"{name}_read")
        self._db.execute("CREATE TABLE corrected (image_id VARCHAR)")
        self.stand(standing)
        self._db.execute("CREATE TABLE queued (queue VARCHAR, image_id VARCHAR, place INTEGER)")
        self._fill(
            "queued", [(q.kind.name, i, n) for q in self.queues for n, i in enumerate(q.ids)]
        )
        self._db.execute("CREATE TABLE mistaken (image_id VARCHAR, missed INTEGER, wrong INTEGER)")
        self._name_proposed_classes()

    def _name_proposed_classes(self) -> None:
        """Let the filter of classes find what is proposed."""
        self._db.execute("CREATE TABLE proposed (image_id VARCHAR, classes VARCHAR[])")
        looked = [each for one in self.proposed.values() for each in one.looked.values()]
        rows = [(x.image_id, sorted({p.box.class_name for p in x.proposals})) for x in looked]
        self._fill("proposed", rows)
        self._db.execute(sql.NAME_PROPOSED)

    def _open(self, picture: dict[str, Any], row: Correction | None) -> list[dict[str, Any]]:
        """Proposals for a picture that nobody has decided on, as boxes."""
        mine = self.proposed.get(picture["image_id"].partition("/")[0])
        if mine is None or not picture["content_hash"]:
            return []
        open_ = mine.pending(picture["image_id"], picture["content_hash"], row)
        return [
            {**_as_row(p.box, ORIGIN), "score": p.score, "track": p.track, "by": mine.model}
            for p in open_
        ]

    def _predictions(self, folder: Path | None) -> dict[str, list[dict[str, Any]]]:
        found = mistakes(folder) if folder else {}
        if not found:
            return {}
        tags = {image_tag(row[0]): row[0] for row in self._rows("SELECT image_id FROM pictures")}
        return {tags[tag]: boxes for tag, boxes in found.items() if tag in tags}

    def _fill(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:  # as columns: one statement a row takes a second for 5,000
            columns = zip(*rows, strict=True)
            filling = pa.table({f"c{n}": list(values) for n, values in enumerate(columns)})
            self._db.register("filling", filling)
            self._db.execute(f"INSERT INTO {table} FROM filling")
            self._db.unregister("filling")

    def stand(self, active: Iterable[Correction]) -> None:
        """Show pictures as people left them by these corrections, and by no others."""
        with self._lock:
            self._standing = {row.image_id: row for row in active}
            self._db.execute("DELETE FROM corrected")
            self._fill("corrected", [(image_id,) for image_id in self._standing])

    def is_unread(self, image_id: str) -> bool:
        """Whether the catalog has no labels of a picture: its stage left it out."""
        found = self._rows("SELECT content_hash FROM pictures WHERE image_id = ?", [image_id])
        return bool(found) and found[0][0] is None

    def note(self, image_id: str, columns: Mapping[str, Any]) -> None:
        """Note what the catalog does not have of a picture that its stage left out."""
        self._as_read[image_id] = columns

    def _on_screen(self, picture: dict[str, Any]) -> dict[str, Any]:
        """A picture with what its correction says, also where no build holds that yet."""
        picture = {**picture, **self._as_read.get(picture["image_id"], {})}
        row = self._standing.get(picture["image_id"])
        out = picture.pop("taken_out", None) or ()
        # A stage that was built since has boxes of the correction, which the dataset has not yet.
        if out and (row is None or set(boxes_from(out)) <= set(row.before)):
            kept = [{**box, "o": TAKEN_OUT} for box in out]
            picture["boxes"] = [*(picture["boxes"] or ()), *kept]
        if row is not None and picture["content_hash"] not in (row.content_hash, None):
            row = None
        open_ = self._open(picture, row)
        if row is None:
            boxes = [*(picture["boxes"] or ()), *open_] or None
            return {**picture, "boxes": boxes, "verdict": None, "correction": None}
        raw = picture["boxes"] or ()
        if not picture["content_hash"]:  # left out, and not read again yet
            raw = [_as_row(box, "human") for box in row.before]
            picture = {**picture, "boxes": raw}
        if row.complete is not None:  # a teacher's boxes were judged: what stays is in the row
            raw = [box for box in raw if box["o"] != TEACHER]
            picture = {**picture, "boxes": raw}
        drawn = boxes_from(raw)
        now = on_screen(drawn, row)
        if now != drawn:
            origin = {box: known["o"] for box, known in zip(drawn, raw, strict=True)}
            picture = {**picture, "boxes": [_as_row(box, origin.get(box, "human")) for box in now]}
        if open_:
            picture = {**picture, "boxes": [*(picture["boxes"] or ()), *open_]}
        said = {"id": row.id, "author": row.author, "time": row.time.isoformat()}
        return {**picture, "verdict": row.kind, "correction": said}

    def _rows(self, question: str, params: Any = None) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(question, params).fetchall()

    def _ask(self, question: str, params: Any = None) -> list[dict[str, Any]]:
        with self._lock:
            found = self._db.execute(question, params)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @property
    def boxes(self) -> int:
        """Labels and ignore regions of all pictures."""
        return int(self._rows("SELECT coalesce(sum(len(boxes)), 0) FROM pictures")[0][0])

    def facets(self) -> dict[str, list[dict[str, Any]]]:
        """Values to filter by, with the number of pictures."""
        return {
            name: self._ask(question)
            for name, question in (
                ("class_name", sql.CLASSES),
                ("source", sql.BY.format(column="source")),
                ("split", sql.BY.format(column="split")),
                ("rule", sql.RULES),
            )
        }

    def pictures(self, wanted: Filter, offset: int = 0, limit: int = 60) -> dict[str, Any]:
        """Total of the pictures that a filter lets through, and some of them, in a fixed order."""
        params = {f.name: getattr(wanted, f.name) for f in fields(wanted)}
        some = {**params, "offset": max(0, offset), "limit": min(MOST, max(0, limit))}
        (total,) = self._rows(f"SELECT count(*) FROM ({sql.FILTERED})", params)[0]  # noqa: S608
        return {"total": total, "pictures": [self._on_screen(p) for p in self._ask(sql.PAGE, some)]}

    def picture(self, number: int) -> dict[str, Any] | None:
        """One picture with all that is known of it; None where there is no such number."""
        found = self._ask("FROM pictures WHERE n = ?", [number])
        if not found:
            return None
        told = self._ask(sql.DECIDED, [found[0]["image_id"]])
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
