"""The validation of each epoch of a masked training: the best epoch is the label-aware one.

A model that has learned to find persons where nobody labelled them loses stock mAP by it: on those
photographs each right detection counts as a false alarm. So what ends a training and what chooses
best.pt is the figure that `yolo_evaluate` judges the finished model by. The stock one is computed
as ever and stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ultralytics.models.yolo.detect import DetectionValidator
from ultralytics.utils.metrics import DetMetrics
from yolo_callbacks import ALL, METRICS, class_rows, metric_row  # type: ignore[import-not-found]
from yolo_evaluate import ImageFacts, LabelAwareValidator  # type: ignore[import-not-found]

EPOCH_LABEL_AWARE = "epoch_labelled"
"""Split of the label-aware figures of each epoch. `val_labelled` is the evaluation of best.pt."""
COUNTS = {
    "tp": "counted",
    "conf": "counted",
    "pred_cls": "counted",
    "target_cls": "judged",
    "target_img": "judged_img",
}
"""Statistics of Ultralytics -> which of their entries count; the ranks gather both."""


class EpochValidator(LabelAwareValidator):
    """The stock validator of a trainer, with one more figure and another fitness."""

    def __init__(self, facts: Mapping[str, ImageFacts], stock: DetectionValidator) -> None:
        """Take the place of `stock`; `facts` say what the manifest says of each image."""
        DetectionValidator.__init__(
            self,
            stock.dataloader,
            save_dir=stock.save_dir,
            args=stock.args,
            _callbacks=stock.callbacks,
        )
        self.facts = facts
        self.fair_metrics = DetMetrics()

    def init_metrics(self, model: Any) -> None:
        """Start with empty statistics. No confusions here: they are for the finished model."""
        DetectionValidator.init_metrics(self, model)
        for key in set(COUNTS.values()):
            self.metrics.stats.setdefault(key, []).clear()

    def update_metrics(self, preds: list[dict[str, Any]], batch: dict[str, Any]) -> None:
        """Take the stock statistics; `_process_batch` adds what counts."""
        DetectionValidator.update_metrics(self, preds, batch)

    def _process_batch(self, preds: dict[str, Any], batch: dict[str, Any]) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = super()._process_batch(preds, batch)
        labelled = self.facts[Path(batch["im_file"]).name].labelled
        classes = preds["cls"].cpu().numpy().astype(int)
        targets = batch["cls"].cpu().numpy().astype(int)
        covered = self._covered(preds, classes, batch) & ~found["tp"][:, 0]
        return {
            **found,
            "counted": labelled[classes] & ~covered,
            "judged": labelled[targets],
            "judged_img": labelled[np.unique(targets)],
        }

    def get_stats(self) -> dict[str, Any]:
        """Return the stock figures with the label-aware fitness."""
        fair = DetMetrics(self.names)
        fair.stats = {
            key: [value[kept] for value, kept in zip(self.metrics.stats[key], marks, strict=True)]
            for key, marks in ((key, self.metrics.stats[which]) for key, which in COUNTS.items())
        }
        fair.process()
        self.fair_metrics = fair
        stats: dict[str, Any] = DetectionValidator.get_stats(self)
        return {**stats, "fitness": fair.fitness}

    def finalize_metrics(self) -> None:
        """As stock."""
        DetectionValidator.finalize_metrics(self)

    def epoch_rows(self, epoch: int) -> Iterator[dict[str, Any]]:
        """Rows of metrics.jsonl: the label-aware figures of the validation that has just ended."""
        for metric, value in zip(METRICS, self.fair_metrics.mean_results(), strict=True):
            yield metric_row(epoch, EPOCH_LABEL_AWARE, ALL, ALL, metric, value)
        yield from class_rows(self.fair_metrics, epoch, EPOCH_LABEL_AWARE)
