"""The statements of `figures`; each is one scan of one table of the catalog."""

BUILDS = """
WITH assets AS ( -- upstream was there first, whatever was built again since
    SELECT asset, partition, min(materialization_id) AS first,
           max(materialization_id) AS materialization_id
    FROM store.materializations
    GROUP BY asset, partition
)
SELECT m.materialization_id, m.asset, m.partition, m.recipe,
       (SELECT list(i.input ORDER BY i.input) FROM store.inputs AS i
        WHERE i.materialization_id = m.materialization_id) AS inputs
FROM store.materializations AS m
JOIN assets USING (materialization_id)
WHERE m.images IS NOT NULL
ORDER BY m.partition DESC, first -- sub before full
"""
_CURRENT = "materialization_id IN (SELECT materialization_id FROM store.current)"
IMAGES = f"""
SELECT materialization_id, image_id, source, file, label_file, width, height, bytes,
       labelled_classes, group_id, split, content_hash
FROM store.images
WHERE image_id IN (SELECT unnest($ids)) AND {_CURRENT}
"""  # noqa: S608
DECISIONS = f"""
SELECT materialization_id, stage, rule, action, file, "row", value, threshold, witness,
       images_removed
FROM store.decisions
WHERE image_id = $id AND {_CURRENT}
ORDER BY materialization_id, rowid
"""  # noqa: S608
BOXES = f"""
SELECT materialization_id, image_id, "row", class_name, x_center, y_center, width, height, area,
       origin, "ignore"
FROM store.boxes
WHERE image_id IN (SELECT unnest($ids)) AND {_CURRENT}
ORDER BY materialization_id, "row", area DESC
"""  # noqa: S608
GROUP = """
SELECT split, count(*) AS images
FROM store.images
WHERE materialization_id = $number AND group_id = $group
GROUP BY split ORDER BY split
"""
LABELS = """
SELECT class_name, count(*) AS labels
FROM store.boxes
WHERE materialization_id = $number AND NOT "ignore"
GROUP BY class_name
"""
MODELS = """
SELECT m.asset, m.partition, store.placed(m.path) AS path, i.input
FROM store.materializations AS m
JOIN store.current AS c USING (materialization_id)
JOIN store.inputs AS i USING (materialization_id)
WHERE m.images IS NULL
ORDER BY m.partition DESC, m.materialization_id
"""
