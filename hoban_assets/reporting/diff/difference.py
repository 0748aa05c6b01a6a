"""What changed between two materialisations: images, boxes, splits, and by which rule.

`difference` asks the catalog; `document` says it in words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.catalog.differences import lay_out
from hoban_assets.reporting.diff.sides import Side


@dataclass(frozen=True)
class Difference:
    """All counts of one comparison; boxes are labels, ignore regions are named where they count.

    images of `new` = images of `old` - removed + added; and for boxes: new = old - gone_with_images
    - removed - to_ignore + come_with_images + added + from_ignore.
    """

    old: Side
    new: Side
    images: dict[str, int]
    """common, same_content (of those: matched by content under another id), removed, added,
    other_file (same id, other bytes), moved_split."""
    boxes: dict[str, int]
    """gone_with_images, come_with_images, removed, added, to_ignore, from_ignore (these four on
    common images), class_changed, moved (geometry), class_changed_and_moved (counted in both)."""
    removed_because: list[Row]
    """Images that are not in `new`: rule, cause (the rules that took its last
    labels), asset, stage, threshold, source, images, boxes."""
    added_because: list[Row]
    """Images that are not in `old`: why they were not, same columns."""
    boxes_because: list[Row]
    """Labels lost or won on common images: change, rule, asset, stage, class_name, boxes."""
    splits: list[Row]
    """Images that changed sides: before, after, images."""
    relabelled: list[Row]
    """Boxes whose class changed: before, after, boxes."""
    classes: list[Row]
    """Each class: boxes before and after, and what came and went."""
    sources: list[Row]
    """Each source: images and boxes before and after, images removed and added."""
    same_content: list[Row]
    """Photographs matched by content: before, after (sources), images."""
    val: dict[str, int]
    """Validation images: old, new, common, trained_on_before (in new's val, in old's train)."""

    @property
    def is_same(self) -> bool:
        """True where nothing changed that a training would see."""
        of_images = ("removed", "added", "other_file", "moved_split")
        rows = [*(self.images[k] for k in of_images), *self.boxes.values()]
        return not any(rows) and self.old.prescale == self.new.prescale

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain types; times as ISO text."""
        answer = asdict(self) | {"is_same": self.is_same}
        for name, side in (("old", self.old), ("new", self.new)):
            del answer[name]["recipe"]
            answer[name] |= {"created_at": side.created_at.isoformat(), "prescale": side.prescale}
        return answer


def difference(ask: Ask, old: Side, new: Side) -> Difference:
    """Compare two materialisations (stages or datasets), image by image and box by box."""
    lay_out(ask, old.materialization_id, new.materialization_id)
    (images,) = ask(_IMAGES)
    (boxes,) = ask(_BOXES)
    (val,) = ask(_VAL)
    return Difference(
        old=old,
        new=new,
        images=images,
        boxes=boxes,
        removed_because=ask(_REASONS, {"direction": "removed"}),
        added_because=ask(_REASONS, {"direction": "added"}),
        boxes_because=ask(_BOX_REASONS),
        splits=ask(_SPLITS),
        relabelled=ask(_RELABELLED),
        classes=ask(_CLASSES),
        sources=ask(_SOURCES),
        same_content=ask(_SAME_CONTENT),
        val=val,
    )


_IMAGES = """
SELECT
    count(*) FILTER (matched IS NOT NULL) AS common,
    count(*) FILTER (matched = 'content') AS same_content,
    count(*) FILTER (new_image IS NULL) AS removed,
    count(*) FILTER (old_image IS NULL) AS added,
    count(*) FILTER (is_other_file) AS other_file,
    count(*) FILTER (matched IS NOT NULL AND old_split <> new_split) AS moved_split
FROM diff_images
"""
_BOXES = """
SELECT
    count(*) FILTER (change = 'gone with its image') AS gone_with_images,
    count(*) FILTER (change = 'come with its image') AS come_with_images,
    count(*) FILTER (change = 'removed') AS removed,
    count(*) FILTER (change = 'added') AS added,
    count(*) FILTER (change = 'to ignore region') AS to_ignore,
    count(*) FILTER (change = 'from ignore region') AS from_ignore,
    count(*) FILTER (change = 'class changed') AS class_changed,
    count(*) FILTER (change IN ('class changed', 'moved') AND is_moved) AS moved,
    count(*) FILTER (change = 'class changed' AND is_moved) AS class_changed_and_moved
FROM diff_boxes
"""
_VAL = """
SELECT
    count(*) FILTER (old_split = 'val') AS old,
    count(*) FILTER (new_split = 'val') AS new,
    count(*) FILTER (old_split = 'val' AND new_split = 'val') AS common,
    count(*) FILTER (old_split = 'train' AND new_split = 'val') AS trained_on_before
FROM diff_images
"""
_REASONS = """
WITH labels AS (
    SELECT coalesce(old_image, new_image) AS image_id, count(*) AS boxes
    FROM diff_boxes
    WHERE change = CASE $direction WHEN 'removed' THEN 'gone with its image'
                                   ELSE 'come with its image' END
    GROUP BY ALL
)
SELECT rule, cause, asset, stage, threshold, source, count(*) AS images,
       coalesce(sum(boxes), 0)::BIGINT AS boxes
FROM diff_reasons LEFT JOIN labels USING (image_id)
WHERE direction = $direction
GROUP BY rule, cause, asset, stage, threshold, source
ORDER BY images DESC, rule, asset, source
"""
_BOX_REASONS = """
SELECT change, rule, asset, stage, threshold, class_name, count(*) AS boxes
FROM diff_box_reasons
GROUP BY ALL
ORDER BY change DESC, boxes DESC, rule, class_name
"""
_SPLITS = """
SELECT old_split AS before, new_split AS after, count(*) AS images
FROM diff_images WHERE matched IS NOT NULL AND old_split <> new_split
GROUP BY ALL ORDER BY images DESC, before
"""
_RELABELLED = """
SELECT old_class AS before, new_class AS after, count(*) AS boxes
FROM diff_boxes WHERE change = 'class changed'
GROUP BY ALL ORDER BY boxes DESC, before, after
"""
_CLASSES = """
WITH lost AS (
    SELECT
        old_class_id AS class_id,
        count(*) FILTER (change IN ('gone with its image', 'removed', 'to ignore region'))
            AS removed,
        count(*) FILTER (change = 'class changed') AS to_other_class
    FROM diff_boxes WHERE old_class_id IS NOT NULL GROUP BY class_id
),
won AS (
    SELECT
        new_class_id AS class_id,
        count(*) FILTER (change IN ('come with its image', 'added', 'from ignore region'))
            AS added,
        count(*) FILTER (change = 'class changed') AS from_other_class,
        count(*) FILTER (change IN ('class changed', 'moved') AND is_moved) AS moved
    FROM diff_boxes WHERE new_class_id IS NOT NULL GROUP BY class_id
),
totals AS (
    SELECT
        class_id, any_value(class_name) AS class_name,
        count(*) FILTER (materialization_id = getvariable('old')) AS before,
        count(*) FILTER (materialization_id = getvariable('new')) AS after
    FROM store.boxes
    WHERE materialization_id IN (getvariable('old'), getvariable('new')) AND NOT "ignore"
    GROUP BY class_id
)
SELECT
    class_name, before, after, coalesce(removed, 0) AS removed, coalesce(added, 0) AS added,
    coalesce(to_other_class, 0) AS to_other_class,
    coalesce(from_other_class, 0) AS from_other_class, coalesce(moved, 0) AS moved
FROM totals LEFT JOIN lost USING (class_id) LEFT JOIN won USING (class_id)
ORDER BY class_id
"""
_SOURCES = """
WITH images AS (
    SELECT old_source AS source, 1 AS before, 0 AS after, old_labels AS boxes_before,
           0 AS boxes_after, matched IS NULL AS removed, FALSE AS added
    FROM diff_images WHERE old_image IS NOT NULL
    UNION ALL
    SELECT new_source, 0, 1, 0, new_labels, FALSE, matched IS NULL
    FROM diff_images WHERE new_image IS NOT NULL
)
SELECT source, sum(before)::BIGINT AS images_before, sum(after)::BIGINT AS images_after,
       coalesce(sum(boxes_before), 0)::BIGINT AS boxes_before,
       coalesce(sum(boxes_after), 0)::BIGINT AS boxes_after,
       count(*) FILTER (removed) AS removed, count(*) FILTER (added) AS added
FROM images GROUP BY source ORDER BY source
"""
_SAME_CONTENT = """
SELECT old_source AS before, new_source AS after, count(*) AS images
FROM diff_images WHERE matched = 'content'
GROUP BY ALL ORDER BY images DESC, before, after
"""
