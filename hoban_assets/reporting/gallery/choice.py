"""Which photographs a gallery shows, asked from the catalog; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.classes import BACKGROUND, CLASS_NAMES
from hoban_assets.errors import HobanError

Order: TypeAlias = Literal["area", "random", "largest", "smallest"]
ALL = "all"
WORST_FIRST = frozenset({"labels_disagree"})
"""Rules whose value begins with how sure a fault is: shown worst first unless asked otherwise."""


@dataclass(frozen=True)
class Wanted:
    """What a gallery shows."""

    asset: str
    partition: str
    class_name: str
    """One of the four, 'background' (images without a label), or, with a rule, 'all'."""
    order: Order = "area"
    """'area': spread evenly from small to large; 'random': by a hash of image id and seed."""
    count: int = 10
    seed: int = 0
    rule: str | None = None
    """Only images about which this rule decided."""

    @property
    def picked_by(self) -> Order:
        """The order that is used: images without a label have no areas."""
        bare = self.class_name == BACKGROUND and self.rule is None
        if self.rule in WORST_FIRST and self.order == "area":
            return "largest"
        return "random" if bare else self.order

    @property
    def folder(self) -> str:
        """Its folder below ``reports/gallery``."""
        kind = self.picked_by if self.rule is None else f"{self.rule}-{self.order}"
        return f"{self.asset}/{self.partition}/{self.class_name}-{kind}"


@dataclass(frozen=True)
class Shown:
    """One photograph of a gallery with what is to be drawn on it."""

    image_id: str
    file: str | None
    """Path below the raw root; None where the catalog does not know it (any more)."""
    source: str | None
    split: str | None
    width: int
    height: int
    boxes: tuple[Row, ...]
    """class_name, x_center, y_center, width, height, area, ignore, strong (bool)."""
    decisions: tuple[Row, ...] = ()
    """With a rule: stage, action, row, value, threshold, witness."""
    witness: Shown | None = None
    """With a rule: the image that was kept instead."""


@dataclass(frozen=True)
class Holding:
    """What an asset has to show."""

    images: Mapping[str, int] = field(default_factory=dict)
    """Images of each class that it has labels of, in the order of the ids, background last."""


def holding(ask: Ask, asset: str, partition: str) -> Holding:
    """Count the images of each class, and those without a label."""
    rows = ask(_HOLDING, {"asset": asset, "partition": partition})
    counts = {row["class_name"]: row["images"] for row in rows}
    names = [*CLASS_NAMES, *sorted(set(counts) - {*CLASS_NAMES, BACKGROUND}), BACKGROUND]
    return Holding({name: counts[name] for name in names if counts.get(name)})


def choose(ask: Ask, wanted: Wanted) -> list[Shown]:
    """Choose the photographs, in the order in which they are to be shown.

    The same rows, order and seed always give the same choice. An image comes once, for one of
    its labels of the class: its largest ('largest'), its smallest ('smallest'), else one by hash.

    Raises:
        HobanError: there is nothing of this class; says what there is.
    """
    name = wanted.class_name
    there = holding(ask, wanted.asset, wanted.partition).images
    if name not in there:
        known = ", ".join(there) or "no image at all"
        raise HobanError(
            f"{wanted.asset} [{wanted.partition}] has no image with {name}", f"it has: {known}"
        )
    of_class = _OF_CLASS.format(area=_AREA[wanted.order])
    ids = picked(ask, _WITHOUT_LABELS if name == BACKGROUND else of_class, wanted)
    place = {"asset": wanted.asset, "partition": wanted.partition, "ids": ids}
    images = {row["image_id"]: row for row in ask(_IMAGES, place)}
    boxes = by_image(boxes_of(ask, [wanted.asset], wanted.partition, ids))
    return [
        shown(
            images[i],
            [
                {**b, "strong": b["class_name"] == name and not b["ignore"]}
                for b in boxes.get(i, [])
            ],
        )
        for i in ids
    ]


def picked(ask: Ask, candidates: str, wanted: Wanted) -> list[str]:
    """Return image ids out of SQL that selects `candidates` (image_id, area), in their order."""
    sql = f"WITH candidates AS ({candidates}) {_PICK[wanted.picked_by]}"
    values = {**vars(wanted), "seed": str(wanted.seed)}
    return [r["image_id"] for r in ask(sql, {k: v for k, v in values.items() if f"${k}" in sql})]


def boxes_of(ask: Ask, assets: Sequence[str], partition: str, ids: Sequence[str]) -> list[Row]:
    """Return labels and ignore regions of images, those of the first asset first."""
    return ask(_BOXES, {"assets": list(assets), "partition": partition, "ids": list(ids)})


def shown(image: Row, boxes: Sequence[Row]) -> Shown:
    """Put a row of ``images`` and its boxes together."""
    return Shown(
        image_id=image["image_id"],
        file=image["file"],
        source=image["source"],
        split=image["split"],
        width=image["width"] or 0,
        height=image["height"] or 0,
        boxes=tuple(boxes),
    )


def by_image(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Group rows by their image_id."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["image_id"], []).append(row)
    return found


_HOLDING = """
SELECT coalesce(b.class_name, 'background') AS class_name, count(DISTINCT i.image_id) AS images
FROM images AS i
LEFT JOIN boxes AS b USING (asset, partition, image_id)
WHERE asset = $asset AND partition = $partition
GROUP BY b.class_name
"""
_OF_CLASS = """
SELECT image_id, {area} AS area
FROM boxes
WHERE asset = $asset AND partition = $partition AND class_name = $class_name
GROUP BY image_id
"""
_WITHOUT_LABELS = """
SELECT image_id, NULL::DOUBLE AS area
FROM images
WHERE asset = $asset AND partition = $partition AND image_id NOT IN (
    SELECT image_id FROM boxes WHERE asset = $asset AND partition = $partition
)
"""
_AREA: dict[Order, str] = {  # of the label that an image is chosen for
    "largest": "max(area)",
    "smallest": "min(area)",
    "area": "arg_min(area, md5(concat(image_id, x_center, y_center)))",
    "random": "max(area)",
}
_PICK: dict[Order, str] = {
    "largest": "SELECT image_id FROM candidates "
    "ORDER BY area DESC NULLS LAST, image_id LIMIT $count",
    "smallest": "SELECT image_id FROM candidates ORDER BY area NULLS LAST, image_id LIMIT $count",
    "random": "SELECT image_id FROM candidates "
    "ORDER BY md5(concat(image_id, '#', $seed)), image_id LIMIT $count",
    # the one in the middle of each of $count equal parts of the images, sorted by area
    "area": """
        SELECT image_id
        FROM (SELECT *, ntile($count) OVER (ORDER BY area, image_id) AS part FROM candidates)
        QUALIFY row_number() OVER (PARTITION BY part ORDER BY area, image_id)
            = (count(*) OVER (PARTITION BY part) + 1) // 2
        ORDER BY part
    """,
}
_IMAGES = """
SELECT image_id, file, source, split, width, height
FROM images
WHERE asset = $asset AND partition = $partition AND image_id IN (SELECT unnest($ids))
"""
_BOXES = """
SELECT c.asset, b.image_id, b."row", b.class_name, b.x_center, b.y_center, b.width, b.height,
       b.area, b."ignore"
FROM store.boxes AS b
JOIN store.current AS c USING (materialization_id)
WHERE c.partition = $partition AND list_contains($assets, c.asset)
  AND b.image_id IN (SELECT unnest($ids))
ORDER BY list_position($assets, c.asset), b.area, b."row"
"""
