"""A validator of Ultralytics that judges nothing: it hands out what it found on each image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from ultralytics.data import base
from ultralytics.data.build import build_dataloader
from ultralytics.data.dataset import YOLODataset
from ultralytics.models.yolo.detect import DetectionValidator
from yolo_evaluate import on_the_image  # type: ignore[import-not-found]
from yolo_pictures import decoded  # type: ignore[import-not-found]
from yolo_support import Failure, RunFolder, say  # type: ignore[import-not-found]

NOTHING = Path(os.devnull) / "none"


class Listed(YOLODataset):
    """Images of a list, without labels; no folder is scanned."""

    def __init__(self, images: list[tuple[str, int, int]], **arguments: Any) -> None:
        """Take (path, width, height) of each image."""
        self.listed = images
        base.imread = decoded  # also raw files are looked at, which no build has repaired
        super().__init__([], **arguments)
        self.npy_files = [NOTHING] * len(images)  # a stray x.npy would be taken instead of x.jpg

    def get_img_files(self, img_path: Any) -> list[str]:
        """Paths as listed."""
        return [path for path, _, _ in self.listed]

    def get_labels(self) -> list[dict[str, Any]]:
        """Labels of backgrounds."""
        return [
            {
                "im_file": path,
                "shape": (height, width),
                "cls": np.zeros((0, 1), np.float32),
                "bboxes": np.zeros((0, 4), np.float32),
                "segments": [],
                "keypoints": None,
                "normalized": True,
                "bbox_format": "xywh",
            }
            for path, width, height in self.listed
        ]


class Collector(DetectionValidator):
    """One pass over the images of a job."""

    def __init__(self, job: dict[str, Any], weights: str, size: int, run: RunFolder) -> None:
        """Take the job of `yolo_detect`, and the size of the network's input in pixels."""
        self.job = job
        self.place = {path: number for number, (path, _, _) in enumerate(job["images"])}
        self.found: list[tuple[int, np.ndarray, np.ndarray, np.ndarray]] = []
        args = {
            "task": "detect",
            "mode": "val",
            "model": weights,
            "data": str(run.data_yaml),
            "device": str(job["device"]).partition(",")[0],
            "imgsz": size,
            "rect": True,
            "plots": False,
            "conf": job["confidence"],
            "max_det": job["most"],
            **{key: job[key] for key in ("batch", "workers", "nms")},
        }
        super().__init__(save_dir=run.root / "detect", args=args)

    def collect(self) -> None:
        """Look at every image, then write the file ``out`` of the job."""
        self()
        parts = [np.concatenate(p) for p in zip(*(row[1:] for row in self.found), strict=True)]
        classes, confidence, corners = parts or (np.zeros(0), np.zeros(0), np.zeros((0, 4)))
        counts = [len(row[1]) for row in self.found]
        names = [str(self.names[number]) for number in sorted(self.names)]
        if names == ["?"]:  # the placeholder of `yolo_detect`
            raise Failure(
                f"{self.args.model} does not say what its classes are called",
                "export it with Ultralytics, which writes their names into the file",
            )
        new = Path(self.job["out"]).with_suffix(".new.npz")
        np.savez_compressed(
            new,
            image=np.repeat([row[0] for row in self.found], counts).astype(np.int32),
            class_id=classes.astype(np.int16),
            confidence=confidence.astype(np.float32),
            corners=corners.astype(np.float32),
            names=np.array(names, str),
            size=np.array(max(np.atleast_1d(self.args.imgsz))),
        )
        new.replace(self.job["out"])

    def get_dataloader(self, dataset_path: str, batch_size: int) -> Any:
        """Loader of the listed images."""
        dataset = Listed(
            self.job["images"],
            data={**self.data, "names": self.names},
            imgsz=self.args.imgsz,
            batch_size=batch_size,
            augment=False,
            hyp=self.args,
            rect=self.args.rect,
            stride=int(self.stride),
            pad=0.5,
        )
        return build_dataloader(
            dataset, batch_size, self.args.workers, shuffle=False, device=self.device
        )

    def update_metrics(self, preds: list[dict[str, Any]], batch: dict[str, Any]) -> None:
        """Keep the boxes of a batch."""
        for index, pred in enumerate(preds):
            target = self._prepare_batch(index, batch)
            height, width = target["ori_shape"]
            corners = on_the_image(pred["bboxes"], target).cpu().numpy().reshape(-1, 4)
            self.found.append(
                (
                    self.place[target["im_file"]],
                    pred["cls"].cpu().numpy(),
                    pred["conf"].cpu().numpy(),
                    corners / np.array([width, height, width, height], np.float32),
                )
            )
        say(f"images {len(self.found)} of {len(self.place)}")

    def get_stats(self) -> dict[str, Any]:
        """Nothing is judged here."""
        return {}

    def finalize_metrics(self) -> None:
        """Nor drawn."""

    def print_results(self) -> None:
        """Nor printed."""
