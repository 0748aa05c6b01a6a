"""The statements of `figures`."""

HOLDERS = """
SELECT i.asset FROM images AS i JOIN materializations AS m USING (asset, partition)
WHERE i.image_id = $id AND i.partition = $partition AND m.is_current
ORDER BY starts_with(i.asset, 'benchmark_') DESC, m.materialization_id DESC LIMIT 1
"""
"""Builds that hold a picture, a benchmark first."""
RECIPE = """
SELECT m.recipe, (SELECT list(i.input ORDER BY i.input) FROM store.inputs AS i
                  WHERE i.materialization_id = m.materialization_id) AS inputs
FROM store.materializations AS m JOIN store.current USING (materialization_id)
WHERE m.asset = ? AND m.partition = ?
"""
TAKEN = """
WITH labels AS (
    SELECT b.image_id, b."row", b.area, b."ignore", c.asset
    FROM store.boxes AS b JOIN store.current AS c USING (materialization_id)
    WHERE c.partition = $partition AND list_contains($stages, c.asset) AND b.class_name = $class
),
decided AS (
    SELECT image_id, "row", rule, action, threshold, asset FROM decisions
    WHERE partition = $partition AND action IN ('drop', 'ignore')
      AND (asset = $dataset OR list_contains($stages, asset))
),
of_row AS (
    SELECT d.rule, d.action, d.threshold, l.area, l.image_id, l."row",
           d.asset <> $dataset AS at_stage
    FROM labels AS l JOIN decided AS d ON d.image_id = l.image_id AND d."row" = l."row"
    -- What a stage drops is in its rows no more, and what it ignores is.
    WHERE d.asset = $dataset AND NOT l."ignore" OR d.asset = l.asset AND l."ignore"
),
of_image AS (
    SELECT d.rule, d.action, d.threshold, l.area, l.image_id, l."row", false AS at_stage
    FROM (SELECT * FROM labels WHERE NOT "ignore") AS l
    ANTI JOIN of_row AS o ON o.image_id = l.image_id AND o."row" = l."row"
    JOIN decided AS d ON d.image_id = l.image_id AND d."row" IS NULL
    WHERE d.asset = $dataset AND d.action = 'drop'
)
SELECT rule, action, count(*) AS boxes, count(*) FILTER (area BETWEEN $low AND $high) AS alike,
       max(threshold) AS threshold, at_stage
FROM (FROM of_row UNION ALL FROM of_image)
GROUP BY ALL ORDER BY alike DESC, boxes DESC, rule
"""
UNLABELLED = """
SELECT i.source, count(*) AS "of",
       count(*) FILTER (NOT list_contains(i.labelled_classes, $class)) AS images,
       count(*) FILTER (NOT list_contains(i.labelled_classes, $class) AND c.image_id IS NOT NULL)
           AS completed
FROM images AS i
LEFT JOIN completed_classes AS c
    ON c.asset = i.asset AND c.partition = i.partition AND c.image_id = i.image_id
    AND c.class_name = $class
WHERE i.asset = $dataset AND i.partition = $partition AND i.split = 'train'
GROUP BY i.source ORDER BY images DESC, i.source
"""
