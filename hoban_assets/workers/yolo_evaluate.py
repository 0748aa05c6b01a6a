"""Evaluation of a trained detector: each class only where its absence in the labels means absence.

Sources label only their own classes. On an image of a source that labels persons, a detected
helmet is neither right nor wrong, yet a stock validation counts it as wrong: the same weights
scored 0.660 on full labels and 0.453 on merged partial ones (TRAINING_FACTS). So detections of
classes that an image's source does not label are left out, and so are detections on ignore
regions (objects that are there, but are no label).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ultralytics.models.yolo.detect import DetectionValidator
from ultralytics.utils import ops
from ultralytics.utils.metrics import ConfusionMatrix, DetMetrics
from yolo_callbacks import ALL, METRICS, class_rows, metric_row  # type: ignore[import-not-found]

CONFUSION_CONFIDENCE = 0.25
"""Detections below it stay out of the confusion matrix (Ultralytics' default for predictions);
at the 0.001 of an mAP pass the matrix is all false alarms."""
COVERED = 0.5
"""A wrong detection with at least this share of its area inside an ignore region of its class is
not counted (intersection over detection area, the rule of COCO's evaluation for crowds)."""


@dataclass(frozen=True)
class ImageFacts:
    """What the manifest says of one image.

    `labelled`: (classes,) bool. `regions`: (n, 5) class id and x y w h, centre, 0-1.
    """

    source: str
    labelled: np.ndarray
    regions: np.ndarray


class LabelAwareValidator(DetectionValidator):
    """One pass over the images, from which every slice is computed.

    Matching of boxes never crosses classes, so leaving out detections of a class after the
    matching equals leaving them out before. Pictures (curves, confusion matrix) are label-aware.
    """

    def __init__(self, facts: Mapping[str, ImageFacts], args: dict[str, Any], save_dir: Path):
        """Take what the manifest says of each image, by file name."""
        super().__init__(save_dir=save_dir, args=args)
        self.facts = facts
        self.image_names: list[str] = []
        self.ignored: list[np.ndarray] = []
        self.per_image: dict[str, list[np.ndarray]] = {}

    def init_metrics(self, model: Any) -> None:
        """Start with an empty label-aware confusion matrix beside the stock one."""
        super().init_metrics(model)
        self.image_names, self.ignored = [], []
        self.fair_confusion = ConfusionMatrix(names=model.names)

    def update_metrics(self, preds: list[dict[str, Any]], batch: dict[str, Any]) -> None:
        """Take the stock statistics, and note for each image what must not be counted."""
        super().update_metrics(preds, batch)
        for index, pred in enumerate(preds):
            target = self._prepare_batch(index, batch)
            name = Path(target["im_file"]).name
            labelled = self.facts[name].labelled
            classes = pred["cls"].cpu().numpy().astype(int)
            right = self.metrics.stats["tp"][len(self.image_names)][:, 0]
            covered = self._covered(pred, classes, target) & ~right
            self.image_names.append(name)
            self.ignored.append(covered)
            counted = labelled[classes] & ~covered
            shown = {key: pred[key][counted] for key in ("cls", "conf", "bboxes")}
            kept = labelled[target["cls"].cpu().numpy().astype(int)]
            truth = {"cls": target["cls"][kept], "bboxes": target["bboxes"][kept]}
            self.fair_confusion.process_batch(shown, truth, conf=CONFUSION_CONFIDENCE)

    def _covered(
        self, pred: dict[str, Any], classes: np.ndarray, target: dict[str, Any]
    ) -> np.ndarray:
        """(detections,) bool: lies on an ignore region of its class."""
        regions = self.facts[Path(target["im_file"]).name].regions
        if not len(regions) or not len(classes):
            return np.zeros(len(classes), bool)
        height, width = target["ori_shape"]
        boxes = ops.scale_boxes(
            target["imgsz"], pred["bboxes"].clone(), target["ori_shape"], target["ratio_pad"]
        )
        share = share_inside(
            boxes.cpu().numpy(),
            ops.xywh2xyxy(regions[:, 1:]) * np.array([width, height, width, height]),
        )
        of_class = classes[:, None] == regions[None, :, 0]
        covered: np.ndarray = ((share >= COVERED) & of_class).any(axis=1)
        return covered

    def get_stats(self) -> dict[str, Any]:
        """Keep the statistics of every image; report and draw the label-aware ones."""
        self.per_image = {key: list(values) for key, values in self.metrics.stats.items()}
        self.metrics.stats = self.slice(range(len(self.image_names)), label_aware=True)
        stats: dict[str, Any] = super().get_stats()
        return stats

    def finalize_metrics(self) -> None:
        """Draw the label-aware confusion matrix in place of the stock one."""
        self.confusion_matrix = self.fair_confusion
        super().finalize_metrics()

    def slice(self, images: Any, *, label_aware: bool) -> dict[str, list[np.ndarray]]:
        """Statistics of some images in the form that `DetMetrics.process` takes."""
        result: dict[str, list[np.ndarray]] = {key: [] for key in self.per_image}
        for index in images:
            stat = {key: values[index] for key, values in self.per_image.items()}
            if label_aware:
                stat = self._fair(stat, index)
            for key, value in stat.items():
                result[key].append(value)
        return result

    def _fair(self, stat: dict[str, np.ndarray], index: int) -> dict[str, np.ndarray]:
        labelled = self.facts[self.image_names[index]].labelled
        counted = labelled[stat["pred_cls"].astype(int)] & ~self.ignored[index]
        return {
            **{key: stat[key][counted] for key in ("tp", "conf", "pred_cls")},
            **{key: stat[key][labelled[stat[key].astype(int)]] for key in _TARGETS},
        }

    def rows(self, epoch: int) -> Iterator[dict[str, Any]]:
        """All rows of the final evaluation: stock, label-aware, label-aware by source."""
        everything = range(len(self.image_names))
        yield from self._slice_rows(epoch, "val", ALL, everything, label_aware=False)
        yield from self._slice_rows(epoch, "val_labelled", ALL, everything, label_aware=True)
        sources = np.array([self.facts[name].source for name in self.image_names])
        for source in np.unique(sources):
            images = np.flatnonzero(sources == source)
            yield from self._slice_rows(
                epoch, "val_labelled", str(source), images, label_aware=True
            )

    def _slice_rows(
        self, epoch: int, split: str, source: str, images: Any, *, label_aware: bool
    ) -> Iterator[dict[str, Any]]:
        metrics = DetMetrics(self.names)
        metrics.stats = self.slice(images, label_aware=label_aware)
        metrics.process()
        labelled = np.array([self.facts[self.image_names[i]].labelled for i in images])
        judged = labelled.sum(axis=0) if label_aware else np.full(len(self.names), len(images))

        def row(name: str, metric: str, value: float) -> dict[str, Any]:
            return metric_row(epoch, split, source, name, metric, value)

        yield row(ALL, "images", len(images))
        yield row(ALL, "labels", metrics.nt_per_class.sum())
        if len(metrics.ap_class_index):
            for metric, value in zip(METRICS, metrics.mean_results(), strict=True):
                yield row(ALL, metric, value)
        yield from class_rows(metrics, epoch, split, source)
        for class_id in metrics.ap_class_index:
            yield row(metrics.names[class_id], "images", judged[class_id])
            yield row(metrics.names[class_id], "labels", metrics.nt_per_class[class_id])


_TARGETS = ("target_cls", "target_img")


def share_inside(boxes: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Share of each box's area inside each region; (n, 4) and (m, 4) as x1 y1 x2 y2 -> (n, m)."""
    low = np.maximum(boxes[:, None, :2], regions[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], regions[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return inside / np.maximum(area, 1e-9)[:, None]


def image_facts(
    manifest: Iterable[Mapping[str, Any]], names: Mapping[int, str]
) -> dict[str, ImageFacts]:
    """Facts of each image, by file name, from the rows of manifest.parquet."""
    order = [names[class_id] for class_id in sorted(names)]
    columns = ("class_id", "x", "y", "w", "h")
    return {
        row["name"]: ImageFacts(
            source=row["source"],
            labelled=np.isin(order, row["labelled_classes"] or []),
            regions=np.array(
                [[r[c] for c in columns] for r in row.get("ignore_regions") or []], float
            ).reshape(-1, 5),
        )
        for row in manifest
    }
