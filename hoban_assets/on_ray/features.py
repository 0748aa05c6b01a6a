"""Image features on a Ray cluster: each block of images is a task, kept as soon as it is there.

Runs on a node as ``python -m hoban_assets.on_ray.features`` through Dagster Pipes. Extras:
``files`` (JSON file: content hash -> path), ``store`` (folder of the `FeatureStore`), ``info``
(engine, version, model), ``python`` (interpreter of fastdup's environment).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from dagster_pipes import (
    DAGSTER_PIPES_CONTEXT_ENV_VAR,
    DAGSTER_PIPES_MESSAGES_ENV_VAR,
    PipesContext,
    encode_param,
)

from hoban_assets.curation.features import FeatureStore, engine_key, thumbnail_features
from hoban_assets.errors import HobanError
from hoban_assets.on_ray.node_job import run_job
from hoban_assets.on_ray.tasks import join_cluster, spread
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.workers import _watchdog
from hoban_assets.workers._surroundings import clean_environment, without_ray

BLOCK = 1_000
"""Images of a task: some ten seconds of a core, of which fastdup's start takes two."""
FASTDUP = Path(_watchdog.__file__).with_name("fastdup_features.py")
_LINES = 20


class Found(NamedTuple):
    """Features of some images (rows as the store keeps them), and the images that have none."""

    hashes: list[str]
    matrix: np.ndarray
    bad: dict[str, str]
    """Content hash -> fastdup's error."""


class Block(NamedTuple):
    """A task: content hash -> path of an image, and what computes its features."""

    paths: dict[str, str]
    engine: str
    python: str


def blocks(paths: Mapping[str, str], engine: str, python: str) -> Iterator[Block]:
    """Cut images into tasks."""
    hashes = list(paths)
    for start in range(0, len(hashes), BLOCK):
        part = hashes[start : start + BLOCK]
        yield Block({h: paths[h] for h in part}, engine, python)


def features_of(block: Block) -> Found:
    """Compute the features of one block, with one core."""
    if block.engine == "fastdup":
        return _by_fastdup(block)
    paths = [Path(path) for path in block.paths.values()]
    if block.engine == "thumbnail":
        return Found(list(block.paths), thumbnail_features(paths, 1), {})
    from hoban_assets.curation.copies.reading import sketches_of

    return Found(list(block.paths), sketches_of(paths, 1), {})


def written_by_fastdup(out: Path) -> Found:
    """Read what `workers/fastdup_features.py` wrote."""
    report = json.loads(out.with_name(f"{out.name}.json").read_text(encoding="utf-8"))
    hashes = out.with_name(f"{out.name}.txt").read_text(encoding="utf-8").split()
    return Found(hashes, np.load(out), report["bad"])


def _by_fastdup(block: Block) -> Found:
    """Run fastdup's worker in its own environment, below this process."""
    if not Path(block.python).is_file():
        raise HobanError(
            f"the node {os.uname().nodename} of the Ray cluster has no interpreter {block.python}",
            "make fastdup's environment at the same path on every node, or set "
            "HOBAN_FEATURE_ENGINE=copies",
        )
    with tempfile.TemporaryDirectory(prefix="hoban-features-") as name:
        folder = Path(name)
        listing, out = folder / "images.json", folder / "features.npy"
        listing.write_text(json.dumps(block.paths), encoding="utf-8")
        extras = {
            "input": str(listing),
            "work_dir": str(folder / "work"),
            "out": str(out),
            "threads": 1,
            "done": 0,
            "total": len(block.paths),
        }
        done = subprocess.run(
            [block.python, str(FASTDUP)],
            env=_environment(extras, folder / "messages"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines()[-_LINES:]
            raise RuntimeError(f"fastdup ended with {done.returncode}:\n" + "\n".join(lines))
        return written_by_fastdup(out)


def _environment(extras: Mapping[str, Any], messages: Path) -> dict[str, str]:
    """What a worker finds when a step starts it: its parameters, and whom it ends with."""
    nobody = dict.fromkeys(
        (
            "asset_keys",
            "code_version_by_asset_key",
            "provenance_by_asset_key",
            "partition_key",
            "partition_key_range",
            "partition_time_window",
            "job_name",
        )
    )
    data = {**nobody, "run_id": "", "retry_number": 0, "extras": dict(extras)}
    return {
        **without_ray(clean_environment(os.environ)),
        DAGSTER_PIPES_CONTEXT_ENV_VAR: encode_param({"data": data}),
        DAGSTER_PIPES_MESSAGES_ENV_VAR: encode_param({"path": str(messages)}),
        _watchdog.PARENT: str(os.getpid()),
        _watchdog.MARK: f"features-{uuid.uuid4().hex}",
    }


def _main(pipes: PipesContext) -> None:
    paths = json.loads(Path(pipes.get_extra("files")).read_text(encoding="utf-8"))
    info = pipes.get_extra("info")
    store = FeatureStore(Path(pipes.get_extra("store")), engine_key(info))
    wanted = {h: paths[h] for h in store.missing(list(paths))}
    pipes.log.info(f"features of {len(wanted):,} images, {BLOCK:,} a task")
    line, bad = progress_line("features", pipes.log.info), dict[str, str]()
    done = 0
    join_cluster()
    for found in spread(features_of, blocks(wanted, info["engine"], pipes.get_extra("python"))):
        store.add(found.hashes, found.matrix, info)
        bad |= found.bad
        done += len(found.hashes) + len(found.bad)
        line(done, len(wanted))
    pipes.report_custom_message({"bad": bad})


if __name__ == "__main__":
    raise SystemExit(run_job(_main))
