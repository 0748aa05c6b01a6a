"""Kinds of errors (TIDE) and calibration of a detector, by hotcoco on the same label-aware terms.

hotcoco judges as LVIS does: of an image only the classes count that are labelled there
(``neg_category_ids``: labelled and absent), and ``iscrowd`` regions absorb detections. Of a class
that a label rules out on an image, that image counts as one without it, and only what can be judged
is handed over. Its AP agrees with that of `judging` (a test holds it to 1e-3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.matches import judgeable
from hoban_assets.evaluation.pictures import Boxes, Pictures

KINDS = {
    "Cls": "found, but as another class",
    "Loc": "found, but badly placed",
    "Both": "another class, and badly placed",
    "Dupe": "found twice",
    "Bkg": "nothing is there",
    "Miss": "not found",
}
"""Kind of error (Bolya et al. 2020, TIDE) -> what it says."""


def evaluated(pictures: Pictures, found: Detections) -> Any:
    """Return hotcoco's evaluation, run: LVIS terms, boxes in pixels."""
    import hotcoco

    found = found.some(judgeable(pictures, found))
    judged = _judged_classes(pictures, found)
    absent = judged & ~_present(pictures)
    truth = hotcoco.COCO(
        {
            "images": [_image(pictures, number, absent[number]) for number in range(len(pictures))],
            "categories": [
                {"id": number, "name": name, "frequency": "f"}
                for number, name in enumerate(pictures.names, 1)
            ],
            "annotations": [
                {**row, "id": number}
                for number, row in enumerate(
                    [
                        *_rows(_of(pictures.labels, pictures.labelled), pictures.sizes, iscrowd=0),
                        *_rows(_of(pictures.regions, judged), pictures.sizes, iscrowd=1),
                    ],
                    1,
                )
            ],
        }
    )
    rows = _rows(found.boxes, pictures.sizes)
    results = [
        {**row, "score": score} for row, score in zip(rows, found.confidence.tolist(), strict=True)
    ]
    told = hotcoco.COCOeval(truth, truth.load_res(results), "bbox", lvis_style=True)
    told.params.max_dets = [max(300, int(np.bincount(found.boxes.image, minlength=1).max()))]
    told.evaluate()
    told.accumulate()
    return told


def kinds_of_errors(judged: Any) -> list[dict[str, Any]]:
    """Each kind of error at IoU 0.5: how many, and what mAP50 would gain without it."""
    told = judged.tide_errors()
    return [
        {"kind": kind, "what": what, "count": told["counts"][kind], "gain": told["delta_ap"][kind]}
        for kind, what in KINDS.items()
    ]


def calibration_error(judged: Any) -> float:
    """Expected calibration error at IoU 0.5 (ten bins): how far confidence is from precision."""
    return float(judged.calibration()["ece"])


def _judged_classes(pictures: Pictures, found: Detections) -> np.ndarray:
    """[images, classes] bool: labelled, or something was found that a label rules out."""
    judged = pictures.labelled.copy()
    judged[found.boxes.image, found.boxes.class_id] = True
    return judged


def _of(boxes: Boxes, classes: np.ndarray) -> Boxes:
    """Boxes of these classes ([images, classes] bool): any other would make its class judged."""
    return boxes.some(classes[boxes.image, boxes.class_id])


def _present(pictures: Pictures) -> np.ndarray:
    """[images, classes] bool: has a label that counts."""
    has = np.zeros(pictures.labelled.shape, bool)
    has[pictures.labels.image, pictures.labels.class_id] = True
    return has & pictures.labelled


def _image(pictures: Pictures, number: int, absent: np.ndarray) -> Mapping[str, Any]:
    width, height = pictures.sizes[number].tolist()
    return {
        "id": number + 1,
        "file_name": pictures.ids[number],
        "width": width,
        "height": height,
        "neg_category_ids": (np.flatnonzero(absent) + 1).tolist(),
        "not_exhaustive_category_ids": [],
    }


def _rows(boxes: Boxes, sizes: np.ndarray, **more: int) -> list[dict[str, Any]]:
    pixels = boxes.corners * np.tile(sizes[boxes.image], 2)
    pixels[:, 2:] -= pixels[:, :2]
    return [
        {
            "image_id": image + 1,
            "category_id": class_id + 1,
            "bbox": box,
            "area": box[2] * box[3],
            **more,
        }
        for image, class_id, box in zip(
            boxes.image.tolist(), boxes.class_id.tolist(), pixels.tolist(), strict=True
        )
    ]
