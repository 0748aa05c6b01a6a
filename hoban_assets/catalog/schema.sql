-- The catalog; its version is SCHEMA_VERSION in access.py, which also leads older ones here.
--
-- Base tables live in the schema `store`, the views that people query in `main`. Rows belong to a
-- materialisation and are never changed. No indexes: everything is written and read by
-- materialization_id, and rows of one materialisation lie together, so zone maps find them.
-- Running this file again is harmless: tables are kept, views are replaced.

CREATE SCHEMA IF NOT EXISTS store;

CREATE TABLE IF NOT EXISTS store.schema_version (version INTEGER NOT NULL, since TIMESTAMP NOT NULL);

CREATE TABLE IF NOT EXISTS store.materializations (
    materialization_id BIGINT NOT NULL, -- grows with every materialisation, never used twice
    asset VARCHAR NOT NULL,
    partition VARCHAR NOT NULL,
    run_id VARCHAR,
    created_at TIMESTAMP NOT NULL, -- UTC
    code_version VARCHAR,
    data_version VARCHAR,
    input_key VARCHAR, -- opaque hash of everything that went in
    path VARCHAR, -- below the data root, whole where it lies elsewhere
    images BIGINT, -- null where the asset has no rows (a model)
    boxes BIGINT, -- labels
    ignore_regions BIGINT,
    decisions BIGINT,
    recipe VARCHAR, -- JSON object: the fields that decide the rows, or the training's arguments
    ingredients VARCHAR, -- JSON object: all that decides the rows or weights; its hash is the key
    kind VARCHAR, -- stage, dataset, model or benchmark
    version VARCHAR -- of a dataset or model: 'v9'
);

CREATE TABLE IF NOT EXISTS store.inputs (
    materialization_id BIGINT NOT NULL,
    input VARCHAR, -- an asset, or a raw folder
    data_version VARCHAR
);

CREATE TABLE IF NOT EXISTS store.images (
    materialization_id BIGINT NOT NULL,
    image_id VARCHAR NOT NULL,
    source VARCHAR,
    file VARCHAR,
    label_file VARCHAR,
    width INTEGER,
    height INTEGER,
    content_hash VARCHAR,
    labelled_classes VARCHAR[],
    group_id VARCHAR,
    split VARCHAR,
    bytes BIGINT,
    sharpness FLOAT,
    brightness FLOAT,
    needs_copy BOOLEAN,
    mtime_ns BIGINT DEFAULT 0,
    completed_classes VARCHAR[]
);

CREATE TABLE IF NOT EXISTS store.boxes (
    materialization_id BIGINT NOT NULL,
    image_id VARCHAR NOT NULL,
    class_id TINYINT,
    class_name VARCHAR,
    x_center DOUBLE,
    y_center DOUBLE,
    width DOUBLE,
    height DOUBLE,
    area DOUBLE,
    origin VARCHAR,
    "ignore" BOOLEAN,
    "row" INTEGER,
    score FLOAT, -- these three of what a teacher added
    teacher VARCHAR,
    cross_check VARCHAR
);

CREATE TABLE IF NOT EXISTS store.decisions (
    materialization_id BIGINT NOT NULL,
    image_id VARCHAR,
    stage VARCHAR,
    rule VARCHAR,
    action VARCHAR,
    file VARCHAR,
    "row" INTEGER,
    value VARCHAR,
    threshold DOUBLE,
    witness VARCHAR,
    images_removed INTEGER,
    boxes_removed INTEGER
);

CREATE TABLE IF NOT EXISTS store.stages (
    materialization_id BIGINT NOT NULL,
    stage VARCHAR,
    images_in BIGINT,
    images_kept BIGINT,
    images_dropped BIGINT,
    boxes_in BIGINT,
    boxes_kept BIGINT,
    boxes_dropped BIGINT,
    seconds DOUBLE
);

CREATE TABLE IF NOT EXISTS store.checks (
    materialization_id BIGINT NOT NULL,
    name VARCHAR,
    passed BOOLEAN,
    blocking BOOLEAN,
    "text" VARCHAR, -- what was found
    numbers VARCHAR -- JSON object
);

CREATE TABLE IF NOT EXISTS store.metrics (
    materialization_id BIGINT NOT NULL,
    epoch INTEGER,
    split VARCHAR,
    source VARCHAR,
    class_name VARCHAR,
    metric VARCHAR,
    value DOUBLE
);

-- The newest materialisation of each asset and partition: what "current" means everywhere.
CREATE OR REPLACE VIEW store.current AS
SELECT max(materialization_id) AS materialization_id, asset, partition, kind, version
FROM store.materializations
GROUP BY ALL;

-- Whole path of a recorded one; as recorded for a shell that has not set `data_root`.
CREATE OR REPLACE MACRO store.placed(path) AS CASE
    WHEN starts_with(path, '/') THEN path
    ELSE coalesce(getvariable('data_root') || '/', '') || path END;

-- Overlap of two boxes, centre and size each, in any one unit; 0 where neither has an area.
CREATE OR REPLACE MACRO main.shared_area(ax, ay, aw, ah, bx, by_, bw, bh) AS
    greatest(0, least(ax + aw / 2, bx + bw / 2) - greatest(ax - aw / 2, bx - bw / 2))
    * greatest(0, least(ay + ah / 2, by_ + bh / 2) - greatest(ay - ah / 2, by_ - bh / 2));
CREATE OR REPLACE MACRO main.iou(ax, ay, aw, ah, bx, by_, bw, bh) AS
    coalesce(main.shared_area(ax, ay, aw, ah, bx, by_, bw, bh)
        / nullif(1.0 * aw * ah + 1.0 * bw * bh
            - main.shared_area(ax, ay, aw, ah, bx, by_, bw, bh), 0), 0);

-- Root of the area of a box (share of the image) in pixels at the training size `size`, to which
-- Ultralytics scales the longer side; an image of unknown size counts as square.
CREATE OR REPLACE MACRO main.side_px(area, width, height, size) AS
    size * sqrt(area * CASE WHEN width > 0 AND height > 0
        THEN least(width, height) / greatest(width, height) ELSE 1.0 END);

-- What each training came to: its last evaluation, each class only where it is labelled.
CREATE OR REPLACE VIEW store.model_figures AS
WITH final AS (
    FROM store.metrics WHERE split = 'val_labelled'
    QUALIFY epoch = max(epoch) OVER (PARTITION BY materialization_id)
)
SELECT
    materialization_id, source, class_name, epoch AS best_epoch,
    max(value) FILTER (metric = 'mAP50' AND isfinite(value)) AS "mAP50",
    max(value) FILTER (metric = 'mAP50-95' AND isfinite(value)) AS "mAP50-95",
    max(value) FILTER (metric = 'precision' AND isfinite(value)) AS precision,
    max(value) FILTER (metric = 'recall' AND isfinite(value)) AS recall
FROM final
GROUP BY ALL;

CREATE OR REPLACE VIEW main.model_figures AS
SELECT c.asset, c.partition, f.* EXCLUDE materialization_id
FROM store.model_figures AS f
JOIN store.current AS c USING (materialization_id);

CREATE OR REPLACE VIEW main.materializations AS
SELECT
    m.materialization_id, m.asset, m.partition, m.run_id, m.created_at, m.code_version,
    m.data_version, store.placed(m.path) AS path, m.images, m.boxes,
    c.materialization_id IS NOT NULL AS is_current
FROM store.materializations AS m
LEFT JOIN store.current AS c ON c.materialization_id = m.materialization_id;

CREATE OR REPLACE VIEW main.assets AS
SELECT asset, partition, kind, version, materialization_id FROM store.current;

-- These two list the old materialisations too.
CREATE OR REPLACE VIEW main.inputs AS
SELECT m.materialization_id, m.asset, m.partition, i.input, i.data_version
FROM store.inputs AS i
JOIN store.materializations AS m USING (materialization_id);

CREATE OR REPLACE VIEW main.recipes AS
SELECT materialization_id, asset, partition, recipe
FROM store.materializations
WHERE recipe IS NOT NULL;

-- Null where an earlier release recorded it.
CREATE OR REPLACE VIEW main.ingredients AS
SELECT materialization_id, asset, partition, input_key, ingredients
FROM store.materializations;

CREATE OR REPLACE VIEW main.images AS
SELECT
    c.asset, c.partition, i.image_id, i.source, i.file, i.width, i.height, i.content_hash,
    i.labelled_classes, i.group_id, i.split
FROM store.images AS i
JOIN store.current AS c USING (materialization_id);

CREATE OR REPLACE VIEW main.image_facts AS
SELECT c.asset, c.partition, i.image_id, i.bytes, i.sharpness, i.brightness
FROM store.images AS i
JOIN store.current AS c USING (materialization_id);

CREATE OR REPLACE VIEW main.boxes AS
SELECT
    c.asset, c.partition, b.image_id, b.class_id, b.class_name, b.x_center, b.y_center,
    b.width, b.height, b.area, b.origin
FROM store.boxes AS b
JOIN store.current AS c USING (materialization_id)
WHERE NOT b."ignore";

CREATE OR REPLACE VIEW main.ignore_regions AS
SELECT
    c.asset, c.partition, b.image_id, b.class_id, b.class_name, b.x_center, b.y_center,
    b.width, b.height, b.area, b.origin
FROM store.boxes AS b
JOIN store.current AS c USING (materialization_id)
WHERE b."ignore";

-- What teachers added, with the evidence: labels and ignore regions of origin 'teacher'.
CREATE OR REPLACE VIEW main.teacher_boxes AS
SELECT
    c.asset, c.partition, b.image_id, b.class_id, b.class_name, b.x_center, b.y_center,
    b.width, b.height, b.area, b."ignore" AS is_ignore_region, b.score, b.teacher, b.cross_check
FROM store.boxes AS b
JOIN store.current AS c USING (materialization_id)
WHERE b.origin = 'teacher';

CREATE OR REPLACE VIEW main.completed_classes AS
SELECT c.asset, c.partition, i.image_id, unnest(i.completed_classes) AS class_name
FROM store.images AS i
JOIN store.current AS c USING (materialization_id);

CREATE OR REPLACE VIEW main.decisions AS
SELECT
    c.asset, c.partition, d.image_id, d.stage, d.rule, d.action, d.file, d."row", d.value,
    d.threshold, d.witness
FROM store.decisions AS d
JOIN store.current AS c USING (materialization_id);

CREATE OR REPLACE VIEW main.stages AS
SELECT
    c.asset, c.partition, s.stage, s.images_in, s.images_kept, s.images_dropped, s.boxes_in,
    s.boxes_kept, s.boxes_dropped, s.seconds
FROM store.stages AS s
JOIN store.current AS c USING (materialization_id);

CREATE OR REPLACE VIEW main.checks AS
SELECT c.asset, c.partition, k.name, k.passed, k.blocking, k."text"
FROM store.checks AS k
JOIN store.current AS c USING (materialization_id);

CREATE OR REPLACE VIEW main.metrics AS
SELECT
    c.asset, c.partition, m.run_id, v.epoch, v.split, v.source, v.class_name, v.metric, v.value
FROM store.metrics AS v
JOIN store.current AS c USING (materialization_id)
JOIN store.materializations AS m USING (materialization_id);
