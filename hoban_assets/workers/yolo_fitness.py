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
from yolo_evaluate import LabelAwareValidator  # type: ignore[import-not-found]
from yolo_image_facts import ImageFacts  # type: ignore[import-not-found]
from yolo_matching import average_precision  # type: ignore[import-not-found]

EPOCH_LABEL_AWARE = "epoch_labelled"
"""Split of the label-aware figures of each epoch. `val_labelled` is the evaluation of best.pt."""
MORE = ("right", "ignored", "known", "known_target", "known_img")
"""Statistics beside those of Ultralytics, of each image; the ranks gather both.

right and ignored: bool [detections, 10], as COCO matches. The others: whether a detection can be
judged, and whether the image's source labels the class of a label, and each that has a label.
"""


class EpochValidator(LabelAwareValidator):
    """The stock validator of a trainer, with one more figure and another fitness."""

    def __init__(
        self, facts: Mapping[str, ImageFacts], stock: DetectionValidator, excludes: np.ndarray
    ) -> None:
        """Take the place of `stock`; the others are those of `LabelAwareValidator`."""
        DetectionValidator.__init__(
            self,
            stock.dataloader,
            save_dir=stock.save_dir,
            args=stock.args,
            _callbacks=stock.callbacks,
        )
        self.facts, self.excludes = facts, excludes
        self.fair_metrics = DetMetrics()

    def init_metrics(self, model: Any) -> None:
        """Start with empty statistics. No confusions here: they are for the finished model."""
        DetectionValidator.init_metrics(self, model)
        for key in MORE:
            self.metrics.stats.setdefault(key, []).clear()

    def update_metrics(self, preds: list[dict[str, Any]], batch: dict[str, Any]) -> None:
        """Take the stock statistics; `_process_batch` adds what counts."""
        DetectionValidator.update_metrics(self, preds, batch)

    def _process_batch(self, preds: dict[str, Any], batch: dict[str, Any]) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = super()._process_batch(preds, batch)
        labelled = self.facts[Path(batch["im_file"]).name].labelled
        targets = batch["cls"].cpu().numpy().astype(int)
        right, ignored, known = self._match(preds, batch)
        return {
            **found,
            "right": right,
            "ignored": ignored,
            "known": known,
            "known_target": labelled[targets],
            "known_img": labelled[np.unique(targets)],
        }

    def get_stats(self) -> dict[str, Any]:
        """Return the stock figures with the label-aware fitness."""
        stats = {key: np.concatenate(values) for key, values in self.metrics.stats.items()}
        self.fair_metrics = fair_metrics(self.names, stats)
        stock: dict[str, Any] = DetectionValidator.get_stats(self)
        return {**stock, "fitness": self.fair_metrics.fitness}

    def finalize_metrics(self) -> None:
        """As stock."""
        DetectionValidator.finalize_metrics(self)

    def epoch_rows(self, epoch: int) -> Iterator[dict[str, Any]]:
        """Rows of metrics.jsonl: the label-aware figures of the validation that has just ended."""
        for metric, value in zip(METRICS, self.fair_metrics.mean_results(), strict=True):
            yield metric_row(epoch, EPOCH_LABEL_AWARE, ALL, ALL, metric, value)
        yield from class_rows(self.fair_metrics, epoch, EPOCH_LABEL_AWARE)


def fair_metrics(names: Mapping[int, str], stats: Mapping[str, np.ndarray]) -> DetMetrics:
    """Label-aware figures of a validation, as `yolo_evaluate` has them of the finished model."""
    counted = stats["known"] & ~stats["ignored"][:, 0]
    fair = DetMetrics(dict(names))
    fair.stats = {
        "tp": [stats["right"][counted]],
        "conf": [stats["conf"][counted]],
        "pred_cls": [stats["pred_cls"][counted]],
        "target_cls": [stats["target_cls"][stats["known_target"]]],
        "target_img": [stats["target_img"][stats["known_img"]]],
    }
    fair.process()
    for position, class_id in enumerate(fair.ap_class_index):
        mine = stats["known"] & (stats["pred_cls"] == class_id)
        fair.box.all_ap[position] = average_precision(
            stats["right"][mine],
            stats["ignored"][mine],
            stats["conf"][mine],
            int(fair.nt_per_class[class_id]),
        )
    return fair
