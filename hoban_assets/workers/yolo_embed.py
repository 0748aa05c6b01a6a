"""How a detector sees photographs and the boxes on them: a process of its own.

``python yolo_embed.py job.json``; the job is what `hoban_assets.evaluation.nearest` writes.

What a detector's head is given is a map of features at three strides. The mean of each map over a
box (RoIAlign, He et al. 2017), and over the whole photograph, is what the model knows of it: two
boxes with alike means get alike answers. One pass a photograph serves all its boxes, where
``YOLO.embed`` would want a pass for every crop, and would not see what stands around it.

The result is a .npz of vectors of unit length, float16: ``whole`` [photographs, d], and ``boxes``
[all their boxes, d], in the order of the job.
Exit status: 0 done, 1 failed (the reason is in failed.json of the work folder), 143 stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from yolo_job import arguments_of, run_job  # type: ignore[import-not-found]
from yolo_pictures import decoded  # type: ignore[import-not-found]
from yolo_setup import explained, import_ultralytics, load  # type: ignore[import-not-found]
from yolo_support import Failure, RunFolder, say  # type: ignore[import-not-found]


def embed(job: dict[str, Any], run: RunFolder) -> None:
    """Look at every photograph of `job`; leave the vectors in its file ``out``."""
    import torch
    from torchvision.ops import roi_align

    ultralytics = import_ultralytics()
    model = load(ultralytics, job["weights"])
    size = job["image_size"] or (model.overrides or {}).get("imgsz") or 640
    network = model.model.float().eval().to(_device(job["device"]))
    maps: list[Any] = []

    def keep(_: Any, given: Any) -> None:
        maps[:] = given[0]

    network.model[-1].register_forward_pre_hook(keep)
    whole, boxed = [], []
    with torch.inference_mode():
        for number, (path, boxes) in enumerate(job["images"], 1):
            picture, corners = _prepared(Path(path), np.array(boxes, float).reshape(-1, 4), size)
            height, width = picture.shape[2:]
            places = torch.from_numpy(np.array([[0, 0, width, height], *corners])).float()
            places = places.to(next(network.parameters()).device)
            network(torch.from_numpy(picture).to(places.device))
            levels = [
                roi_align(level, [places], 1, level.shape[3] / width, aligned=True).flatten(1)
                for level in maps
            ]
            # Each stride counts alike, whatever its channels amount to.
            vectors = torch.cat([torch.nn.functional.normalize(v) for v in levels], dim=1)
            found = torch.nn.functional.normalize(vectors).half().cpu().numpy()
            whole.append(found[:1])
            boxed.append(found[1:])
            say(f"images {number} of {len(job['images'])}")
    new = Path(job["out"]).with_suffix(".new.npz")
    np.savez(new, whole=np.concatenate(whole), boxes=np.concatenate(boxed))
    new.replace(job["out"])


def _device(asked: str) -> str:
    import torch

    first = asked.partition(",")[0]
    if first.isdigit() or (not first and torch.cuda.is_available()):
        return f"cuda:{first or 0}"
    return first or "cpu"


def _prepared(path: Path, shares: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A photograph as the network takes it [1, 3, h, w], and boxes (shares) in its pixels.

    Raises:
        Failure: it cannot be read.
    """
    from ultralytics.data.augment import LetterBox

    image = decoded(path)
    if image is None:
        raise Failure(f"{path} cannot be read as an image", "remove it, or replace it")
    height, width = image.shape[:2]
    boxed = LetterBox((size, size), auto=True, stride=32)(image=image)
    scale = min(size / height, size / width)
    left = round((boxed.shape[1] - round(width * scale)) / 2 - 0.1)
    top = round((boxed.shape[0] - round(height * scale)) / 2 - 0.1)
    corners = shares * np.tile([width * scale, height * scale], 2) + np.tile([left, top], 2)
    tensor = np.ascontiguousarray(boxed[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 255
    return tensor, corners


def _explained(error: Exception, job: dict[str, Any], run: RunFolder) -> Failure | None:
    return explained(error, run, arguments_of(job))


if __name__ == "__main__":
    sys.exit(run_job(embed, _explained))
