"""The composition of datasets as tables: a row a class and source, splits side by side."""

from __future__ import annotations

from collections.abc import Sequence

from hoban_assets.catalog.asked import Row
from hoban_assets.yolo import SPLITS


def pivoted(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Turn rows of `facts` (asset, partition, class_name, source, split, images, boxes).

    Returns:
        (asset, partition) -> rows with class_name, source, and ``<split>_images``,
        ``<split>_boxes`` of each split, 0 where there are none; in the order of the classes.
    """
    tables: dict[tuple[str, str], dict[tuple[str, str], Row]] = {}
    for row in rows:
        table = tables.setdefault((row["asset"], row["partition"]), {})
        empty = {f"{split}_{what}": 0 for split in SPLITS for what in ("images", "boxes")}
        line = table.setdefault(
            (row["class_name"], row["source"]),
            {"class_name": row["class_name"], "source": row["source"], **empty},
        )
        line[f"{row['split']}_images"] = row["images"]
        line[f"{row['split']}_boxes"] = row["boxes"]
    return {name: list(table.values()) for name, table in tables.items()}
