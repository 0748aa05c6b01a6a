-- What differs between two materialisations: `old` and `new` (session variables, ids).
--
-- differences.py runs the statements one after another; each ends with a semicolon at the end of
-- its line. They fill temporary tables of the reader's own connection:
--   diff_images   every image of either side, one row a photograph, with its labels on each
--   diff_matches  pairs of boxes that are the same object
-- differences_boxes.sql and differences_reasons.sql go on from there.
-- Coordinates are millionths of the image: equal to 6 decimals, as a published label file writes
-- them, and whole numbers are hashed twice as fast.

CREATE OR REPLACE TEMP TABLE diff_seals AS -- equal boxes on both sides: their seals add up to 0
WITH boxes AS (
    SELECT
        image_id, NOT "ignore" AS is_label, materialization_id = getvariable('old') AS is_old,
        CAST(hash(
            class_id, "ignore", CAST(1e6 * x_center AS INTEGER), CAST(1e6 * y_center AS INTEGER),
            CAST(1e6 * width AS INTEGER), CAST(1e6 * height AS INTEGER)) >> 1 AS BIGINT) AS seal
    FROM store.boxes WHERE materialization_id IN (getvariable('old'), getvariable('new'))
)
SELECT
    image_id, count(*) FILTER (is_old AND is_label) AS old_labels,
    count(*) FILTER (NOT is_old AND is_label) AS new_labels,
    sum(CASE WHEN is_old THEN seal ELSE -seal END) AS seal
FROM boxes GROUP BY image_id;

CREATE OR REPLACE TEMP TABLE diff_images AS
WITH
was AS (
    SELECT image_id, source, split, content_hash
    FROM store.images WHERE materialization_id = getvariable('old')
),
has AS (
    SELECT image_id, source, split, content_hash
    FROM store.images WHERE materialization_id = getvariable('new')
)
SELECT
    o.image_id AS old_image, n.image_id AS new_image,
    CASE WHEN o.image_id = n.image_id THEN 'id' END AS matched,
    o.source AS old_source, n.source AS new_source, o.split AS old_split, n.split AS new_split,
    coalesce(o.content_hash, n.content_hash) AS content_hash,
    coalesce(o.content_hash <> n.content_hash, FALSE) AS is_other_file, s.* EXCLUDE (image_id)
FROM was AS o FULL JOIN has AS n ON o.image_id = n.image_id
LEFT JOIN diff_seals AS s ON s.image_id = coalesce(o.image_id, n.image_id);

CREATE OR REPLACE TEMP TABLE diff_alone AS -- the n-th of equal copies is the n-th of the other side
SELECT *, row_number() OVER (
    PARTITION BY content_hash, old_image IS NULL ORDER BY coalesce(old_image, new_image)) AS copy
FROM diff_images WHERE matched IS NULL;

DELETE FROM diff_images WHERE matched IS NULL;

INSERT INTO diff_images BY NAME -- no content_hash, no match
WITH
gone AS (FROM diff_alone WHERE new_image IS NULL),
come AS (FROM diff_alone WHERE old_image IS NULL)
SELECT
    o.old_image, n.new_image,
    CASE WHEN o.old_image IS NOT NULL AND n.new_image IS NOT NULL THEN 'content' END AS matched,
    o.old_source, n.new_source, o.old_split, n.new_split,
    coalesce(o.content_hash, n.content_hash) AS content_hash, FALSE AS is_other_file,
    o.old_labels, n.new_labels, coalesce(o.seal, 0) + coalesce(n.seal, 0) AS seal
FROM gone AS o FULL JOIN come AS n ON o.content_hash = n.content_hash AND o.copy = n.copy;

CREATE OR REPLACE TEMP TABLE diff_pairs AS -- photographs on both sides whose boxes are not equal
SELECT row_number() OVER () AS image, old_image, new_image, matched
FROM diff_images WHERE matched IS NOT NULL AND seal <> 0;

CREATE OR REPLACE TEMP TABLE diff_rest AS -- their boxes. Equal ones are done with, before any row
WITH                                      -- of a label file is looked at: a line that was taken
sides AS (                                -- out of it must not shift all that follow
    SELECT *, old_image AS image_id, getvariable('old') AS materialization_id, TRUE AS is_old
    FROM diff_pairs
    UNION ALL
    SELECT *, new_image, getvariable('new'), FALSE FROM diff_pairs
),
all_boxes AS (
    SELECT
        s.image, s.matched, b.rowid AS box, b.class_id, b.class_name, b."ignore", b."row", b.area,
        CAST(1e6 * b.x_center AS INTEGER) AS x, CAST(1e6 * b.y_center AS INTEGER) AS y,
        CAST(1e6 * b.width AS INTEGER) AS w, CAST(1e6 * b.height AS INTEGER) AS h, s.is_old
    FROM store.boxes AS b JOIN sides AS s USING (materialization_id, image_id)
    WHERE b.materialization_id IN (getvariable('old'), getvariable('new'))
),
sealed AS MATERIALIZED (SELECT *, hash(class_id, "ignore", x, y, w, h) AS seal FROM all_boxes),
unequal AS (
    SELECT image, seal FROM sealed GROUP BY ALL HAVING sum(CASE WHEN is_old THEN 1 ELSE -1 END) <> 0
)
SELECT * EXCLUDE (seal) FROM sealed SEMI JOIN unequal USING (image, seal);

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
