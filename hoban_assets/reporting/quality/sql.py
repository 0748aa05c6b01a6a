"""The statements behind `quality_facts`, and the thresholds that they count by.

Rows are keyed by asset (the stage) and source; the source of a dropped image is the first part of
its image id (`samples.py`). Nothing here comes from outside: the statements are put
together from constants of this module, everything else is a parameter.
"""

from __future__ import annotations

from hoban_assets.classes import HEADS, PERSON
from hoban_assets.reporting.sizes import AREA_BANDS

UNSEEN, DOUBTFUL = 8, 16
"""Pixels at the training size. The finest grid of YOLO has cells of 8 pixels (stride 8, P3): an
object smaller than one cell hardly leaves a trace, below two it is doubtful."""
SAME_BOX = 0.9
"""IoU from which two boxes of one class on one image are one object labelled twice."""
CONFLICT = 0.7
"""IoU from which two boxes of different classes are one object with two names."""
SAME_PICTURE = 0.95
"""Similarity from which two photographs show the same moment, so that their labels should agree.
Measured on eight fall folders: of 89 removed images from 0.95 on, none was labelled otherwise than
the kept one; from 0.90 to 0.95, 94 of 251 were, as frames of a person in motion rightly are."""
EDGE = 0.002
"""A box this near to the border (share of the image) is cut by it: 1.3 of 640 pixels."""
BLURRED = 0.1
"""Blurred: sharpness below this part of the median of its source (sharpness depends on what is
shown, so that no one value fits all sources)."""
DARK = 40.0
"""Too dark: mean grey level of 0-255 below this."""
SLIM_HEAD, SLIM = 3.0, 8.0
"""Longer to shorter side (in pixels) from which the box of a head, or of a body, is no usual one:
a standing person is about 3 times as high as wide (5 where a photograph was squeezed to a square),
a head about square."""
FAR = 10.0
"""A class outlier has this many times the median area of its class, and is in the top 0.1 %."""

STAGES = """
SELECT c.asset, m.recipe, m.created_at
FROM store.current AS c JOIN store.materializations AS m USING (materialization_id)
WHERE c.partition = $partition AND m.images IS NOT NULL AND c.kind NOT IN ('dataset', 'model')
ORDER BY m.materialization_id
"""
DATASETS = """
SELECT c.asset, c.version, m.recipe
FROM store.current AS c JOIN store.materializations AS m USING (materialization_id)
WHERE c.partition = $partition AND c.kind = 'dataset'
ORDER BY c.asset
"""
_MINE = """
mine AS (
    SELECT materialization_id, asset FROM store.current
    WHERE partition = $partition AND asset IN (SELECT unnest($assets))
)"""
_SOURCE = "split_part(image_id, '/', 1)"

IMAGES = f"""
WITH {_MINE},
photos AS (
    SELECT *, median(sharpness) OVER (PARTITION BY asset, source) AS typical
    FROM store.images JOIN mine USING (materialization_id)
)
SELECT asset, source, count(*) AS images, count(DISTINCT group_id) AS groups,
    count(*) FILTER (sharpness < $blurred * typical) AS blurred, any_value(typical) AS typical,
    count(*) FILTER (brightness < $dark) AS dark,
    any_value(labelled_classes) AS labelled_classes,
    median(width)::INTEGER AS width, median(height)::INTEGER AS height
FROM photos GROUP BY asset, source ORDER BY asset, source
"""  # noqa: S608  built from constants of this module, as the statements below

_BAND = " + ".join(f"(area >= {border})::INTEGER" for border in AREA_BANDS)
_HEAD = "class_name IN ('{}')".format("', '".join(sorted(HEADS)))
RATIO = (
    "greatest(b.width * i.width / (b.height * i.height), b.height * i.height / (b.width * i.width))"
)
"""Longer to shorter side of box b on image i in pixels."""
SLIM_SQL = f"CASE WHEN b.{_HEAD} THEN {SLIM_HEAD} ELSE {SLIM} END"
CUT = f"""(b.x_center - b.width / 2 <= {EDGE} OR b.y_center - b.height / 2 <= {EDGE}
        OR b.x_center + b.width / 2 >= {1 - EDGE} OR b.y_center + b.height / 2 >= {1 - EDGE})"""

BOXES = f"""
WITH {_MINE},
spread AS (
    SELECT materialization_id, {_SOURCE} AS source, class_id, median(area) AS middle,
        quantile_cont(area, 0.999) AS top
    FROM store.boxes JOIN mine USING (materialization_id) WHERE NOT "ignore" GROUP BY ALL
),
labels AS (
    SELECT asset, source, b.class_id, b.class_name, b.area, b."ignore", {_BAND} AS band,
        side_px(b.area, i.width, i.height, $size) AS side, {RATIO} AS ratio, {SLIM_SQL} AS slim,
        {CUT} AS cut, middle, top
    FROM store.boxes AS b JOIN mine USING (materialization_id)
    JOIN store.images AS i USING (materialization_id, image_id)
    LEFT JOIN spread USING (materialization_id, source, class_id)
)
SELECT asset, source, any_value(class_name) AS class_name,
    count(*) FILTER (NOT "ignore") AS labels, count(*) FILTER ("ignore") AS regions,
    {", ".join(f'count(*) FILTER (NOT "ignore" AND band = {n}) AS band_{n}' for n in range(7))},
    count(*) FILTER (NOT "ignore" AND side < {UNSEEN}) AS unseen,
    count(*) FILTER (NOT "ignore" AND side < {DOUBTFUL}) AS doubtful,
    approx_quantile(side, 0.5) FILTER (NOT "ignore") AS side,
    count(*) FILTER (NOT "ignore" AND area > 0.70) AS whole,
    count(*) FILTER (NOT "ignore" AND ratio >= slim) AS slim,
    count(*) FILTER (NOT "ignore" AND cut) AS cut,
    count(*) FILTER (NOT "ignore" AND area > top AND area >= {FAR} * middle) AS far,
    any_value(middle) AS middle, any_value(top) AS top,
    min(area) FILTER (NOT "ignore") AS smallest, max(area) FILTER (NOT "ignore") AS largest
FROM labels
GROUP BY asset, source, class_id ORDER BY asset, source, class_id
"""  # noqa: S608

# One statement, as the rows of each image are grouped once for three answers (`part`):
# 'field': an image is dropped where all its labels are touched (`quality.drop_without_labels`);
# 'crowd': ignore regions count too (`quality.limit_crowding`);
# 'left': crowded images go first, then areas are limited (`pipeline.dataset`).
_FIELD_SUMS = ", ".join(
    f"sum(c.{field})::BIGINT AS {field}, count(*) FILTER (c.{field} > 0) AS {field}_images, "
    f"count(*) FILTER (c.{field} > 0 AND c.{field} = i.labels) AS {field}_dropped"
    for field in ("least", "most", "outlier")
)
REMEDIES = f"""
WITH {_MINE},
limit_of AS (SELECT unnest($limits, recursive := true)),
per_class AS MATERIALIZED (
    SELECT asset, image_id, class_name, count(*) AS boxes,
        count(*) FILTER (NOT "ignore") AS labels,
        count(*) FILTER (NOT "ignore" AND area < least) AS least,
        count(*) FILTER (NOT "ignore" AND area > most) AS most,
        count(*) FILTER (NOT "ignore" AND area >= outlier) AS outlier,
        count(*) FILTER (NOT "ignore" AND area >= least AND (area > most OR area >= outlier))
            AS gone
    FROM store.boxes JOIN mine USING (materialization_id) JOIN limit_of USING (class_name)
    GROUP BY asset, image_id, class_name
),
per_image AS MATERIALIZED (
    SELECT asset, image_id, {_SOURCE} AS source, sum(labels) AS labels, sum(least) AS small,
        sum(gone) AS gone,
        coalesce(sum(boxes) FILTER (class_name = '{PERSON}'), 0)::BIGINT AS persons,
        persons > $most_persons AS crowded
    FROM per_class GROUP BY asset, image_id
)
SELECT 'field' AS part, asset, source, class_name, sum(c.labels)::BIGINT AS labels, {_FIELD_SUMS}
FROM per_class AS c
JOIN (SELECT asset, image_id, source, labels FROM per_image) AS i USING (asset, image_id)
GROUP BY asset, source, class_name
UNION ALL BY NAME
SELECT 'crowd' AS part, asset, source, avg(persons) AS mean, max(persons) AS top,
    max(struct_pack(persons, image_id)).image_id AS worst, count(*) FILTER (crowded) AS images,
    coalesce(sum(labels) FILTER (crowded), 0)::BIGINT AS labels
FROM per_image GROUP BY asset, source HAVING max(persons) > 0
UNION ALL BY NAME
SELECT 'left' AS part, asset, source, count(*) FILTER (crowded) AS images,
    coalesce(sum(small) FILTER (NOT crowded), 0)::BIGINT AS ignored,
    coalesce(sum(gone) FILTER (NOT crowded), 0)::BIGINT AS dropped,
    count(*) FILTER (NOT crowded AND labels > small + gone) AS images_left,
    coalesce(sum(labels - small - gone) FILTER (NOT crowded), 0)::BIGINT AS labels_left
FROM per_image GROUP BY asset, source
ORDER BY part, asset, source, class_name
"""  # noqa: S608

IOU = """iou(a.x_center, a.y_center, a.width, a.height,
    b.x_center, b.y_center, b.width, b.height)"""
"""Of boxes a and b."""
_NEEDED = "CASE WHEN a.class_id = b.class_id THEN $same ELSE $conflict END"
OVERLAPS = f"""
WITH {_MINE},
labels AS (
    SELECT asset, b.rowid AS position, b.*
    FROM store.boxes AS b JOIN mine USING (materialization_id)
    WHERE NOT b."ignore"
),
pairs AS (
    SELECT a.asset, image_id, least(a.class_name, b.class_name) AS class_name,
        greatest(a.class_name, b.class_name) AS other_class
    FROM labels AS a JOIN labels AS b USING (materialization_id, image_id)
    WHERE a.position < b.position
      AND {IOU} > {_NEEDED}
)
SELECT asset, {_SOURCE} AS source, class_name, other_class, count(*) AS pairs,
    count(DISTINCT image_id) AS images
FROM pairs GROUP BY ALL ORDER BY asset, source, pairs DESC
"""  # noqa: S608

DECISIONS = f"""
WITH {_MINE}
SELECT asset, {_SOURCE} AS source, stage, rule, action, count(*) AS decisions,
    coalesce(sum(images_removed), 0)::BIGINT AS images,
    coalesce(sum(boxes_removed), 0)::BIGINT AS boxes,
    min_by({{'file': file, 'row': "row", 'value': value}}, d.rowid, 3) AS examples
FROM store.decisions AS d JOIN mine USING (materialization_id)
GROUP BY ALL ORDER BY asset, source, decisions DESC
"""  # noqa: S608
# A pair is one picture only where it is far more alike than the limit of removal: see SAME_PICTURE.
DUPLICATES = f"""
WITH gone AS (
    SELECT materialization_id, asset, image_id, witness, images_removed, boxes_removed,
        try_cast(value AS DOUBLE) >= {SAME_PICTURE} AS alike
    FROM store.decisions JOIN store.current USING (materialization_id)
    WHERE partition = $partition AND rule = 'near_duplicate'
),
apart AS (
    SELECT DISTINCT materialization_id, image_id, witness
    FROM store.decisions WHERE rule = 'labels_disagree'
)
SELECT asset, {_SOURCE} AS source, sum(images_removed)::BIGINT AS images,
    sum(boxes_removed)::BIGINT AS boxes, count(*) FILTER (alike) AS alike,
    count(*) FILTER (alike AND apart.image_id IS NOT NULL) AS disagreeing
FROM gone LEFT JOIN apart USING (materialization_id, image_id, witness)
GROUP BY ALL ORDER BY asset, source
"""  # noqa: S608
