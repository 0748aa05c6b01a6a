"""Stage assets: raw sources read, checked and cleaned, once for all dataset versions."""

from __future__ import annotations

import sys
from dataclasses import replace

from hoban_assets.declared import sources
from hoban_assets.formats.source import RawSource
from hoban_assets.pipeline.stage import Stage
from hoban_assets.pipeline.teaching import Completion, Teacher

_HEADS = (
    "heads with a helmet (code 07) and without (code 08). Whole persons are visible but not "
    "labelled."
)

HELMET_60K = Stage(
    "helmet_60k",
    f"AI Hub construction photographs, the largest 30,000 of each class: {_HEADS}",
    (sources.HELMET_60K,),
)
HELMET_30K = Stage(
    "helmet_30k",
    f"AI Hub construction photographs, the first export: {_HEADS}",
    (sources.HELMET_30K,),
)
HELMET_21K = Stage(
    "helmet_21k",
    f"AI Hub construction photographs, chosen from the top by size: {_HEADS}",
    (sources.HELMET_21K,),
)
COCO_PERSON = Stage(
    "coco_person",
    "COCO photographs with persons; other categories are left out, crowds are ignore regions.",
    (sources.COCO,),
)
WIDER_PERSON = Stage(
    "wider_person",
    "WiderPerson street scenes: pedestrians, riders and partly visible persons; its ignore "
    "regions and crowds stay ignore regions.",
    (sources.WIDER_PERSON,),
)
FALLEN_POOL = Stage(
    "fallen_pool",
    "Eight public fall-detection folders as one pool: only the classes that mean fallen, and of "
    "photographs that lie in several folders, or follow each other in a video, one.",
    sources.FALL_FOLDERS,
    dedupe=0.9,
    watch="fall",
)
FALLEN_POOL_EVENTS = Stage(
    "fallen_pool_events",
    "The same eight fall-detection folders; of similar photographs only those leave whose labels "
    "agree as well, so another fall in the same room stays.",
    sources.FALL_FOLDERS,
    dedupe=0.9,
    duplicates="event",
    watch="fall",
)
FALLEN_POOL_PERSONS = replace(
    FALLEN_POOL_EVENTS,
    name="fallen_pool_persons",
    description="As fallen_pool_events; who stands or sits is a person, in the three folders that "
    "label it: what is not fallen, where fallen persons are.",
    sources=sources.FALL_FOLDERS_WITH_PERSONS,
)
BACKGROUND = Stage(
    "background",
    "Scenes without any object, verified to hold no label at all.",
    (sources.BACKGROUND, sources.HELMET_21K_BACKGROUND),
    backgrounds=True,
    sub_target=400,
)


def _benchmark(source: RawSource) -> Stage:
    """Every photograph is read, those without an object too; `sub` and `full` are the same."""
    return Stage(
        source.asset_name,
        "Photographs with all labels that no training sees: every model is judged on them.",
        (source,),
        sub_target=sys.maxsize,
    )


TAUGHT_BY_V10 = Completion((Teacher("model_v10", model="model_v10"),))
"""The masked model completes what it was trained on: no weights from elsewhere are needed. With
others, say so here: ``Teacher("coco", {"person": "person"}, weights="yolo26m.pt")``."""
TAUGHT_BY_V11 = Completion((Teacher("model_v11", model="model_v11"),))


def _completed(stage: Stage, completion: Completion, suffix: str = "_completed") -> Stage:
    """The same photographs, with the classes that their sources do not label."""
    return replace(stage, name=stage.name + suffix, complete=completion, watch=None)


COMPLETED = tuple(
    _completed(stage, TAUGHT_BY_V10) for stage in (HELMET_60K, COCO_PERSON, FALLEN_POOL_EVENTS)
)
SECOND_ROUND = False
"""The second round of self-training. Switched on here: set it to True, and copy v11 to a version
whose recipe names these stages."""
COMPLETED_TWICE = tuple(
    _completed(stage, TAUGHT_BY_V11, "_completed_twice")
    for stage in (HELMET_60K, COCO_PERSON, FALLEN_POOL_EVENTS)
)

HERE = (
    HELMET_60K,
    HELMET_30K,
    HELMET_21K,
    COCO_PERSON,
    WIDER_PERSON,
    FALLEN_POOL,
    FALLEN_POOL_EVENTS,
    FALLEN_POOL_PERSONS,
    BACKGROUND,
    *map(_benchmark, sources.BENCHMARKS),
    *COMPLETED,
    *(COMPLETED_TWICE if SECOND_ROUND else ()),
)
"""Declared in this file, and benchmarks."""
STAGES = (*HERE, *(entry.stage for entry in sources.ENTRIES))
"""With those of sources that a team declares in a defs.yaml."""
