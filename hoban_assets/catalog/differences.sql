-- What differs between two materialisations: `old` and `new` (session variables, ids).
--
-- differences.py runs the statements one after another; each ends with a semicolon at the end of
-- its line. They fill temporary tables of the reader's own connection:
--   diff_images   every image of either side, one row a photograph
--   diff_matches  pairs of boxes that are the same object
-- differences_boxes.sql and differences_reasons.sql go on from there.
-- Coordinates are millionths of the image: equal to 6 decimals, as a published label file writes
-- them, and whole numbers are hashed twice as fast.

CREATE OR REPLACE TEMP TABLE diff_images AS
WITH
was AS (
    SELECT image_id, source, split, content_hash
    FROM store.images WHERE materialization_id = getvariable('old')
),
has AS (
    SELECT image_id, source, split, content_hash
    FROM store.images WHERE materialization_id = getvariable('new')
),
by_id AS (
    SELECT
        o.image_id AS old_image, n.image_id AS new_image, 'id' AS matched,
        o.source AS old_source, n.source AS new_source, o.split AS old_split, n.split AS new_split,
        o.content_hash, coalesce(o.content_hash <> n.content_hash, FALSE) AS is_other_file
    FROM was AS o JOIN has AS n USING (image_id)
),
gone AS ( -- the n-th of equal copies is the n-th of the other side
    SELECT *, row_number() OVER (PARTITION BY content_hash ORDER BY image_id) AS copy
    FROM was ANTI JOIN has USING (image_id)
),
come AS (
    SELECT *, row_number() OVER (PARTITION BY content_hash ORDER BY image_id) AS copy
    FROM has ANTI JOIN was USING (image_id)
),
by_content AS ( -- no content_hash, no match
    SELECT
        o.image_id AS old_image, n.image_id AS new_image,
        CASE WHEN o.image_id IS NOT NULL AND n.image_id IS NOT NULL THEN 'content' END AS matched,
        o.source AS old_source, n.source AS new_source, o.split AS old_split, n.split AS new_split,
        coalesce(o.content_hash, n.content_hash) AS content_hash, FALSE AS is_other_file
    FROM gone AS o FULL JOIN come AS n ON o.content_hash = n.content_hash AND o.copy = n.copy
)
FROM by_id UNION ALL BY NAME FROM by_content;

CREATE OR REPLACE TEMP TABLE diff_seals AS -- equal boxes, equal seal
SELECT
    materialization_id, image_id, count(*) FILTER (NOT "ignore") AS labels,
    sum(hash(
        class_id, "ignore", CAST(1e6 * x_center AS INTEGER), CAST(1e6 * y_center AS INTEGER),
        CAST(1e6 * width AS INTEGER), CAST(1e6 * height AS INTEGER))) AS seal
FROM store.boxes
WHERE materialization_id IN (getvariable('old'), getvariable('new'))
GROUP BY materialization_id, image_id;

CREATE OR REPLACE TEMP TABLE diff_pairs AS -- photographs on both sides whose boxes are not equal
WITH
was AS (FROM diff_seals WHERE materialization_id = getvariable('old')),
has AS (FROM diff_seals WHERE materialization_id = getvariable('new'))
SELECT row_number() OVER () AS image, i.old_image, i.new_image, i.matched
FROM diff_images AS i
LEFT JOIN was ON was.image_id = i.old_image
LEFT JOIN has ON has.image_id = i.new_image
WHERE i.matched IS NOT NULL AND was.seal IS DISTINCT FROM has.seal;

CREATE OR REPLACE TEMP TABLE diff_rest AS -- their boxes. Equal ones are done with, before any row
WITH                                      -- of a label file is looked at: a line that was taken
all_boxes AS (                            -- out of it must not shift all that follow
    SELECT
        p.image, p.matched, b.rowid AS box, b.class_id, b.class_name, b."ignore", b."row", b.area,
        CAST(1e6 * b.x_center AS INTEGER) AS x, CAST(1e6 * b.y_center AS INTEGER) AS y,
        CAST(1e6 * b.width AS INTEGER) AS w, CAST(1e6 * b.height AS INTEGER) AS h, TRUE AS is_old
    FROM store.boxes AS b JOIN diff_pairs AS p ON p.old_image = b.image_id
    WHERE b.materialization_id = getvariable('old')
    UNION ALL
    SELECT
        p.image, p.matched, b.rowid AS box, b.class_id, b.class_name, b."ignore", b."row", b.area,
        CAST(1e6 * b.x_center AS INTEGER) AS x, CAST(1e6 * b.y_center AS INTEGER) AS y,
        CAST(1e6 * b.width AS INTEGER) AS w, CAST(1e6 * b.height AS INTEGER) AS h, FALSE AS is_old
    FROM store.boxes AS b JOIN diff_pairs AS p ON p.new_image = b.image_id
    WHERE b.materialization_id = getvariable('new')
),
unequal AS (
    SELECT image, class_id, "ignore", x, y, w, h
    FROM all_boxes GROUP BY ALL HAVING count(*) FILTER (is_old) <> count(*) FILTER (NOT is_old)
)
FROM all_boxes SEMI JOIN unequal USING (image, class_id, "ignore", x, y, w, h);

CREATE OR REPLACE TEMP TABLE diff_old AS FROM diff_rest WHERE is_old;

CREATE OR REPLACE TEMP TABLE diff_new AS FROM diff_rest WHERE NOT is_old;

CREATE OR REPLACE TEMP TABLE diff_matches AS -- label here, ignore region there; and
WITH -- what is there twice on one side and once on the other
o AS (
    SELECT *, row_number() OVER (
        PARTITION BY image, class_id, x, y, w, h ORDER BY "ignore", "row") AS copy
    FROM diff_old
),
n AS (
    SELECT *, row_number() OVER (
        PARTITION BY image, class_id, x, y, w, h ORDER BY "ignore", "row") AS copy
    FROM diff_new
)
SELECT o.box AS old_box, n.box AS new_box
FROM o JOIN n USING (image, class_id, x, y, w, h, copy);

INSERT INTO diff_matches -- then the same rectangle under another class
WITH
o AS (
    SELECT *, row_number() OVER (PARTITION BY image, x, y, w, h ORDER BY "row") AS copy
    FROM diff_old ANTI JOIN diff_matches ON old_box = box
),
n AS (
    SELECT *, row_number() OVER (PARTITION BY image, x, y, w, h ORDER BY "row") AS copy
    FROM diff_new ANTI JOIN diff_matches ON new_box = box
)
SELECT o.box, n.box FROM o JOIN n USING (image, x, y, w, h, copy);

INSERT INTO diff_matches -- then the same row of the same label file
WITH
o AS (
    SELECT * FROM diff_old ANTI JOIN diff_matches ON old_box = box
    WHERE "row" >= 0 AND matched = 'id'
    QUALIFY count(*) OVER (PARTITION BY image, "row") = 1
),
n AS (
    SELECT * FROM diff_new ANTI JOIN diff_matches ON new_box = box
    WHERE "row" >= 0 AND matched = 'id'
    QUALIFY count(*) OVER (PARTITION BY image, "row") = 1
)
SELECT o.box, n.box FROM o JOIN n USING (image, "row");

CREATE OR REPLACE TEMP TABLE diff_overlaps AS -- then those that overlap most (NEXT_ROUND)
WITH
o AS (FROM diff_old ANTI JOIN diff_matches ON old_box = box),
n AS (FROM diff_new ANTI JOIN diff_matches ON new_box = box),
touching AS (
    SELECT
        o.box AS old_box, n.box AS new_box, o.class_id = n.class_id AS same_class,
        iou(o.x, o.y, o.w, o.h, n.x, n.y, n.w, n.h) AS iou
    FROM o JOIN n USING (image)
)
FROM touching WHERE iou >= getvariable('iou');
