"""The types of a model's results: figures of classes, confusions, and all of it together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hoban_assets.catalog.asked import Row
from hoban_assets.classes import WITH_HELMET, WITHOUT_HELMET
from hoban_assets.language import Say
from hoban_assets.reporting.results.trend import Trend

ALL = "all"
CONFIDENCE = 0.25
"""At which confusions are counted (workers/yolo_confusions.py)."""
HELMET_PAIR = frozenset({WITH_HELMET, WITHOUT_HELMET})


@dataclass(frozen=True)
class ClassResult:
    """Figures of one class, or of all (class_name 'all'); None: not measured or not judged."""

    class_name: str
    labels: int | None
    """Labels in validation."""
    ap50: float | None
    ap50_95: float | None
    precision: float | None
    """At the confidence where the mean F1 of the classes is highest, as `recall`."""
    recall: float | None
    missed: int | None
    """Labels that no detection of any class matches, at `CONFIDENCE`."""
    false_positives: int | None
    """Detections that match no label, at `CONFIDENCE`."""
    found: int | None
    """Labels found as what they are, at `CONFIDENCE`."""
    detections: int | None
    """All detections of the class, at `CONFIDENCE`."""
    false_on_empty: int | None
    """Of the false positives, those on images that hold no object at all."""
    train_labels: int | None = None
    unlabelled_share: float | None = None
    """Share of the training images whose source does not label this class."""

    @property
    def precision_there(self) -> float | None:
        """Precision at `CONFIDENCE`, as the counts are."""
        return _ratio(self.found, self.detections)

    @property
    def recall_there(self) -> float | None:
        """Recall at `CONFIDENCE`, as the counts are."""
        return _ratio(self.found, self.labels)

    @property
    def missed_share(self) -> float | None:
        """Share of the labels that were missed; from the recall where nothing was counted."""
        if self.missed is not None:
            return self.missed / self.labels if self.labels else None
        return None if self.recall is None else 1 - self.recall


def _ratio(part: int | None, of: int | None) -> float | None:
    return None if part is None or not of else part / of


@dataclass(frozen=True)
class Confusion:
    """Labels of one class that were found as another, at `CONFIDENCE`."""

    true: str
    predicted: str
    count: int
    share: float
    """Of the labels of the true class."""

    @property
    def helmet_pair(self) -> bool:
        """Whether a worn helmet was taken for none, or none for a worn one."""
        return {self.true, self.predicted} == HELMET_PAIR


@dataclass(frozen=True)
class ModelResults:
    """All that `hoban results` tells of one trained model."""

    model: str
    partition: str
    created_at: datetime
    path: str | None
    """Run folder: weights, curves, pictures."""
    dataset: str
    dataset_is_current: bool | None
    """False: the dataset was built again since, so its rows say nothing of this training; None:
    nobody recorded which one it was."""
    best_epoch: int
    epochs_planned: int | None
    weights: str | None
    """What the training started from: a .pt, or a .yaml (from scratch)."""
    partial_labels: str | None
    """'mask' or 'naive' (see docs/partial-labels.md); None: an older release recorded nothing."""
    resumed: tuple[int, ...]
    """Epochs after which it was stopped and went on as another training."""
    overall: ClassResult
    classes: tuple[ClassResult, ...]
    stock: Mapping[str, float | None]
    """mAP50 and mAP50-95 as Ultralytics counts them."""
    sources: tuple[Row, ...]
    """AP50, AP50-95, recall and labels of each class on each source."""
    confusions: tuple[Confusion, ...]
    matrix: Mapping[str, Mapping[str, int]]
    """True class (or 'background') -> predicted class (or 'background') -> count; or empty."""
    empty_images: int | None
    trained_backgrounds: int | None
    """Training images without a label."""
    epochs: tuple[Row, ...]
    """Losses, lr and metrics of each epoch, oldest first."""
    trend: Trend
    checks: tuple[Row, ...]

    @property
    def has_confusions(self) -> bool:
        """False where an older evaluation recorded none."""
        return bool(self.matrix)


Level = Literal["bad", "warn", "good", "info"]


@dataclass(frozen=True)
class Finding:
    """A sentence (English, the key of its translation) and what to do; `values` fill both."""

    level: Level
    text: str
    remedies: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: int = 0
    """Misses, false alarms and mix-ups of validation that it explains; one may have several
    explanations."""

    def said(self, say: Say) -> str:
        """The sentence in the language of `say`."""
        return say(self.text, **self._translated(say))

    def remedies_said(self, say: Say) -> list[str]:
        """What to do about it, each a sentence."""
        return [say(remedy, **self._translated(say)) for remedy in self.remedies]

    def _translated(self, say: Say) -> dict[str, Any]:
        """Class names are translated; their raw names stay as <key>_id, for commands.

        `listed` (class name -> text) becomes one text.
        """
        names = {k: v for k, v in self.values.items() if k in ("name", "true", "predicted")}
        ids = {f"{k}_id": v for k, v in names.items()}
        listed = ", ".join(f"{say(k)} {v}" for k, v in self.values.get("listed", {}).items())
        return {**self.values, **{k: say(v) for k, v in names.items()}, **ids, "listed": listed}
