"""Models compared with each other on the same pictures, none of which one of them has learnt from.

Both are drawn together (paired bootstrap over cameras and clips): what makes a draw easy or hard
is the same for both, so the interval of the difference is far narrower than what two intervals
side by side suggest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.bootstrap import (
    Interval,
    drawn_average_precisions,
    draws,
    interval,
)
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.figures import average_precisions, view
from hoban_assets.evaluation.judging import ALL
from hoban_assets.evaluation.matches import Matches, match
from hoban_assets.evaluation.pictures import Boxes, Pictures

MEASURES = ("mAP50", "mAP50-95")


@dataclass(frozen=True)
class Difference:
    """How one figure of two models differs on the same pictures."""

    class_name: str
    measure: str
    before: float
    after: float
    labels: int
    around: Interval | None
    """95 % interval of after minus before; None where there are too few groups."""

    @property
    def value(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def direction(self) -> str:
        """'better' or 'worse' where the interval leaves out 0, else 'same'."""
        if self.around is None or self.around.low <= 0 <= self.around.high:
            return "same"
        return "better" if self.value > 0 else "worse"


@dataclass(frozen=True)
class Paired:
    """Two models on the same pictures."""

    before: str
    after: str
    title: str
    images: int
    groups: int
    differences: tuple[Difference, ...]

    def of(self, class_name: str = ALL, measure: str = "mAP50-95") -> Difference | None:
        """One difference; None where the class has no label."""
        return next(
            (d for d in self.differences if (d.class_name, d.measure) == (class_name, measure)),
            None,
        )


def paired(
    pictures: Pictures,
    before: tuple[str, Detections],
    after: tuple[str, Detections],
    size: int,
) -> Paired:
    """Hold two models (name, what it found) against each other; label-aware."""
    sides = [match(pictures, found, size) for _, found in (before, after)]
    weights = draws(pictures.groups)
    rows, drawn_all, values_all = [], [], []
    for number, name in enumerate(pictures.names):
        labels = int(view(sides[0], number).labels.sum())
        if not labels:
            continue
        values = np.array([_figures(side, number) for side in sides])
        values_all.append(values)
        drawn = None if weights is None else [_drawn(side, number, weights) for side in sides]
        if drawn is not None:
            drawn_all.append(drawn[1] - drawn[0])
        rows += _rows(name, labels, values, None if drawn is None else drawn[1] - drawn[0])
    if not rows:
        raise HobanError(
            f"{pictures.title} holds no label of a class that is judged", "give labelled pictures"
        )
    mean = np.mean(values_all, axis=0)
    together = None
    if drawn_all:
        stacked = np.array(drawn_all)  # [classes, draws, measures]; a draw may lack a class
        known = ~np.isnan(stacked)
        total = np.where(known, stacked, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        together = np.where(known.any(axis=0), total, np.nan)
    everything = sum(row.labels for row in rows[:: len(MEASURES)])
    return Paired(
        before[0],
        after[0],
        pictures.title,
        len(pictures),
        len(np.unique(pictures.groups)),
        (*_rows(ALL, everything, mean, together), *rows),
    )


def _figures(side: Matches, class_id: int) -> list[float]:
    found = average_precisions(view(side, class_id))
    return [float(found[0]), float(found.mean())]


def _drawn(side: Matches, class_id: int, weights: np.ndarray) -> np.ndarray:
    """[draws, measures]."""
    found = drawn_average_precisions(view(side, class_id), weights)
    return np.stack([found[:, 0], found.mean(axis=1)], axis=1)


def _rows(name: str, labels: int, values: np.ndarray, drawn: np.ndarray | None) -> list[Difference]:
    return [
        Difference(
            name,
            measure,
            float(values[0, column]),
            float(values[1, column]),
            labels,
            None if drawn is None else interval(drawn[:, column]),
        )
        for column, measure in enumerate(MEASURES)
    ]


def unseen(datasets: Sequence[Pictures]) -> Pictures:
    """Return the val pictures of datasets that none of them trains on, with the newest labels.

    A picture is left out where its content, its id or its camera or clip is in the train of one.
    Where several datasets hold it, the labels of the last one count: one truth for all models.

    Args:
        datasets: of the compared models, the newest last; with `parts`.
    """
    trained = [_marks(each.take(each.parts == "train")) for each in datasets]
    learnt = {name: set().union(*(marks[name] for marks in trained)) for name in trained[0]}
    kept: list[Pictures] = []
    seen: set[str] = set()
    for each in reversed(datasets):
        fresh = [
            part == "val"
            and image_id not in learnt["ids"]
            and group not in learnt["groups"]
            and _raw(content) not in learnt["contents"]
            and image_id not in seen
            for part, image_id, group, content in zip(
                each.parts, each.ids, each.groups, each.contents, strict=True
            )
        ]
        kept.append(each.take(np.array(fresh, bool)))
        seen |= set(kept[-1].ids)
    return together(kept)


def _marks(pictures: Pictures) -> dict[str, set[str]]:
    return {
        "ids": set(pictures.ids),
        "groups": set(pictures.groups.tolist()),
        "contents": {_raw(content) for content in pictures.contents},
    }


def _raw(content: str) -> str:
    """Content of the raw file that a scaled one was made of."""
    return content.partition(" scaled to ")[0]


def together(parts: Iterable[Pictures]) -> Pictures:
    """Put pictures of the same classes together, in the order given; parts without any go."""
    some = [part for part in parts if len(part)]
    if not some:
        raise HobanError(
            "every val picture of these models is in the train of one of them",
            "compare on a benchmark: photographs that no training sees, in raw/benchmark_<name>",
        )
    first = some[0]
    if any(part.names != first.names for part in some):
        raise HobanError("the datasets have other classes", "compare models of the same classes")
    starts = np.cumsum([0, *(len(part) for part in some)])

    def joined(name: str) -> Boxes:
        boxes = [getattr(part, name) for part in some]
        return Boxes(
            np.concatenate([b.image + start for b, start in zip(boxes, starts, strict=False)]),
            np.concatenate([b.class_id for b in boxes]),
            np.concatenate([b.corners for b in boxes]),
        )

    changed: dict[str, Any] = {name: joined(name) for name in ("labels", "regions")}
    for name in ("ids", "files", "contents"):
        changed[name] = tuple(each for part in some for each in getattr(part, name))
    for name in ("sizes", "sources", "groups", "parts", "labelled"):
        changed[name] = np.concatenate([getattr(part, name) for part in some])
    title = " + ".join(dict.fromkeys(part.title for part in some))
    return replace(first, title=title, **changed)
