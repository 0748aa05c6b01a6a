"""What a detector takes for what, counted image by image at the confidence of its daily use.

mAP looks at every confidence from 0.001 on; a person who deploys a detector sees one threshold.
So misses, false alarms and mix-ups are counted at `CONFIDENCE`, and the worst images are kept by
name, with their boxes, to be looked at.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from ultralytics.utils.metrics import ConfusionMatrix
from yolo_callbacks import ALL, metric_row  # type: ignore[import-not-found]

CONFIDENCE = 0.25
"""Detections below it are not counted (Ultralytics' default for predictions); at the 0.001 of an
mAP pass the matrix is all false alarms."""
BACKGROUND = "background"
PREDICTED_AS = "predicted_as/"
WORST = 20
"""Images that are kept to be looked at."""

ToShares = Callable[[Any], np.ndarray]
"""(n, 4) corners in pixels of the network's input -> (n, 4) x y w h, centre, 0-1 of the image."""


class Confusions:
    """Counts of one way of judging (stock, or label-aware) over the images seen so far.

    A detection is compared with the labels of every class, best confidence first, and belongs to
    the one that it overlaps most, from IoU 0.45 on (Ultralytics' confusion matrix).
    """

    def __init__(self, names: Mapping[int, str], worst: int = WORST) -> None:
        """Start with nothing seen; `names` maps class id -> name, `worst` images are kept."""
        self.names = [names[index] for index in sorted(names)]
        self.total = ConfusionMatrix(names=dict(names))
        self.empty_images = 0
        self.false_on_empty = np.zeros(len(self.names), int)
        self._most = worst
        self._worst: list[tuple[int, str, dict[str, Any]]] = []

    def see(
        self,
        name: str,
        source: str,
        detections: Mapping[str, Any],
        labels: Mapping[str, Any],
        *,
        is_empty: bool,
        to_shares: ToShares,
    ) -> None:
        """Count one image.

        Args:
            name: file name of the published image, unique.
            source: where the image is from.
            detections: 'bboxes' (n, 4) corners in pixels, 'cls' (n,), 'conf' (n,): tensors.
            labels: 'bboxes' (m, 4) and 'cls' (m,).
            is_empty: nobody marked anything on it, in any class, no ignore region either.
            to_shares: see `ToShares`.
        """
        image = ConfusionMatrix(names=self.total.names, save_matches=self._most > 0)
        image.process_batch(detections, labels, conf=CONFIDENCE)
        matrix = image.matrix
        self.total.matrix += matrix
        if is_empty:
            self.empty_images += 1
            self.false_on_empty += matrix[:-1, -1].astype(int)
        wrong = int(matrix.sum() - np.trace(matrix))
        has_room = len(self._worst) < self._most
        if wrong and (has_room or (self._worst and wrong >= self._worst[0][0])):
            boxes = list(self._boxes(image.matches, to_shares))
            facts = {"name": name, "source": source, **_counts(matrix), "boxes": boxes}
            keep = heapq.heappush if has_room else heapq.heappushpop
            keep(self._worst, (wrong, name, facts))

    def worst_images(self) -> list[dict[str, Any]]:
        """The images with the most mistakes, the worst first, at most `worst`.

        Each: name, source, missed (labels that nothing was found for), false (detections that
        match no label), confused (labels found as another class), boxes (kind 'right', 'wrong' or
        'not_found', class_name, confidence, box as x y w h, centre, 0-1).
        """
        return [facts for _, _, facts in sorted(self._worst, key=lambda w: (-w[0], w[1]))]

    def rows(self, epoch: int, split: str) -> Iterator[dict[str, Any]]:
        """Rows of metrics.jsonl: the whole matrix, zeros too, so that 0 is told from 'unknown'.

        `class_name` is the true class, or 'background' for detections that match nothing; the
        metric is ``predicted_as/<class name>``, or ``predicted_as/background`` for missed ones.
        """
        names = [*self.names, BACKGROUND]
        for true, of in enumerate(names):
            for predicted, taken_for in enumerate(names):
                if true == predicted == len(self.names):
                    continue  # background that was left alone is not counted
                count = self.total.matrix[predicted, true]
                yield metric_row(epoch, split, ALL, of, f"{PREDICTED_AS}{taken_for}", count)

    def rows_of_empty_images(self, epoch: int, split: str) -> Iterator[dict[str, Any]]:
        """How many images hold no object at all, and what each class saw on them."""
        yield metric_row(epoch, split, ALL, ALL, "empty_images", self.empty_images)
        for name, count in zip(self.names, self.false_on_empty, strict=True):
            yield metric_row(epoch, split, ALL, name, "false_positives_on_empty", count)

    def _boxes(self, matches: Any, to_shares: ToShares) -> Iterator[dict[str, Any]]:
        import torch

        for kind, found in (("right", "TP"), ("wrong", "FP"), ("not_found", "FN")):
            boxes, sure = matches[found]["bboxes"], matches[found]["conf"]
            if not boxes:
                continue
            shares = to_shares(torch.stack(boxes)).tolist()
            for index, (box, class_id) in enumerate(
                zip(shares, matches[found]["cls"], strict=True)
            ):
                yield {
                    "kind": kind,
                    "class_name": self.names[int(class_id)],
                    "confidence": round(float(sure[index]), 3) if sure else None,
                    "box": [round(share, 4) for share in box],
                }


def _counts(matrix: np.ndarray) -> dict[str, int]:
    missed, false = int(matrix[-1].sum()), int(matrix[:, -1].sum())
    wrong = int(matrix.sum() - np.trace(matrix))
    return {"missed": missed, "false": false, "confused": wrong - missed - false}
