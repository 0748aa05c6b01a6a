"""Heavy work on images for a step, here or on a Ray cluster: features, their pairs, image facts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np

from hoban_assets.curation.block_pairs import ROWS, Progress, in_turn
from hoban_assets.curation.cosine import Pairs
from hoban_assets.curation.features import FeatureStore, engine_key, thumbnail_features
from hoban_assets.curation.similarity import SimilarityGraph
from hoban_assets.errors import HobanError
from hoban_assets.external import run_worker
from hoban_assets.on_ray import pairs as pair_search
from hoban_assets.on_ray.cluster import runs_on_ray
from hoban_assets.on_ray.features import FASTDUP, Found, written_by_fastdup
from hoban_assets.on_ray.worker import RayJob, run_worker_on_ray
from hoban_assets.pipeline.engines import NO_FASTDUP, engine_info
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.processes.lifeline import own_folder
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings

PART = 4_000
"""Images that are computed and remembered at a time: under a minute of fastdup on two cores."""
ALONE = 100_000
"""Up to so many images this machine compares all pairs itself: 5 billion, a minute or two of a
core, less than it takes to hand the features to a cluster."""
ON_RAY = Path(pair_search.__file__).parent
_NODE_WAY_OUT = "set HOBAN_RAY_PYTHON to an interpreter of the nodes that has hoban_assets"


class Extractor:
    """A `FeatureExtractor`: each content is computed once for all stages and versions.

    Where ``HOBAN_DATA_STEPS_<PARTITION>`` says so, features, the pair search of many images and
    image facts run on the Ray cluster, and what they find is what the same work here would find.
    """

    def __init__(self, settings: Settings, context: dg.AssetExecutionContext) -> None:
        self._settings = settings
        self._context = context

    @cached_property
    def info(self) -> Mapping[str, Any]:
        """Engine, version and model: features of different ones never mix.

        Raises:
            HobanError: fastdup's environment is missing or has no fastdup.
        """
        return engine_info(self._settings)

    @property
    def engine(self) -> str:
        """Name of what computes the features."""
        return engine_key(self.info)

    def __call__(self, samples: Samples) -> np.ndarray | SimilarityGraph:
        """Similarity of ``samples.images``: features (float32, rows of length 1), or a graph.

        What is not known yet is computed part by part and remembered after each: whatever ends
        the run, the next one goes on behind the last part.
        """
        store = FeatureStore(self._settings.cache / "features", self.engine)
        hashes = samples.images.content_hash.tolist()
        if missing := store.missing(hashes):
            self._context.log.info(
                f"features: {len(missing):,} of {len(set(hashes)):,} images are to be computed"
            )
            files = dict(zip(samples.images.content_hash, samples.images.file, strict=True))
            self._fill(store, {h: self._settings.raw_root / files[h] for h in missing})
        rows = store.load(hashes)
        if self._settings.feature_engine != "copies":
            return rows
        from hoban_assets.curation.copies.search import copy_graph

        proving = progress_line("proving copies", self._context.log.info)
        return copy_graph(rows, self._settings.workers, proving)

    def pairs(
        self,
        features: np.ndarray,
        threshold: float,
        most: int,
        progress: Progress | None = None,
    ) -> Iterator[Pairs]:
        """Search all pairs, here or on the cluster: an `Executor` of `block_pairs`."""
        if len(features) <= ALONE or not self._is_on_ray:
            yield from in_turn(features, threshold, most, progress)
            return
        folder = pair_search.prepare(
            features, threshold, most, self._settings.cache / "pair_search", ROWS
        )
        self._run_tasks("pairs.py", (folder,), {"folder": str(folder)})
        try:
            yield from pair_search.answers(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _fill(self, store: FeatureStore, paths: dict[str, Path]) -> None:
        if self._is_on_ray:
            _refuse_bad(self._on_ray(store, paths), paths)
            return
        told = progress_line("features", self._context.log.info)
        work = list(paths)
        for start in range(0, len(work), PART):
            part = {h: paths[h] for h in work[start : start + PART]}
            if self._settings.feature_engine == "fastdup":
                found = self._in_fastdup(part, start, len(work))
                store.add(found.hashes, found.matrix, self.info)
                _refuse_bad(found.bad, paths)
            else:
                store.add(list(part), self._here(list(part.values())), self.info)
                told(start + len(part), len(work))

    def _on_ray(self, store: FeatureStore, paths: dict[str, Path]) -> dict[str, str]:
        """Fill the store by tasks of the cluster; the error of each image without features."""
        with own_folder(self._settings.cache, "features") as work_dir:
            listing = work_dir / "files.json"
            listing.write_text(json.dumps({h: str(p) for h, p in paths.items()}), encoding="utf-8")
            done = self._run_tasks(
                "features.py",
                (listing, self._settings.raw_root),
                {
                    "files": str(listing),
                    "store": str(store.folder),
                    "info": dict(self.info),
                    "python": str(self._settings.fastdup_python),
                },
            )
        [message] = done.get_custom_messages()
        return dict(message["bad"])

    def _here(self, paths: list[Path]) -> np.ndarray:
        if self._settings.feature_engine == "thumbnail":
            return thumbnail_features(paths, self._settings.workers)
        from hoban_assets.curation.copies.reading import sketches_of

        return sketches_of(paths, self._settings.workers)

    def _in_fastdup(self, paths: dict[str, Path], done: int, total: int) -> Found:
        with own_folder(self._settings.cache, "fastdup") as work_dir:
            return self._run_fastdup(paths, work_dir, done, total)

    def _run_fastdup(self, paths: dict[str, Path], work_dir: Path, done: int, total: int) -> Found:
        listing, out = work_dir / "images.json", work_dir / "features.npy"
        listing.write_text(json.dumps({h: str(p) for h, p in paths.items()}), encoding="utf-8")
        run_worker(
            self._context,
            python=self._settings.fastdup_python,
            script=FASTDUP,
            extras={
                "input": str(listing),
                "work_dir": str(work_dir / "work"),
                "out": str(out),
                "threads": self._settings.workers,
                "done": done,
                "total": total,
            },
            stall_seconds=self._settings.stall_seconds,
            way_out=NO_FASTDUP,
        )
        return written_by_fastdup(out)

    def read_facts(self, files: list[str]) -> None:
        """Fill the cache of image facts on the cluster, where it is chosen and facts are missing.

        What is left, the step reads by itself.
        """
        if not self._is_on_ray:
            return
        from hoban_assets.on_ray.facts import unknown_files

        cache, root = self._settings.cache, self._settings.raw_root
        cache_file = cache / "image_facts.parquet"  # as in checking.with_picture_facts
        missing = unknown_files(files, root, cache_file)
        if not missing:
            return
        with own_folder(cache, "facts") as work_dir:
            listing = work_dir / "files.json"
            listing.write_text(json.dumps(missing), encoding="utf-8")
            self._run_job(
                RayJob(self._settings.ray_address, cpus=1, needs=(listing, root)),
                "facts.py",
                {"files": str(listing), "raw_root": str(root), "cache_file": str(cache_file)},
            )

    @cached_property
    def _is_on_ray(self) -> bool:
        if not self._context.has_partition_key:
            return False
        choice = self._settings.data_steps[self._context.partition_key]
        return runs_on_ray(choice, self._settings)

    def _run_tasks(
        self, module: str, needs: Sequence[Path], extras: Mapping[str, Any]
    ) -> dg.PipesClientCompletedInvocation:
        """Run a job that gives its work to all nodes; itself it takes no processor of any."""
        job = RayJob(self._settings.ray_address, needs=needs, starts_tasks=True)
        return self._run_job(job, module, extras)

    def _run_job(
        self, job: RayJob, module: str, extras: Mapping[str, Any]
    ) -> dg.PipesClientCompletedInvocation:
        """Run a module of `on_ray` as a job of the cluster."""
        return run_worker_on_ray(
            self._context,
            job,
            python=self._settings.ray_python,
            script=ON_RAY / module,
            extras=extras,
            stall_seconds=self._settings.stall_seconds,
            way_out=_NODE_WAY_OUT,
        )


def _refuse_bad(bad: Mapping[str, str], paths: Mapping[str, Path]) -> None:
    if bad:
        content, error = next(iter(bad.items()))
        raise HobanError(
            f"fastdup cannot read {len(bad)} images, the first is {paths[content]} ({error})",
            "save it again as a plain JPEG or take it out of its source, or set "
            "HOBAN_FEATURE_ENGINE=copies",
        )
