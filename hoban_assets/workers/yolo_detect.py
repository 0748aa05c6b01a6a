"""Detections of any weights (.pt, .onnx) on a list of images: a process of its own.

``python yolo_detect.py job.json``; the job is what `hoban_assets.evaluation.detecting` writes.
Images are prepared, and boxes taken, as a validation of Ultralytics does, so figures made of these
detections are those of `yolo_evaluate`; but no label is looked for, and nothing is written beside
an image: Ultralytics' own scan rewrites damaged JPEGs in place and leaves a cache.

The result is a .npz: image (position in the list), class_id, confidence, corners (x1 y1 x2 y2,
shares of the image), names (of the model's classes), size (pixels of the network's input).
Exit status: 0 done, 1 failed (the reason is in failed.json of the work folder), 143 stopped.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from yolo_job import arguments_of, run_job  # type: ignore[import-not-found]
from yolo_memory import out_of_memory  # type: ignore[import-not-found]
from yolo_setup import explained, import_ultralytics, load  # type: ignore[import-not-found]
from yolo_support import (  # type: ignore[import-not-found]
    Failure,
    RunFolder,
    write_whole,
)

PROGRESS = "images "
"""Starts a line of progress: ``images 32 of 400``."""


def detect(job: dict[str, Any], run: RunFolder) -> None:
    """Find what is on the images of `job`; leave it in its file ``out``."""
    ultralytics = import_ultralytics()
    weights = str(job["weights"])
    trained_at = (
        (load(ultralytics, weights).overrides or {}).get("imgsz")
        if weights.endswith(".pt")
        else _size_of_onnx(weights)
    )
    from yolo_collect import Collector  # type: ignore[import-not-found]

    size = job["image_size"] or trained_at or 640
    write_whole(
        run.data_yaml, json.dumps({"path": str(run.root), "train": ".", "val": ".", "names": ["?"]})
    )
    Collector(job, weights, size, run).collect()


def _size_of_onnx(weights: str) -> int | None:
    """Pixels that an export of Ultralytics says it is for; None where it says nothing.

    Raises:
        Failure: it is no ONNX, or nothing here runs one.
    """
    try:
        import onnxruntime
    except ImportError:
        raise Failure(
            f"{weights} needs onnxruntime, which is not installed",
            "pip install -c constraints/platform.txt onnxruntime",
        ) from None
    try:
        session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own classes are made anew in each release
        raise Failure(
            f"{weights} is no ONNX that can be run: {error}", "export it again, from its .pt"
        ) from error
    said = session.get_modelmeta().custom_metadata_map.get("imgsz")
    return max(json.loads(said)) if said else None


def _explained(error: Exception, job: dict[str, Any], run: RunFolder) -> Failure | None:
    if isinstance(error, FileNotFoundError) and str(error).startswith("Image Not Found"):
        name = str(error).removeprefix("Image Not Found ")
        return Failure(f"{name} cannot be read as an image", "remove it, or replace it")
    if out_of_memory(error, run, arguments_of(job)) is not None:
        return Failure(
            f"memory ran out while looking at images, {job['batch']} at once",
            "lower HOBAN_BATCH for this command alone: figures do not depend on it",
        )
    return explained(error, run, arguments_of(job))


if __name__ == "__main__":
    sys.exit(run_job(detect, _explained))
