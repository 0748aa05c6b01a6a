"""Export weights to ONNX: a process of its own. ``python yolo_export.py job.json``.

The export is made beside a copy in the work folder and moved to ``out`` when it is whole.
Exit status: 0 done, 1 failed (the reason is in failed.json of the work folder).
"""

from __future__ import annotations

import shutil
import sys
from typing import Any

from yolo_job import arguments_of, run_job  # type: ignore[import-not-found]
from yolo_setup import explained, import_ultralytics, load  # type: ignore[import-not-found]
from yolo_support import Failure, RunFolder  # type: ignore[import-not-found]


def _explained(error: Exception, job: dict[str, Any], run: RunFolder) -> Failure:
    return explained(error, run, arguments_of(job)) or Failure(
        f"{job['weights']} could not be exported ({error})",
        "install what constraints/platform.txt names: onnx, onnxslim, onnxruntime",
    )


def export(job: dict[str, Any], run: RunFolder) -> None:
    """Write ``out``: any image size and batch may be given to it (dynamic axes)."""
    copy = run.root / "model.pt"
    shutil.copyfile(job["weights"], copy)
    model = load(import_ultralytics(), str(copy))
    size = job["image_size"] or (model.overrides or {}).get("imgsz") or 640
    written = model.export(
        format="onnx", imgsz=size, dynamic=True, simplify=True, device="cpu", nms=job["nms"]
    )
    shutil.move(str(written), job["out"])


if __name__ == "__main__":
    sys.exit(run_job(export, _explained))
