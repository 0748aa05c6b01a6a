"""Export weights to ONNX: a process of its own. ``python yolo_export.py job.json``.

The export is made beside a copy in the work folder and moved to ``out`` when it is whole.
Exit status: 0 done, 1 failed (the reason is in failed.json of the work folder).
"""

from __future__ import annotations

import json
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

import _watchdog  # type: ignore[import-not-found]
from yolo_setup import explained, import_ultralytics, load  # type: ignore[import-not-found]
from yolo_support import Failure, RunFolder, quiet  # type: ignore[import-not-found]


def main() -> int:
    """Run the job that is named; turn what went wrong into one message and an exit status."""
    _watchdog.start()
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    run = RunFolder(Path(job["work"]))
    quiet(run.root)
    try:
        export(job, run)
    except Exception as error:
        arguments = {"device": "cpu", "batch": 1, "imgsz": job["image_size"] or 640}
        failure = explained(error, run, arguments | {"workers": 0})
        if failure is None:
            traceback.print_exc()
            failure = Failure(
                f"{job['weights']} could not be exported ({error})",
                "install what constraints/platform.txt names: onnx, onnxslim, onnxruntime",
            )
        run.report(failure)
        return 1
    return 0


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
    sys.exit(main())
