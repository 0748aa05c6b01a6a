"""What a model gets wrong on one picture, at the confidences of its use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hoban_assets.evaluation.confusions import NONE, encounters
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.matches import judgeable
from hoban_assets.evaluation.pictures import Pictures

Kind = Literal["missed", "mixed_up", "false_alarm", "unjudged"]
ORDER: tuple[Kind, ...] = ("missed", "mixed_up", "false_alarm", "unjudged")


@dataclass(frozen=True)
class Mistake:
    """A box that a model and the labels do not agree on."""

    kind: Kind
    """'unjudged': found, and nobody has looked whether such a thing is there."""
    class_name: str
    """Class of the label; of what was found where there is none."""
    corners: tuple[float, float, float, float]
    """x1 y1 x2 y2, shares of the image."""
    found_as: str = ""
    confidence: float | None = None

    @property
    def area(self) -> float:
        """Share of the image."""
        left, top, right, bottom = self.corners
        return (right - left) * (bottom - top)


def mistakes(
    picture: Pictures, found: Detections, confidence: Mapping[str, float]
) -> tuple[Mistake, ...]:
    """Return the mistakes on a picture: misses, mix-ups, false alarms, each the largest first.

    What can be neither right nor wrong (`matches.judgeable`) is 'unjudged'.
    """
    labels, boxes, names = picture.labels, found.boxes, picture.names
    told = []
    for each in encounters(picture, found, confidence):
        label = None if each.label == NONE else names[labels.class_id[each.label]]
        taken = None if each.detection == NONE else names[boxes.class_id[each.detection]]
        if label == taken:
            continue
        corners = (
            boxes.corners[each.detection] if label is None else labels.corners[each.label]
        ).tolist()
        score = None if taken is None else float(found.confidence[each.detection])
        kind: Kind = "false_alarm" if label is None else "missed" if taken is None else "mixed_up"
        told.append(Mistake(kind, label or taken or "", tuple(corners), taken or "", score))
    for number in np.flatnonzero(~judgeable(picture, found)).tolist():
        name, score = names[boxes.class_id[number]], float(found.confidence[number])
        if score >= confidence[name]:
            corners = boxes.corners[number].tolist()
            told.append(Mistake("unjudged", name, tuple(corners), name, score))
    return tuple(sorted(told, key=lambda m: (ORDER.index(m.kind), -m.area)))
