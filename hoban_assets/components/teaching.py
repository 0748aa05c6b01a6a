"""Networks that complete labels: they look at photographs in a process of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
import xxhash

from hoban_assets.catalog.store import Catalog
from hoban_assets.errors import HobanError
from hoban_assets.external import run_worker
from hoban_assets.files import save
from hoban_assets.howto import build_all
from hoban_assets.pipeline.completing import weights_file
from hoban_assets.pipeline.teaching import Completion, Teacher
from hoban_assets.settings import Settings
from hoban_assets.weights import weights_hash
from hoban_assets.yolo import STRIDE

WORKER = Path(__file__).parents[1] / "workers" / "yolo_teach.py"
LEAST_SCORE = 0.05
"""Below it nothing is written: no limit is that low."""


def model_versions(
    completion: Completion | None, catalog: Catalog, partition: str
) -> dict[str, str]:
    """Data version of each model of this platform that teaches in a partition, by its name.

    Raises:
        HobanError: one was never trained.
    """
    names = completion.models if completion else ()
    return {name: _trained(name, catalog, partition)[1] for name in names}


def _trained(model: str, catalog: Catalog, partition: str) -> tuple[Path, str]:
    current = catalog.current(model, partition)
    if current is None or not current.path or not (Path(current.path) / "best.pt").is_file():
        raise HobanError(
            f"{model} [{partition}], which completes labels, is not trained",
            build_all(model, partition),
        )
    return Path(current.path) / "best.pt", current.data_version or ""


class Teaching:
    """A `pipeline.completing.Teach`: what was looked at is kept below ``cache/teachers``.

    The same weights asked about the same files look at nothing again.
    """

    def __init__(
        self, settings: Settings, context: dg.AssetExecutionContext, catalog: Catalog
    ) -> None:
        self._settings = settings
        self._context = context
        self._catalog = catalog

    def __call__(self, teacher: Teacher, files: Sequence[str]) -> Mapping[str, Path]:
        """Return a file of predictions for each scale, by its image size in pixels.

        Raises:
            HobanError: the weights are not there.
            dagster.Failure: the worker ended with a reason, for instance unknown classes.
        """
        weights = self._weights(teacher)
        work_dir = self._settings.cache / "teachers" / self._key(teacher, weights, files)
        sizes = sorted({self._size(scale) for scale in teacher.scales})
        views = {str(size): work_dir / f"{size}.jsonl" for size in sizes}
        if all(file.is_file() for file in views.values()):
            return views
        listing = work_dir / "files.json"
        save(listing, json.dumps(list(files), ensure_ascii=False))
        run_worker(
            self._context,
            python=Path(sys.executable),
            script=WORKER,
            extras={
                "weights": str(weights),
                "classes": list(teacher.maps),
                "files": str(listing),
                "raw_root": str(self._settings.raw_root),
                "views": {size: str(file) for size, file in views.items()},
                "confidence": LEAST_SCORE,
                "batch": self._settings.batch,
                "device": self._settings.device,
                "run_dir": str(work_dir / "run"),
            },
            stall_seconds=self._settings.stall_seconds,
            way_out="make the environment again",
        )
        return views

    def _weights(self, teacher: Teacher) -> Path:
        if teacher.model:
            return _trained(teacher.model, self._catalog, self._context.partition_key)[0]
        return weights_file(teacher, self._settings)

    def _size(self, scale: float) -> int:
        """Image size of a scale: a multiple of the largest stride."""
        return max(STRIDE, round(self._settings.image_size * scale / STRIDE) * STRIDE)

    def _key(self, teacher: Teacher, weights: Path, files: Sequence[str]) -> str:
        parts = (weights_hash(weights), sorted(teacher.maps), sorted(files))
        return xxhash.xxh3_64_hexdigest(json.dumps(parts).encode())
