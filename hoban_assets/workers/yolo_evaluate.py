"""Evaluation of a trained detector: each class only where its absence in the labels means absence.

Sources label only their own classes. On an image of a source that labels persons, a detected
helmet is neither right nor wrong, yet a stock validation counts it as wrong: the same weights
scored 0.660 on full labels and 0.453 on merged partial ones. So detections of
classes that an image's source does not label are left out, and so are detections on ignore
regions (objects that are there, but are no label). But a label may rule the class out: a `person`
in the place of a labelled `fallen` is wrong, whoever labelled the image. Label-aware figures match,
ignore and take AP as COCO does (`yolo_matching`); the stock ones are those of Ultralytics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ultralytics.models.yolo.detect import DetectionValidator
from ultralytics.utils import ops
from ultralytics.utils.metrics import DetMetrics
from yolo_callbacks import ALL, METRICS, class_rows, metric_row  # type: ignore[import-not-found]
from yolo_confusions import Confusions  # type: ignore[import-not-found]
from yolo_image_facts import ImageFacts  # type: ignore[import-not-found]
from yolo_matching import (  # type: ignore[import-not-found]
    IOUS,
    average_precision,
    matched,
    pairwise_iou,
    ruled_out,
    share_inside,
)

STOCK, LABEL_AWARE = "val", "val_labelled"
CURVE_POINTS = 101


class LabelAwareValidator(DetectionValidator):
    """One pass over the images, from which every slice is computed.

    Matching of boxes never crosses classes, so leaving out detections of a class after the
    matching equals leaving them out before. Pictures (curves, confusion matrix) are label-aware.
    """

    def __init__(
        self,
        facts: Mapping[str, ImageFacts],
        args: dict[str, Any],
        save_dir: Path,
        excludes: np.ndarray,
    ):
        """Take what the manifest says of each image, by file name, and what a label rules out.

        `excludes`: see `yolo_image_facts.excluding`.
        """
        super().__init__(save_dir=save_dir, args=args)
        self.facts, self.excludes = facts, excludes
        self.image_names: list[str] = []
        self.right: list[np.ndarray] = []
        self.ignored: list[np.ndarray] = []
        self.known: list[np.ndarray] = []
        self.per_image: dict[str, list[np.ndarray]] = {}

    def init_metrics(self, model: Any) -> None:
        """Start with empty confusions: the stock ones (at a useful confidence) and label-aware."""
        super().init_metrics(model)
        self.image_names, self.right, self.ignored, self.known = [], [], [], []
        self.stock, self.fair = Confusions(model.names, worst=0), Confusions(model.names)
        self.fair_confusion = self.fair.total

    def update_metrics(self, preds: list[dict[str, Any]], batch: dict[str, Any]) -> None:
        """Take the stock statistics, and note for each image what must not be counted."""
        super().update_metrics(preds, batch)
        for index, pred in enumerate(preds):
            target = self._prepare_batch(index, batch)
            right, ignored, known = self._match(pred, target)
            self.image_names.append(Path(target["im_file"]).name)
            self.right.append(right)
            self.ignored.append(ignored)
            self.known.append(known)
            self._count(pred, target, known & ~ignored[:, 0])

    def _count(self, pred: dict[str, Any], target: dict[str, Any], counted: np.ndarray) -> None:
        """Count one image as it is, and with only what its source can judge."""
        facts = self.facts[Path(target["im_file"]).name]
        found = {key: pred[key].cpu() for key in ("cls", "conf", "bboxes")}
        truth = {key: target[key].cpu() for key in ("cls", "bboxes")}
        kept = facts.labelled[truth["cls"].numpy().astype(int)]

        def to_shares(corners: Any) -> np.ndarray:
            height, width = target["ori_shape"]
            boxes = ops.xyxy2xywh(on_the_image(corners, target).cpu().numpy())
            shares: np.ndarray = boxes / np.array([width, height, width, height])
            return shares

        for confusions, detections, labels in (
            (self.stock, slice(None), slice(None)),
            (self.fair, counted, kept),
        ):
            confusions.see(
                Path(target["im_file"]).name,
                facts.source,
                {key: value[detections] for key, value in found.items()},
                {key: value[labels] for key, value in truth.items()},
                is_empty=not len(truth["cls"]) and not len(facts.regions),
                to_shares=to_shares,
            )

    def _match(
        self, pred: dict[str, Any], target: dict[str, Any]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Match every class of one image.

        Returns right and ignored, bool [detections, 10], and which can be judged, bool
        [detections]: the source labels the class, or a label rules it out at that place.
        """
        height, width = target["ori_shape"]
        found, labels = (
            on_the_image(boxes["bboxes"], target).cpu().numpy().astype(float)
            for boxes in (pred, target)
        )
        classes, truth = (b["cls"].cpu().numpy().astype(int) for b in (pred, target))
        facts = self.facts[Path(target["im_file"]).name]
        regions = ops.xywh2xyxy(facts.regions[:, 1:]) * np.array([width, height, width, height])
        right = np.zeros((len(classes), len(IOUS)), bool)
        ignored = right.copy()
        confidence = pred["conf"].cpu().numpy()
        for class_id in np.unique(classes):
            mine = np.flatnonzero(classes == class_id)
            right[mine], ignored[mine] = matched(
                pairwise_iou(found[mine], labels[truth == class_id]),
                share_inside(found[mine], regions[facts.regions[:, 0] == class_id]),
                confidence[mine],
            )
        wrong = ruled_out(found, classes, labels, truth, self.excludes)
        return right, ignored, facts.labelled[classes] | wrong

    def get_stats(self) -> dict[str, Any]:
        """Keep the statistics of every image; report and draw the label-aware ones."""
        self.per_image = {key: list(values) for key, values in self.metrics.stats.items()}
        everything = range(len(self.image_names))
        self.metrics.stats = self.slice(everything, label_aware=True)
        stats: dict[str, Any] = super().get_stats()
        self._take_ap_as_coco(self.metrics, everything)
        return stats | self.metrics.results_dict

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
        """Statistics of one image at IoU 0.5: precision, recall and curves come from these."""
        labelled = self.facts[self.image_names[index]].labelled
        counted = self.known[index] & ~self.ignored[index][:, 0]
        return {
            "tp": self.right[index][counted],
            **{key: stat[key][counted] for key in ("conf", "pred_cls")},
            **{key: stat[key][labelled[stat[key].astype(int)]] for key in _TARGETS},
        }

    def _take_ap_as_coco(self, metrics: DetMetrics, images: Any) -> None:
        """Put COCO's AP in place of that of Ultralytics, which ignores alike at every IoU."""
        if not len(metrics.ap_class_index):
            return
        indices = list(images)
        classes = np.concatenate([self.per_image["pred_cls"][i] for i in indices]).astype(int)
        confidence = np.concatenate([self.per_image["conf"][i] for i in indices])
        right = np.concatenate([self.right[i] for i in indices])
        ignored = np.concatenate([self.ignored[i] for i in indices])
        known = np.concatenate([self.known[i] for i in indices])
        for position, class_id in enumerate(metrics.ap_class_index):
            mine = known & (classes == class_id)
            metrics.box.all_ap[position] = average_precision(
                right[mine], ignored[mine], confidence[mine], int(metrics.nt_per_class[class_id])
            )

    def rows(self, epoch: int) -> Iterator[dict[str, Any]]:
        """All rows of the final evaluation: stock, label-aware, label-aware by source."""
        everything = range(len(self.image_names))
        yield from self._slice_rows(epoch, STOCK, ALL, everything, label_aware=False)
        yield from self._slice_rows(epoch, LABEL_AWARE, ALL, everything, label_aware=True)
        sources = np.array([self.facts[name].source for name in self.image_names])
        for source in np.unique(sources):
            images = np.flatnonzero(sources == source)
            yield from self._slice_rows(epoch, LABEL_AWARE, str(source), images, label_aware=True)
        yield from self.stock.rows(epoch, STOCK)
        yield from self.fair.rows(epoch, LABEL_AWARE)
        yield from self.fair.rows_of_empty_images(epoch, LABEL_AWARE)

    def curves(self) -> dict[str, Any]:
        """Label-aware curves of each class that has a label, `CURVE_POINTS` points each.

        'recall' -> 'precision' at IoU 0.5 (the area below it is AP50), and 'confidence' -> 'f1',
        whose highest point is where precision and recall of the class are best balanced.
        """
        metrics = self._metrics(range(len(self.image_names)), label_aware=True)
        points = np.linspace(0, 1, CURVE_POINTS)

        def thinned(values: np.ndarray) -> list[float]:
            at = np.interp(points, np.linspace(0, 1, len(values)), values)
            return [round(float(value), 4) for value in at]

        axis = [round(float(point), 2) for point in points]
        classes = {
            metrics.names[class_id]: {
                "precision": thinned(metrics.box.prec_values[index]),
                "f1": thinned(metrics.box.f1_curve[index]),
            }
            for index, class_id in enumerate(metrics.ap_class_index)
        }
        return {"recall": axis, "confidence": axis, "classes": classes}

    def _metrics(self, images: Any, *, label_aware: bool) -> DetMetrics:
        metrics = DetMetrics(self.names)
        metrics.stats = self.slice(images, label_aware=label_aware)
        metrics.process()
        if label_aware:
            self._take_ap_as_coco(metrics, images)
        return metrics

    def _slice_rows(
        self, epoch: int, split: str, source: str, images: Any, *, label_aware: bool
    ) -> Iterator[dict[str, Any]]:
        metrics = self._metrics(images, label_aware=label_aware)
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


def on_the_image(corners: Any, target: Mapping[str, Any]) -> Any:
    """Corners in pixels of the network's input -> in pixels of the image (a new tensor)."""
    return ops.scale_boxes(
        target["imgsz"], corners.clone(), target["ori_shape"], target["ratio_pad"]
    )
