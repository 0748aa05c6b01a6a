"""Run weights over pictures, in a process of its own; the same question is answered once."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import xxhash

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.detections import (
    LEAST_CONFIDENCE,
    MOST,
    Detections,
    read_detections,
)
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.settings import Settings
from hoban_assets.weights import weights_hash
from hoban_assets.workers import _watchdog
from hoban_assets.workers._surroundings import clean_environment

WORKER = Path(__file__).parents[1] / "workers" / "yolo_detect.py"
VERSION = 1
"""Raise it where the same weights would find other boxes on the same picture."""
_PROGRESS = re.compile(r"images (\d+) of (\d+)")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Found:
    """What weights found on pictures, in the classes of the pictures."""

    detections: Detections
    names: tuple[str, ...]
    """All classes that the weights know."""
    image_size: int


def detect(
    weights: Path,
    pictures: Pictures,
    settings: Settings,
    *,
    image_size: int | None = None,
    nms: bool | None = None,
    classes: Mapping[str, str] = MappingProxyType({}),
    progress: Progress = lambda done, of: None,
) -> Found:
    """Look at every picture with `weights` (.pt or .onnx).

    What was found is kept below ``cache/detections``, under the content of weights and pictures.

    Args:
        weights: a file.
        pictures: what to look at; only their labels' number matters (see `MOST`).
        settings: batch, device and loading processes; `cache`.
        image_size: pixels of the long side; None: as the weights were trained.
        nms: as in `training.plan.NMS`.
        classes: class of the weights -> class of the pictures; others as they are called.
        progress: gets (images done, of).

    Raises:
        HobanError: the weights or a picture cannot be read, memory ran out, no class of the
            weights is called as one of the pictures.
    """
    most = max(MOST, int(np.bincount(pictures.labels.image, minlength=1).max(initial=0)))
    file = settings.cache / "detections" / f"{_key(weights, pictures, image_size, nms, most)}.npz"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        job = {
            "weights": str(weights.absolute()),
            "images": [
                (str(path.absolute()), int(w), int(h))
                for path, (w, h) in zip(pictures.files, pictures.sizes, strict=True)
            ],
            "image_size": image_size,
            "nms": nms,
            "batch": settings.batch,
            "device": settings.device,
            "workers": min(settings.workers, 8),
            "confidence": LEAST_CONFIDENCE,
            "most": most,
            "out": str(file),
        }
        run_worker(WORKER, job, progress)
    found, own, size = read_detections(file)
    names = tuple(classes.get(name, name) for name in own)
    if not set(names) & set(pictures.names):
        raise HobanError(
            f"{weights} knows {', '.join(own[:8])}, and {pictures.title} has "
            f"{', '.join(pictures.names)}: no class in common",
            "say which class is which: --class theirs=ours, for instance --class person=worker",
        )
    return Found(found.as_classes(names, pictures.names), own, size)


def _key(
    weights: Path, pictures: Pictures, image_size: int | None, nms: bool | None, most: int
) -> str:
    decides = {
        "weights": weights_hash(weights),
        "pictures": pictures.key(),
        "image_size": image_size,
        "nms": nms,
        "most": most,
        "ultralytics": importlib.metadata.version("ultralytics"),
        "version": VERSION,
    }
    return xxhash.xxh3_64_hexdigest(json.dumps(decides, sort_keys=True).encode())


def run_worker(
    script: Path,
    job: dict[str, Any],
    progress: Progress = lambda done, of: None,
    log: Callable[[str], None] | None = None,
) -> None:
    """Run a worker of a command, outside Dagster, and wait for it.

    It ends with this process, and nothing of its work folder is left. `log` gets its other lines.

    Raises:
        HobanError: the worker gave a reason, or ended without one.
    """
    with tempfile.TemporaryDirectory(prefix="hoban-") as name:
        work = Path(name)
        file = work / "job.json"
        file.write_text(json.dumps({**job, "work": name}, ensure_ascii=False), encoding="utf-8")
        mark = {_watchdog.PARENT: str(os.getpid()), _watchdog.MARK: f"{script.stem}-{uuid.uuid4()}"}
        process = subprocess.Popen(
            [sys.executable, str(script), str(file)],
            env={**clean_environment(os.environ), **mark},
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        tail: deque[str] = deque(maxlen=20)
        try:
            assert process.stdout is not None  # noqa: S101  for mypy: it is a pipe
            for line in process.stdout:
                if match := _PROGRESS.match(line):
                    progress(int(match[1]), int(match[2]))
                else:
                    tail.append(line)
                    if log is not None:
                        log(line.rstrip())
            process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        reason = Path(job.get("run_dir", name)) / "failed.json"
        if process.returncode and reason.is_file():
            raise HobanError(**json.loads(reason.read_text(encoding="utf-8")))
        if process.returncode:
            raise HobanError(
                f"{script.name} ended with {process.returncode}:\n{''.join(tail)}",
                "try again; where it is repeatable, tell us with these lines",
            )
