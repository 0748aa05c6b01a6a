-- After the matching of differences.sql: what became of each box that is not the same.

CREATE OR REPLACE TEMP TABLE diff_boxes AS
WITH matched AS (
    SELECT
        coalesce(o.image, n.image) AS image, o.box AS old_box, n.box AS new_box,
        o.class_id AS old_class_id, o.class_name AS old_class, o."ignore" AS old_ignore,
        o."row" AS old_row, n.class_id AS new_class_id, n.class_name AS new_class,
        n."ignore" AS new_ignore, n."row" AS new_row,
        o.area AS old_area, n.area AS new_area,
        -- noise in the last decimal is no move
        greatest(abs(o.x - n.x), abs(o.y - n.y), abs(o.w - n.w), abs(o.h - n.h)) > 1.5
            AS is_moved
    FROM diff_matches AS m
    FULL JOIN diff_old AS o ON m.old_box = o.box
    FULL JOIN diff_new AS n ON m.new_box = n.box
),
on_common AS (
    SELECT
        p.old_image, p.new_image, p.matched, m.* EXCLUDE (image, is_moved),
        coalesce(m.is_moved, FALSE) AS is_moved
    FROM matched AS m
    JOIN diff_pairs AS p USING (image)
),
one_sided AS (
    SELECT
        i.old_image, b.class_id AS old_class_id, b.class_name AS old_class, b."ignore" AS old_ignore,
        b."row" AS old_row, b.area AS old_area, FALSE AS is_moved
    FROM diff_images AS i JOIN store.boxes AS b ON b.image_id = i.old_image
    WHERE i.new_image IS NULL AND b.materialization_id = getvariable('old')
    UNION ALL BY NAME
    SELECT
        i.new_image, b.class_id AS new_class_id, b.class_name AS new_class, b."ignore" AS new_ignore,
        b."row" AS new_row, b.area AS new_area, FALSE AS is_moved
    FROM diff_images AS i JOIN store.boxes AS b ON b.image_id = i.new_image
    WHERE i.old_image IS NULL AND b.materialization_id = getvariable('new')
),
all_boxes AS (
    SELECT * EXCLUDE (old_box, new_box) FROM on_common UNION ALL BY NAME FROM one_sided
),
named AS ( -- labels only count; an ignore region that comes, goes or moves is no change of labels
    SELECT
        *,
        CASE
            WHEN matched IS NULL AND new_image IS NULL AND NOT old_ignore THEN 'gone with its image'
            WHEN matched IS NULL AND old_image IS NULL AND NOT new_ignore THEN 'come with its image'
            WHEN new_class IS NULL AND NOT old_ignore THEN 'removed'
            WHEN old_class IS NULL AND NOT new_ignore THEN 'added'
            WHEN NOT old_ignore AND new_ignore THEN 'to ignore region'
            WHEN old_ignore AND NOT new_ignore THEN 'from ignore region'
            WHEN NOT old_ignore AND NOT new_ignore AND old_class <> new_class THEN 'class changed'
            WHEN NOT old_ignore AND NOT new_ignore AND is_moved THEN 'moved'
        END AS change
    FROM all_boxes
)
FROM named WHERE change IS NOT NULL;
