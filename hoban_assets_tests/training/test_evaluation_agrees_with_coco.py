"""Label-aware AP against pycocotools, on drawn labels, ignore regions and detections."""

import contextlib
import io

import numpy as np
import pytest
from training_tools import WORKERS

SIDE = 640
CLASSES = 3


@pytest.fixture
def matching(monkeypatch):
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_matching

    return yolo_matching


def drawn(count: int, seed: int):
    """[(class, x1 y1 x2 y2)] of labels and regions, and [(class, box, confidence)] of each image.

    Detections lie on labels by every share, partly inside regions, several on one label, and
    nowhere; one image in ten has none, one in ten no label.
    """
    rng = np.random.default_rng(seed)

    def boxes(n: int) -> np.ndarray:
        size = rng.uniform(20, 220, (n, 2))
        low = rng.uniform(0, SIDE - size)
        return np.concatenate([low, low + size], axis=1)

    def shaken(around: np.ndarray) -> np.ndarray:
        size = np.tile(around[:, 2:] - around[:, :2], 2)
        moved = around + rng.normal(0, 0.09, around.shape) * size
        return np.clip(np.sort(moved.reshape(-1, 2, 2), axis=1).reshape(-1, 4), 0, SIDE)

    for _ in range(count):
        labels = boxes(rng.integers(0, 7) * (rng.random() > 0.1))
        regions = boxes(rng.integers(0, 4))
        of_label, of_region = (rng.integers(0, CLASSES, len(b)) for b in (labels, regions))
        parts = [(labels, of_label), (labels[::2], of_label[::2]), (regions, of_region)]
        found = [(shaken(b), c) for b, c in parts]
        found.append((boxes(rng.integers(0, 5)), None))
        yield (
            (labels, of_label),
            (regions, of_region),
            [
                (int(rng.integers(0, CLASSES) if c is None else c[i]), box, float(rng.random()))
                for b, c in found
                for i, box in enumerate(b)
                if rng.random() > 0.1
            ],
        )


def as_xywh(box: np.ndarray) -> list[float]:
    return [*box[:2].tolist(), *(box[2:] - box[:2]).tolist()]


def of_pycocotools(images) -> np.ndarray:
    """AP [classes, 10]; ignore regions are crowds."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = COCO()
    annotations, results = [], []
    for image_id, (labels, regions, detections) in enumerate(images, 1):
        for crowd, (boxes, classes) in ((0, labels), (1, regions)):
            for box, class_id in zip(boxes, classes, strict=True):
                x, y, w, h = as_xywh(box)
                annotation = {"bbox": [x, y, w, h], "area": w * h, "iscrowd": crowd}
                ids = {"id": len(annotations) + 1, "image_id": image_id}
                annotations.append({**annotation, **ids, "category_id": int(class_id) + 1})
        results += [
            {"image_id": image_id, "category_id": c + 1, "bbox": as_xywh(box), "score": score}
            for c, box, score in detections
        ]
    truth.dataset = {
        "info": {},
        "images": [{"id": i} for i in range(1, len(images) + 1)],
        "annotations": annotations,
        "categories": [{"id": c + 1} for c in range(CLASSES)],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        judged = COCOeval(truth, truth.loadRes(results), "bbox")
        judged.params.maxDets = [1000]
        judged.params.areaRng, judged.params.areaRngLbl = [[0, 1e10]], ["all"]
        judged.evaluate()
        judged.accumulate()
    return judged.eval["precision"][:, :, :, 0, 0].mean(axis=1).T


def of_ours(matching, images) -> np.ndarray:
    found = [[[], [], []] for _ in range(CLASSES)]
    counts = np.zeros(CLASSES, int)
    for (labels, of_label), (regions, of_region), detections in images:
        counts += np.bincount(of_label, minlength=CLASSES)
        for class_id in range(CLASSES):
            mine = [(box, score) for c, box, score in detections if c == class_id]
            boxes = np.array([box for box, _ in mine]).reshape(-1, 4)
            scores = np.array([score for _, score in mine])
            right, ignored = matching.matched(
                matching.pairwise_iou(boxes, labels[of_label == class_id]),
                matching.share_inside(boxes, regions[of_region == class_id]),
                scores,
            )
            for kept, new in zip(found[class_id], (right, ignored, scores), strict=True):
                kept.append(new)
    return np.array(
        [
            matching.average_precision(*map(np.concatenate, found[c]), int(counts[c]))
            for c in range(CLASSES)
        ]
    )


def test_a_thousand_images_with_ignore_regions_are_judged_as_by_pycocotools(matching):
    images = list(drawn(1000, seed=3))
    theirs, ours = of_pycocotools(images), of_ours(matching, images)
    assert 0.2 < theirs.mean() < 0.9
    assert ours == pytest.approx(theirs, abs=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_and_so_are_a_few_images_where_each_detection_weighs(matching, seed):
    images = list(drawn(4, seed=100 + seed))
    theirs, ours = of_pycocotools(images), of_ours(matching, images)
    labelled = theirs[:, 0] >= 0  # -1: a class without label
    assert ours[labelled] == pytest.approx(theirs[labelled], abs=1e-3)
