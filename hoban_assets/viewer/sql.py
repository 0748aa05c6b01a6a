"""The statements of `store`: the first two ask the catalog, the others the store itself."""

from __future__ import annotations

from hoban_assets.corrections.pictures import BOX_LIST

IMAGES = "jpe?g|png|bmp|webp|jfif|tiff?"
BUILDS = """
mine AS (
    SELECT materialization_id FROM store.current WHERE asset = $asset AND "partition" = $partition
),
builds AS ( -- with the stages before it, and the full that a sub is taken from
    SELECT materialization_id, 0 AS distance FROM mine
    UNION ALL
    SELECT c.materialization_id, 1 FROM store.inputs AS i JOIN mine USING (materialization_id)
    JOIN store.current AS c ON c.asset = regexp_replace(i.input, ' [(]full[)]$', '')
        AND c."partition" = CASE WHEN i.input LIKE '% (full)' THEN 'full' ELSE $partition END
)
"""
PICTURES = f"""
WITH {BUILDS},
kept AS (
    SELECT image_id, source, file, content_hash, width, height, split, group_id, labelled_classes,
           materialization_id
    FROM store.images JOIN mine USING (materialization_id)
),
dropped AS (
    SELECT d.image_id, -- a reader's decision names the label file
           any_value(d.file) FILTER (regexp_matches(lower(d.file), '[.]({IMAGES})$')) AS file,
           list(DISTINCT d.rule ORDER BY d.rule) AS left_out_by
    FROM store.decisions AS d JOIN builds USING (materialization_id)
    WHERE d.images_removed > 0
      AND d.image_id NOT IN (SELECT image_id FROM kept)
    GROUP BY d.image_id
),
before AS ( -- as a stage still has it
    SELECT i.image_id, i.source, i.file, i.content_hash, i.width, i.height, i.group_id,
           i.labelled_classes, i.materialization_id
    FROM store.images AS i JOIN builds USING (materialization_id) JOIN dropped USING (image_id)
    QUALIFY row_number() OVER (PARTITION BY i.image_id ORDER BY distance, materialization_id) = 1
),
everything AS (
    SELECT *, TRUE AS is_in FROM kept
    UNION ALL BY NAME
    SELECT d.image_id, coalesce(b.source, split_part(d.image_id, '/', 1)) AS source,
           coalesce(b.file, d.file) AS file, b.content_hash, b.width, b.height, b.group_id,
           b.labelled_classes, b.materialization_id, FALSE AS is_in, d.left_out_by
    FROM dropped AS d LEFT JOIN before AS b USING (image_id)
),
drawn AS (
    SELECT b.materialization_id, b.image_id, {BOX_LIST} AS boxes,
           list(DISTINCT class_name) AS classes
    FROM store.boxes AS b SEMI JOIN everything AS e
        ON e.materialization_id = b.materialization_id AND e.image_id = b.image_id
    GROUP BY ALL
),
taken_out AS ( -- boxes that the stage of a picture has, and the dataset left out
    SELECT image_id, {BOX_LIST} AS taken_out
    FROM store.boxes AS b
    SEMI JOIN builds ON builds.materialization_id = b.materialization_id AND distance = 1
    SEMI JOIN kept ON kept.image_id = b.image_id
    ANTI JOIN (SELECT * FROM store.boxes SEMI JOIN mine USING (materialization_id)) AS here
        ON here.image_id = b.image_id AND here.class_id = b.class_id
        AND here.x_center = b.x_center AND here.y_center = b.y_center
        AND here.width = b.width AND here.height = b.height
    GROUP BY image_id
)
SELECT row_number() OVER (ORDER BY e.image_id) - 1 AS n, e.* EXCLUDE (materialization_id),
       d.boxes, d.classes, t.taken_out
FROM everything AS e LEFT JOIN drawn AS d USING (materialization_id, image_id)
LEFT JOIN taken_out AS t USING (image_id)
ORDER BY e.image_id
"""  # noqa: S608 - texts of this package
DECISIONS = f"""
WITH {BUILDS}
SELECT m.asset, d.image_id, d.stage, d.rule, d.action, d."row", d.value, d.threshold, d.witness
FROM store.decisions AS d
JOIN builds USING (materialization_id)
JOIN store.materializations AS m USING (materialization_id)
WHERE d.image_id IS NOT NULL
"""  # noqa: S608
FILTERED = """
SELECT * FROM pictures
WHERE ($class_name::VARCHAR IS NULL OR list_contains(classes, $class_name)
         OR ($class_name = 'background' AND boxes IS NULL))
  AND ($source::VARCHAR IS NULL OR source = $source)
  AND ($split::VARCHAR IS NULL OR split = $split)
  AND ($text::VARCHAR IS NULL OR contains(lower(image_id), lower($text)))
  AND ($rule::VARCHAR IS NULL
       OR image_id IN (SELECT image_id FROM decisions WHERE rule = $rule))
  AND ($queue::VARCHAR IS NULL
       OR image_id IN (SELECT image_id FROM queued WHERE queue = $queue))
  AND CASE coalesce($state::VARCHAR, 'any')
      WHEN 'in' THEN is_in
      WHEN 'out' THEN NOT is_in
      WHEN 'corrected' THEN image_id IN (SELECT image_id FROM corrected)
      WHEN 'missed' THEN image_id IN (SELECT image_id FROM mistaken WHERE missed > 0)
      WHEN 'false' THEN image_id IN (SELECT image_id FROM mistaken WHERE wrong > 0)
      ELSE TRUE END
"""
PAGE = f"""
SELECT f.n, f.image_id, f.source, f.split, f.is_in, f.boxes, f.taken_out, f.content_hash,
       f.content_hash IS NULL AND NOT f.is_in AS is_unread,
       f.image_id IN (SELECT image_id FROM corrected) AS is_corrected
FROM ({FILTERED}) AS f
LEFT JOIN queued AS q ON q.image_id = f.image_id AND q.queue = $queue
ORDER BY q.place NULLS LAST, f.image_id
LIMIT $limit OFFSET $offset
"""  # noqa: S608
DECIDED = """
SELECT d.asset, stage, rule, action, "row", value, threshold, witness, w.n AS witness_n
FROM decisions AS d LEFT JOIN pictures AS w ON w.image_id = d.witness
WHERE d.image_id = ?
"""
NAME_PROPOSED = """
UPDATE pictures SET classes = list_distinct(list_concat(coalesce(pictures.classes, []), p.classes))
FROM proposed AS p WHERE p.image_id = pictures.image_id AND len(p.classes) > 0
"""
CLASSES = """
SELECT class_name AS value, count(*) AS pictures
FROM (SELECT unnest(classes) AS class_name FROM pictures)
GROUP BY class_name ORDER BY class_name
"""
BY = """
SELECT {column} AS value, count(*) AS pictures FROM pictures WHERE {column} IS NOT NULL
GROUP BY {column} ORDER BY {column}
"""
RULES = """
SELECT rule AS value, count(DISTINCT image_id) AS pictures
FROM decisions SEMI JOIN pictures USING (image_id) GROUP BY rule ORDER BY rule
"""
