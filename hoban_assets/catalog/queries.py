"""Named questions to the catalog; each is one SQL statement over what is current."""

from __future__ import annotations

from hoban_assets.catalog.answers import Ask, Row

_FATE = """
WITH assets AS ( -- upstream was there first, whatever was built again since
    SELECT asset, partition, min(materialization_id) AS first,
           max(materialization_id) AS materialization_id
    FROM store.materializations
    GROUP BY asset, partition
),
decided AS (
    SELECT materialization_id, d.rowid AS position, stage, rule, action, file, "row", value,
           threshold, witness
    FROM store.decisions AS d
    WHERE image_id = $image_id
),
kept AS (
    SELECT materialization_id, 'kept' AS action, file, split,
           (SELECT count(*) FROM store.boxes AS b
            WHERE b.materialization_id = i.materialization_id AND b.image_id = $image_id
              AND NOT b."ignore") AS boxes
    FROM store.images AS i
    WHERE image_id = $image_id
),
events AS (
    SELECT * FROM decided
    UNION ALL BY NAME
    SELECT * FROM kept
)
SELECT asset, partition, stage, rule, action, file, "row", value, threshold, witness, split, boxes
FROM events
JOIN assets USING (materialization_id)
ORDER BY partition DESC, first, position NULLS LAST -- sub before full
"""

_IMAGE_IDS = """
SELECT image_id FROM store.images WHERE contains(image_id, $part)
UNION
SELECT image_id FROM store.decisions WHERE contains(image_id, $part)
ORDER BY image_id
LIMIT $most
"""

_CLASS_TABLE = """
SELECT
    coalesce(b.class_name, 'background') AS class_name,
    i.source,
    i.split,
    count(DISTINCT i.image_id) AS images,
    count(b.image_id) AS boxes
FROM images AS i
LEFT JOIN boxes AS b USING (asset, partition, image_id)
WHERE asset = $asset AND partition = $partition
GROUP BY b.class_id, b.class_name, i.source, i.split
ORDER BY b.class_id NULLS LAST, i.source, i.split NULLS LAST
"""


def fate(ask: Ask, image_id: str) -> list[Row]:
    """Tell the life of one image through all assets, `sub` before `full`, upstream first.

    One row a decision (stage, rule, action, file, row, value, threshold, witness), in the order
    in which they were taken, and one row with action 'kept' for each asset that still has the
    image, with its split and its number of labels. Empty for an image that was never read.
    """
    return ask(_FATE, {"image_id": image_id})


def image_ids(ask: Ask, part: str, most: int = 20) -> list[str]:
    """Return the ids, up to `most`, of images that hold `part`, kept or dropped, sorted."""
    return [row["image_id"] for row in ask(_IMAGE_IDS, {"part": part, "most": most})]


def class_table(ask: Ask, asset: str, partition: str) -> list[Row]:
    """Count images and labels of each class, source and split, in the order of the class ids.

    An image with several classes counts for each of them; images without a label come last, as
    class 'background' with 0 boxes.
    """
    return ask(_CLASS_TABLE, {"asset": asset, "partition": partition})
