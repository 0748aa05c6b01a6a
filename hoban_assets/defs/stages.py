"""Stage assets: raw sources read, checked and cleaned, once for all dataset versions."""

from __future__ import annotations

from hoban_assets.components.stage_assets import stage_asset
from hoban_assets.defs import sources
from hoban_assets.pipeline.stage import Stage

HELMET_60K = Stage(
    "helmet_60k",
    "AI Hub construction photographs: heads with a helmet (code 07) and without (code 08). "
    "Whole persons are visible but not labelled.",
    (sources.HELMET_60K,),
)
COCO_PERSON = Stage(
    "coco_person",
    "COCO photographs with persons; other categories are left out, crowds are ignore regions.",
    (sources.COCO,),
)
FALLEN_POOL = Stage(
    "fallen_pool",
    "Eight public fall-detection folders as one pool: only the classes that mean fallen, and of "
    "photographs that lie in several folders, or follow each other in a video, one.",
    sources.FALL_FOLDERS,
    dedupe=0.9,
    watch="fall",
)
BACKGROUND = Stage(
    "background",
    "Scenes without any object, verified to hold no label at all.",
    (sources.BACKGROUND, sources.HELMET_21K_BACKGROUND),
    backgrounds=True,
    sub_target=400,
)

STAGES = (HELMET_60K, COCO_PERSON, FALLEN_POOL, BACKGROUND)
stage_assets = [stage_asset(stage) for stage in STAGES]
