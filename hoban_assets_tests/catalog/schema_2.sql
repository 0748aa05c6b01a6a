-- The catalog as release 2 made it: what a migration starts from.
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
    path VARCHAR,
    images BIGINT, -- null where the asset has no rows (a model)
    boxes BIGINT, -- labels
    ignore_regions BIGINT,
    decisions BIGINT,
    recipe VARCHAR -- JSON object: the fields that decide the rows, or the training's arguments
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
    needs_copy BOOLEAN
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
    "row" INTEGER
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
SELECT max(materialization_id) AS materialization_id, asset, partition
FROM store.materializations
GROUP BY asset, partition;

CREATE OR REPLACE VIEW main.materializations AS
SELECT
    m.materialization_id, m.asset, m.partition, m.run_id, m.created_at, m.code_version,
    m.data_version, m.path, m.images, m.boxes,
    c.materialization_id IS NOT NULL AS is_current
FROM store.materializations AS m
LEFT JOIN store.current AS c ON c.materialization_id = m.materialization_id;

-- These two list the old materialisations too.
CREATE OR REPLACE VIEW main.inputs AS
SELECT m.materialization_id, m.asset, m.partition, i.input, i.data_version
FROM store.inputs AS i
JOIN store.materializations AS m USING (materialization_id);

CREATE OR REPLACE VIEW main.recipes AS
SELECT materialization_id, asset, partition, recipe
FROM store.materializations
WHERE recipe IS NOT NULL;

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
