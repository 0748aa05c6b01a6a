-- Why an image, or a box, of one materialisation is not in the other one.
--
-- Needs the tables of differences.sql and differences_boxes.sql. `direction` 'removed': in `old`, not in `new`; the answer
-- is what was decided when `new` was made. 'added' is the same question the other way round.

CREATE OR REPLACE TEMP TABLE diff_upstream AS -- the stages that each side was made from
WITH
sides AS (
    SELECT 'removed' AS direction, getvariable('new') AS materialization_id
    UNION ALL
    SELECT 'added', getvariable('old')
),
with_rows AS (SELECT DISTINCT materialization_id FROM store.images),
named AS ( -- 'dataset_v9 (full)': the full dataset that a sub was taken from
    SELECT
        s.direction, s.materialization_id, i.data_version,
        regexp_replace(i.input, ' \(full\)$', '') AS input,
        CASE WHEN i.input LIKE '% (full)' THEN 'full' ELSE m.partition END AS "partition"
    FROM sides AS s
    JOIN store.materializations AS m USING (materialization_id)
    JOIN store.inputs AS i USING (materialization_id)
    WHERE i.input NOT LIKE 'raw%' AND i.input <> 'corrections'
)
SELECT
    s.direction, s.input AS asset, c.materialization_id,
    coalesce(c.images = 0 OR r.materialization_id IS NOT NULL, FALSE) AS has_rows
FROM named AS s
LEFT JOIN store.materializations AS c
    ON c.asset = s.input AND c.partition = s.partition AND c.data_version = s.data_version
LEFT JOIN with_rows AS r ON r.materialization_id = c.materialization_id
-- The same rows may have been made several times: the one that was current then, if it still has
-- its decisions, else the newest that has.
QUALIFY row_number() OVER (
    PARTITION BY s.direction, s.input, s.partition
    ORDER BY has_rows DESC, c.materialization_id < s.materialization_id DESC,
             c.materialization_id DESC) = 1;

CREATE OR REPLACE TEMP TABLE diff_sources AS -- the raw sources that each side could draw from
WITH
makers AS ( -- its upstream stages, and itself; a stage nobody remembers: as it was any time
    SELECT direction, asset, materialization_id, has_rows FROM diff_upstream
    WHERE materialization_id IS NOT NULL
    UNION ALL
    SELECT 'removed', NULL, getvariable('new'), NULL
    UNION ALL
    SELECT 'added', NULL, getvariable('old'), NULL
    UNION ALL
    SELECT u.direction, u.asset, m.materialization_id, FALSE
    FROM diff_upstream AS u JOIN store.materializations AS m USING (asset)
    WHERE u.materialization_id IS NULL
),
sources AS (
    SELECT k.direction, k.asset, k.has_rows, i.input[5:] AS source
    FROM makers AS k JOIN store.inputs AS i USING (materialization_id)
    WHERE i.input LIKE 'raw/%'
    UNION ALL
    SELECT k.direction, k.asset, k.has_rows, i.source
    FROM makers AS k
    JOIN (SELECT DISTINCT materialization_id, source FROM store.images) AS i
        USING (materialization_id)
)
SELECT
    direction, source, any_value(asset) AS asset, -- of nulls and a name: the name
    coalesce(bool_and(has_rows), TRUE) AS has_rows
FROM sources
GROUP BY direction, source;

CREATE OR REPLACE TEMP TABLE diff_removals AS -- every decision that took an image away
WITH deciders AS (
    SELECT 'removed' AS direction, getvariable('new') AS materialization_id, 0 AS distance
    UNION ALL
    SELECT 'added', getvariable('old'), 0
    UNION ALL
    SELECT direction, materialization_id, 1 FROM diff_upstream
    WHERE materialization_id IS NOT NULL
)
SELECT
    k.direction, k.distance, m.materialization_id, m.asset, d.image_id, d.stage, d.rule, d.value, d.threshold, d.witness
FROM store.decisions AS d
JOIN deciders AS k USING (materialization_id)
JOIN store.materializations AS m USING (materialization_id)
-- A photograph that was there before and is missing now removes nothing of what was read.
WHERE d.images_removed > 0
   OR (d.action = 'drop' AND d."row" IS NULL AND coalesce(d.boxes_removed, 0) = 0)
QUALIFY row_number() OVER (
    PARTITION BY k.direction, d.image_id
    ORDER BY k.distance, d.images_removed DESC, d.rowid) = 1;

CREATE OR REPLACE TEMP TABLE diff_reasons AS
WITH
wanted AS (
    SELECT
        CASE WHEN new_image IS NULL THEN 'removed' ELSE 'added' END AS direction,
        coalesce(old_image, new_image) AS image_id, coalesce(old_source, new_source) AS source,
        content_hash
    FROM diff_images WHERE matched IS NULL
),
lost_labels AS ( -- an image falls for want of labels: what took those away
    SELECT r.direction, r.image_id, string_agg(DISTINCT d.rule, ', ' ORDER BY d.rule) AS cause
    FROM diff_removals AS r
    JOIN store.decisions AS d
        ON d.image_id = r.image_id AND d.materialization_id = r.materialization_id
    WHERE r.rule = 'no_label_left' AND d.images_removed = 0 AND d.action IN ('drop', 'ignore')
    GROUP BY ALL
),
decided AS (
    SELECT
        w.direction, w.image_id, r.asset, r.stage, r.rule, l.cause, r.value, r.threshold, r.witness
    FROM wanted AS w
    JOIN diff_removals AS r USING (direction, image_id)
    LEFT JOIN lost_labels AS l USING (direction, image_id)
),
open AS (FROM wanted ANTI JOIN decided USING (direction, image_id)),
copies AS ( -- the same photograph under another id: on that side, or in what it was made from
    SELECT 'removed' AS direction, TRUE AS is_kept, image_id, content_hash
    FROM store.images WHERE materialization_id = getvariable('new')
    UNION ALL
    SELECT 'added', TRUE, image_id, content_hash
    FROM store.images WHERE materialization_id = getvariable('old')
    UNION ALL
    SELECT u.direction, FALSE, i.image_id, i.content_hash
    FROM store.images AS i JOIN diff_upstream AS u USING (materialization_id)
),
by_copy AS (
    SELECT
        w.direction, w.image_id, r.asset, r.stage,
        CASE WHEN c.is_kept THEN 'same_photograph_kept' ELSE r.rule END AS rule,
        r.value, r.threshold, r.witness, c.image_id AS copy
    FROM open AS w
    JOIN copies AS c ON c.direction = w.direction AND c.content_hash = w.content_hash
        AND c.image_id <> w.image_id
    LEFT JOIN diff_removals AS r
        ON r.direction = c.direction AND r.image_id = c.image_id AND NOT c.is_kept
    WHERE c.is_kept OR r.rule IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY w.direction, w.image_id ORDER BY c.is_kept DESC, c.image_id) = 1
),
still_open AS (FROM open ANTI JOIN by_copy USING (direction, image_id)),
upstream_images AS (
    SELECT DISTINCT u.direction, i.image_id
    FROM store.images AS i JOIN diff_upstream AS u USING (materialization_id)
),
by_source AS (
    SELECT
        w.direction, w.image_id, s.asset,
        CASE
            WHEN s.source IS NULL THEN 'source_not_used'
            WHEN NOT s.has_rows THEN 'not_known_any_more'
            WHEN k.image_id IS NOT NULL THEN 'no_decision_recorded'
            ELSE 'not_read'
        END AS rule
    FROM still_open AS w
    LEFT JOIN diff_sources AS s USING (direction, source)
    LEFT JOIN upstream_images AS k ON k.direction = w.direction AND k.image_id = w.image_id
),
all_reasons AS (
    FROM decided UNION ALL BY NAME FROM by_copy UNION ALL BY NAME FROM by_source
)
SELECT w.source, r.*
FROM all_reasons AS r JOIN wanted AS w USING (direction, image_id);

CREATE OR REPLACE TEMP TABLE diff_box_reasons AS -- of labels on photographs of both sides
WITH
deciders AS (
    SELECT 'removed' AS direction, getvariable('new') AS materialization_id, 0 AS distance
    UNION ALL
    SELECT 'added', getvariable('old'), 0
    UNION ALL
    SELECT direction, materialization_id, 1 FROM diff_upstream
    WHERE materialization_id IS NOT NULL
),
wanted AS ( -- the id and the row of the label as the deciding side knows them
    SELECT
        change, coalesce(old_class, new_class) AS class_name,
        CASE WHEN change IN ('removed', 'to ignore region') THEN 'removed' ELSE 'added' END
            AS direction,
        CASE change WHEN 'to ignore region' THEN new_image WHEN 'from ignore region' THEN old_image
             WHEN 'removed' THEN old_image ELSE new_image END AS image_id,
        CASE change WHEN 'to ignore region' THEN new_row WHEN 'from ignore region' THEN old_row
             WHEN 'removed' THEN old_row ELSE new_row END AS "row",
        matched
    FROM diff_boxes
    WHERE change IN ('removed', 'added', 'to ignore region', 'from ignore region')
),
numbered AS (SELECT *, row_number() OVER () AS number FROM wanted),
decided AS (
    SELECT w.number, m.asset, d.stage, d.rule, d.threshold
    FROM numbered AS w
    JOIN store.decisions AS d ON d.image_id = w.image_id AND d."row" = w."row" AND w."row" >= 0
    JOIN deciders AS k
        ON k.materialization_id = d.materialization_id AND k.direction = w.direction
    JOIN store.materializations AS m ON m.materialization_id = d.materialization_id
    WHERE CASE WHEN w.change IN ('removed', 'added') THEN d.boxes_removed > 0
               ELSE d.action = 'ignore' END
    QUALIFY row_number() OVER (PARTITION BY w.number ORDER BY k.distance, d.rowid) = 1
),
drawn AS ( -- a label that a person drew stands in no row: who made it is known on the new side
    SELECT w.number, m.asset, d.stage, d.rule, d.threshold
    FROM numbered AS w
    JOIN store.decisions AS d ON d.image_id = w.image_id AND d.rule = 'box_added'
    JOIN deciders AS k ON k.materialization_id = d.materialization_id AND k.direction = 'removed'
    JOIN store.materializations AS m ON m.materialization_id = d.materialization_id
    WHERE w.change = 'added' AND w."row" = -1
    QUALIFY row_number() OVER (PARTITION BY w.number ORDER BY k.distance, d.rowid) = 1
),
told AS (FROM decided UNION ALL FROM drawn)
SELECT
    w.change, w.direction, w.class_name, w.image_id, d.asset, d.stage, d.threshold,
    coalesce(d.rule, 'label_differs') AS rule
FROM numbered AS w LEFT JOIN told AS d USING (number);
