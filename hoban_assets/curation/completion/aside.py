"""What teachers added waits aside while a dataset is curated, and joins its train side at the end.

So a dataset of completed stages holds the same images, groups and split as one of the same stages
as people labelled them, and experiments vary one thing at a time. Val gets nothing of it: what is
judged is what people labelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from hoban_assets.curation.completion.complete import ORIGIN
from hoban_assets.curation.quality import AreaLimits
from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

STAGE = "completed_labels"


@dataclass(frozen=True)
class Aside:
    """What teachers added to the images of `Samples`."""

    boxes: pd.DataFrame
    """Columns of BOXES_SCHEMA, origin 'teacher'."""
    classes: pd.Series
    """image_id -> classes that were completed, a tuple; only of images that have some."""

    def __bool__(self) -> bool:
        """Whether a teacher looked at any image."""
        return len(self.classes) > 0


def set_aside(samples: Samples) -> tuple[Samples, Aside]:
    """Part what people labelled from what teachers added."""
    images, added = samples.images, (samples.boxes.origin == ORIGIN).to_numpy(bool)
    classes = images.set_index("image_id").completed_classes
    aside = Aside(samples.boxes[added], classes[classes.map(len) > 0])
    nothing = pd.Series([()] * len(images), images.index, dtype=object)
    human = replace(
        samples,
        images=images.assign(completed_classes=nothing),
        boxes=samples.boxes[~added].reset_index(drop=True),
    )
    return human, aside


def boxes_on(aside: Aside, samples: Samples) -> int:
    """Number of boxes that wait for images of `samples`: they go into `join_train` with them."""
    return int(aside.boxes.image_id.isin(samples.images.image_id).sum())


def join_train(samples: Samples, aside: Aside, area: Mapping[Any, AreaLimits]) -> Samples:
    """Give train images what teachers added to them; what was added to val images is dropped.

    A teacher's box outside the recipe's `area` of its class becomes an ignore region, as a
    person's box below `least` does; one that is too large is doubtful, and not known either.
    """
    images = samples.images
    side = images.set_index("image_id").split
    of_mine = aside.boxes[aside.boxes.image_id.isin(side.index)]
    split = side.reindex(of_mine.image_id).to_numpy(object)
    train, val = of_mine[split == "train"], of_mine[split != "train"]
    outside = _outside(train, area)
    joined = train.assign(ignore=train.ignore.to_numpy(bool) | outside)
    parts = [part for part in (samples.boxes, joined) if len(part)]
    classes = [
        aside.classes.get(image_id, ()) if half == "train" else ()
        for image_id, half in zip(images.image_id, images.split, strict=True)
    ]
    files = images.set_index("image_id").file
    dropped = val.groupby("image_id", sort=False).size()
    small = train[outside & ~train.ignore.to_numpy(bool)]
    decisions = frame_of(
        {
            "image_id": [*dropped.index, *small.image_id],
            "stage": [STAGE] * (len(dropped) + len(small)),
            "rule": ["val_is_not_completed"] * len(dropped) + ["teacher_area"] * len(small),
            "action": ["drop"] * len(dropped) + ["ignore"] * len(small),
            "file": [*files.reindex(dropped.index), *files.reindex(small.image_id)],
            "value": [*map(str, dropped), *(f"{a:.6g}" for a in small.area)],
            "boxes_removed": [*dropped, *np.zeros(len(small), int)],
        },
        DECISIONS_SCHEMA,
    )
    return replace(
        samples,
        images=images.assign(completed_classes=pd.Series(classes, images.index, dtype=object)),
        boxes=pd.concat(parts, ignore_index=True) if parts else samples.boxes,
    ).with_decisions(decisions)


def _outside(boxes: pd.DataFrame, area: Mapping[Any, AreaLimits]) -> np.ndarray:
    """Boxes [n] whose share of the image is outside of the limits of their class: bool."""
    none = AreaLimits()
    limits = [area.get(name, none) for name in boxes.class_name]
    size = boxes.area.to_numpy(float)
    least = np.array([limit.least for limit in limits], float)
    most = np.array([limit.most for limit in limits], float)
    outlier = np.array([limit.outlier or np.inf for limit in limits], float)
    return (size < least) | (size > most) | (size >= outlier)
