"""Which images and boxes a diff is about, by name."""

from __future__ import annotations

from hoban_assets.catalog.asked import Ask, Row


def examples(ask: Ask, most: int) -> dict[str, list[Row]]:
    """Name up to `most` examples of each kind of change; after `difference`, same connection.

    Keys 'removed', 'added' (images with rule, value, threshold, witness: `witness` is the image
    that was kept instead, `copy` the id under which the same photograph is known there), 'splits'
    and 'boxes'. The same images every time: the first ones by id of each rule or kind of change.
    """
    return {
        "removed": ask(_REASON_EXAMPLES, {"direction": "removed", "most": most}),
        "added": ask(_REASON_EXAMPLES, {"direction": "added", "most": most}),
        "splits": ask(_SPLIT_EXAMPLES, {"most": most}),
        "boxes": ask(_BOX_EXAMPLES, {"most": most}),
    }


_REASON_EXAMPLES = """
SELECT image_id, rule, cause, asset, stage, value, threshold, witness, copy
FROM diff_reasons WHERE direction = $direction
QUALIFY row_number() OVER (PARTITION BY rule, asset, stage ORDER BY image_id) <= $most
ORDER BY rule, asset, image_id
"""
_SPLIT_EXAMPLES = """
SELECT old_image AS image_id, old_split AS before, new_split AS after
FROM diff_images WHERE matched IS NOT NULL AND old_split <> new_split
QUALIFY row_number() OVER (PARTITION BY before, after ORDER BY image_id) <= $most
ORDER BY before, image_id
"""
_BOX_EXAMPLES = """
SELECT
    change, coalesce(new_image, old_image) AS image_id, coalesce(new_row, old_row) AS "row",
    old_class AS before, new_class AS after, old_area AS area_before, new_area AS area_after,
    is_moved
FROM diff_boxes WHERE change NOT IN ('gone with its image', 'come with its image')
QUALIFY row_number() OVER (
    PARTITION BY change, before, after ORDER BY image_id, "row") <= $most
ORDER BY change, before, after, image_id
"""
