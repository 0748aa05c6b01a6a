"""Named questions to the catalog; each is one SQL statement over what is current."""

from __future__ import annotations

from hoban_assets.catalog.answers import Ask, Row

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


def class_table(ask: Ask, asset: str, partition: str) -> list[Row]:
    """Count images and labels of each class, source and split, in the order of the class ids.

    An image with several classes counts for each of them; images without a label come last, as
    class 'background' with 0 boxes.
    """
    return ask(_CLASS_TABLE, {"asset": asset, "partition": partition})
