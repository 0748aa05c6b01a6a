"""A detector judged on pictures: figures of each class, over sources, sizes and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from hoban_assets.evaluation import bootstrap
from hoban_assets.evaluation.bootstrap import Interval, drawn_average_precisions, interval
from hoban_assets.evaluation.confusions import confusions
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.errors import calibration_error, evaluated, kinds_of_errors
from hoban_assets.evaluation.figures import (
    USUAL_CONFIDENCE,
    View,
    average_precisions,
    best_confidence,
    counts_at,
    precision_recall,
    stock_average_precisions,
    view,
)
from hoban_assets.evaluation.matches import BANDS, Matches, match
from hoban_assets.evaluation.pictures import Pictures

ALL = "all"
MEASURES = ("mAP50", "mAP50-95", "precision", "recall")


@dataclass(frozen=True)
class Confidences:
    """Confidence from which a detection counts, per class, and where it was chosen."""

    values: Mapping[str, float]
    chosen_on: str
    """Title of the pictures; '' where none could be chosen."""
    usual: tuple[str, ...] = ()
    """Classes that nothing could be chosen for: `USUAL_CONFIDENCE`."""

    @classmethod
    def usual_ones(cls, names: tuple[str, ...]) -> Confidences:
        """Where there is nothing to choose on."""
        return cls(dict.fromkeys(names, USUAL_CONFIDENCE), "", names)


def choose_confidences(pictures: Pictures, found: Detections, size: int) -> Confidences:
    """Choose for each class the confidence with the highest F1 on these pictures, label-aware."""
    matches = match(pictures, found, size)
    chosen = {
        name: best_confidence(view(matches, number)) for number, name in enumerate(matches.names)
    }
    return Confidences(
        {k: USUAL_CONFIDENCE if v is None else round(v, 4) for k, v in chosen.items()},
        pictures.title,
        tuple(k for k, v in chosen.items() if v is None),
    )


@dataclass(frozen=True)
class Line:
    """Figures of one class (or the mean, `ALL`) in one slice; None: not measurable."""

    kind: str
    """'all', 'source', 'size' or 'group'."""
    slice: str
    class_name: str
    images: int
    labels: int
    values: Mapping[str, float]
    """Measure -> value, label-aware."""
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    stock: Mapping[str, float] = field(default_factory=dict)
    """'mAP50' and 'mAP50-95' as Ultralytics counts."""


@dataclass(frozen=True)
class Judgement:
    """What a detector is worth on pictures."""

    weights: str
    title: str
    images: int
    groups: int
    image_size: int
    confidences: Confidences
    lines: tuple[Line, ...]
    confusions: Mapping[tuple[str, str], int]
    errors: tuple[Mapping[str, Any], ...]
    """Kinds of errors (`errors.kinds_of_errors`)."""
    calibration: float | None
    """Expected calibration error; None where nothing was found."""

    def line(self, class_name: str = ALL) -> Line | None:
        """Figures over all pictures."""
        return next((x for x in self.lines if x.kind == ALL and x.class_name == class_name), None)

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            "weights": self.weights,
            "pictures": self.title,
            "images": self.images,
            "groups": self.groups,
            "image_size": self.image_size,
            "confidence": {
                "values": dict(self.confidences.values),
                "chosen_on": self.confidences.chosen_on or None,
                "not_chosen": list(self.confidences.usual),
            },
            "interval": {"level": bootstrap.LEVEL, "resamples": bootstrap.RESAMPLES},
            "figures": [asdict(line) for line in self.lines],
            "confusions": [
                {"label": label, "found_as": taken, "count": count}
                for (label, taken), count in self.confusions.items()
            ],
            "errors": list(self.errors),
            "calibration_error": self.calibration,
        }


def judge(
    weights: str, pictures: Pictures, found: Detections, size: int, confidences: Confidences
) -> Judgement:
    """Judge detections on pictures.

    Intervals are drawn for all pictures and each source and size; those of a slice with fewer
    groups than `bootstrap.FEWEST_GROUPS` are absent.
    """
    matches = match(pictures, found, size)
    everything = np.ones(len(pictures), bool)
    limits = confidences.values
    lines = list(_lines(matches, pictures, limits, ALL, ALL, everything, None))
    for source in np.unique(pictures.sources):
        mine = pictures.sources == source
        lines += _lines(matches, pictures, limits, "source", str(source), mine, None)
    for band, name in enumerate(BANDS):
        lines += _lines(matches, pictures, limits, "size", name, everything, band)
    for group in np.unique(pictures.groups):
        mine = pictures.groups == group
        if matches.labels[mine].any():
            lines += _lines(matches, pictures, limits, "group", str(group), mine, None)
    told = evaluated(pictures, found) if len(found) else None
    return Judgement(
        weights,
        pictures.title,
        len(pictures),
        len(np.unique(pictures.groups)),
        size,
        confidences,
        tuple(lines),
        confusions(pictures, found, limits),
        () if told is None else tuple(kinds_of_errors(told)),
        None if told is None else calibration_error(told),
    )


def _lines(
    matches: Matches,
    pictures: Pictures,
    limits: Mapping[str, float],
    kind: str,
    name: str,
    images: np.ndarray,
    band: int | None,
) -> Iterator[Line]:
    """The mean over classes with labels, then each of them."""
    weights = None if kind == "group" else bootstrap.draws(pictures.groups, images)
    stock_too = kind == ALL
    found: list[tuple[str, View, dict[str, float], dict[str, np.ndarray], dict[str, float]]] = []
    for number, class_name in enumerate(matches.names):
        seen = view(matches, number, images=images, band=band)
        if not seen.labels.any():
            continue
        counts = counts_at(seen, limits[class_name])
        values = _values(average_precisions(seen), counts.sum(axis=0))
        drawn = {} if weights is None else _drawn(seen, counts, weights)
        stock = (
            _means(stock_average_precisions(view(matches, number, label_aware=False)))
            if stock_too
            else {}
        )
        found.append((class_name, seen, values, drawn, stock))
    if not found:
        return
    yield Line(
        kind,
        name,
        ALL,
        int(images.sum()),
        sum(int(seen.labels.sum()) for _, seen, *_ in found),
        _over_classes([values for _, _, values, _, _ in found], _mean),
        _intervals(_over_classes([drawn for *_, drawn, _ in found], _nanmean_rows)),
        _over_classes([stock for *_, stock in found], _mean),
    )
    for class_name, seen, values, drawn, stock in found:
        labels = int(seen.labels.sum())
        yield Line(kind, name, class_name, seen.images, labels, values, _intervals(drawn), stock)


def _means(precisions: np.ndarray) -> dict[str, float]:
    return {"mAP50": float(precisions[0]), "mAP50-95": float(precisions.mean())}


def _values(precisions: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    precision, recall = precision_recall(counts)
    return {**_means(precisions), "precision": float(precision), "recall": float(recall)}


def _drawn(seen: View, counts: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    precisions = drawn_average_precisions(seen, weights)
    precision, recall = precision_recall(weights @ counts.astype(np.float32))
    return {
        "mAP50": precisions[:, 0],
        "mAP50-95": precisions.mean(axis=1),
        "precision": precision,
        "recall": recall,
    }


def _over_classes(each: list[dict[str, Any]], mean: Callable[[Any], Any]) -> dict[str, Any]:
    """Mean over classes of every measure that all of them have."""
    return {name: mean([one[name] for one in each]) for name in each[0]}


def _mean(values: list[float]) -> float:
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else float("nan")


def _nanmean_rows(values: list[np.ndarray]) -> np.ndarray:
    stacked = np.array(values)
    known = ~np.isnan(stacked)
    mean: np.ndarray = np.where(known, stacked, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known.any(axis=0), mean, np.nan)


def _intervals(drawn: Mapping[str, np.ndarray]) -> dict[str, Interval]:
    found = {name: interval(values) for name, values in drawn.items()}
    return {name: each for name, each in found.items() if each is not None}
