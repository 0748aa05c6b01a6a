"""Which photographs show what a rule decided: the boxes and images that it took away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.errors import HobanError
from hoban_assets.reporting.gallery.choice import (
    Shown,
    Wanted,
    boxes_of,
    by_image,
    picked,
    shown,
)


def rules_of(ask: Ask, asset: str, partition: str) -> list[str]:
    """Return the rules that decided anything in this asset, sorted."""
    rows = ask(_RULES, {"asset": asset, "partition": partition})
    return [row["rule"] for row in rows]


def choose_by_rule(ask: Ask, wanted: Wanted) -> list[Shown]:
    """Choose images about which `wanted.rule` decided; 'area' means the value that it saw.

    What the asset itself no longer has (a dropped image, a dropped box) is looked up in the
    assets that it was made from. `Shown.witness` is the image that was kept instead.

    Raises:
        HobanError: the rule decided nothing about this class.
    """
    measure = "min" if wanted.order == "smallest" else "max"
    ids = picked(ask, _OF_RULE.format(measure=measure), wanted)
    if not ids:
        raise HobanError(
            f"rule {wanted.rule} decided nothing about {wanted.class_name} in "
            f"{wanted.asset} [{wanted.partition}]",
            "choose another class, or --class all",
        )
    place = {"asset": wanted.asset, "partition": wanted.partition}
    decided = by_image(ask(_DECIDED, {**place, "rule": wanted.rule, "ids": ids}))
    every = [*ids, *(d["witness"] for ds in decided.values() for d in ds if d["witness"])]
    assets = [wanted.asset, *(r["input"] for r in ask(_INPUTS, place))]
    where = {"assets": assets, "partition": wanted.partition, "ids": every}
    images = {r["image_id"]: r for r in ask(_IMAGES_OF, where)}
    images |= {
        r["image_id"]: r
        for r in ask(_FILES, {**place, "ids": every})
        if r["image_id"] not in images
    }
    boxes = by_image(boxes_of(ask, assets, wanted.partition, every))

    def one(image_id: str, rows: set[int | None]) -> Shown:
        unknown = dict.fromkeys(("file", "source", "split", "width", "height"))
        image = images.get(image_id, {**unknown, "image_id": image_id})
        return shown(image, _drawn(boxes.get(image_id, []), rows, wanted.asset))

    found = []
    for i in ids:
        kept = next((d["witness"] for d in decided[i] if d["witness"] in images), None)
        found.append(
            replace(
                one(i, {d["row"] for d in decided[i]}),
                decisions=tuple(decided[i]),
                witness=one(kept, {None}) if kept else None,
            )
        )
    return found


def _drawn(boxes: Sequence[Row], rows: set[int | None], asset: str) -> list[Row]:
    """Boxes of one image: strong those that were decided upon, or all where the image was.

    The asset's own come first in `boxes`; of what it was made from only what it lacks is added:
    everything where it no longer has the image, else the boxes that were decided upon.
    """
    own = any(box["asset"] == asset for box in boxes)
    known: dict[object, Row] = {}
    for box in boxes:
        if box["asset"] == asset or not own or box["row"] in rows:
            known.setdefault((box["row"], box["x_center"], box["y_center"]), box)
    whole = None in rows
    return [
        {**b, "strong": b["row"] in rows or (whole and not b["ignore"])} for b in known.values()
    ]


_RULES = """
SELECT DISTINCT rule FROM decisions WHERE asset = $asset AND partition = $partition ORDER BY rule
"""
# A decision about a box is of the class of that box, one about an image of all its classes.
_OF_RULE = """
SELECT d.image_id, {measure}(try_cast(regexp_extract(d.value, '^[^ ]+') AS DOUBLE)) AS area
FROM decisions AS d
WHERE asset = $asset AND partition = $partition AND rule = $rule AND (
    $class_name = 'all' OR EXISTS (
        SELECT 1
        FROM store.boxes AS b
        JOIN store.current AS c USING (materialization_id)
        WHERE c.partition = $partition AND b.class_name = $class_name
          AND b.image_id = d.image_id AND b."row" = coalesce(d."row", b."row")
    )
)
GROUP BY d.image_id
"""
_DECIDED = """
SELECT image_id, stage, action, "row", value, threshold, witness
FROM decisions
WHERE asset = $asset AND partition = $partition AND rule = $rule
  AND image_id IN (SELECT unnest($ids))
ORDER BY "row"
"""
_INPUTS = """
SELECT i.input
FROM inputs AS i
JOIN store.current AS c USING (materialization_id)
WHERE c.asset = $asset AND c.partition = $partition
ORDER BY i.input
"""
_IMAGES_OF = """
SELECT image_id, arg_min(file, place) AS file, arg_min(source, place) AS source,
       arg_min(split, place) AS split, arg_min(width, place) AS width,
       arg_min(height, place) AS height
FROM (
    SELECT *, list_position($assets, asset) AS place
    FROM images
    WHERE partition = $partition AND list_contains($assets, asset)
      AND image_id IN (SELECT unnest($ids))
)
GROUP BY image_id
"""
# Images that were dropped while reading are in no asset; some decision about them names the file.
_FILES = """
SELECT image_id, any_value(file) AS file, NULL AS source, NULL AS split, 0 AS width, 0 AS height
FROM decisions
WHERE asset = $asset AND partition = $partition AND image_id IN (SELECT unnest($ids))
  AND regexp_matches(lower(file), '\\.(jpe?g|png|bmp|webp|tiff?)$')
GROUP BY image_id
"""
