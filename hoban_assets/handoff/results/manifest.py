"""``results.json``: what a server says of its training, compared with the files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hoban_assets.handoff.results.archive import AGAIN, NO_ARCHIVE, RESULTS, Archive, Refused
from hoban_assets.settings import PARTITIONS, Settings
from hoban_assets.training.plan import NAIVE, TrainingPlan

FORMAT = 1
"""Newest format of results.json that this code reads."""
FINISHED, BEST, METRICS = "finished.json", "best.pt", "metrics.jsonl"
TRAIN_AGAIN = (
    "start ./train.sh on the server again: it goes on, and writes a new archive at the end"
)
_MOST_JSON = 1 << 20
_MOST = 1_000_000
_DAMAGE = (ValueError, LookupError, TypeError, OverflowError, RecursionError)
_RUN_KEY = re.compile(r"[0-9a-f]{16}")
_ASSET = re.compile(r"[a-z][a-z0-9_]*")
_SAME_NAME = (
    *("epochs", "patience", "batch", "device", "workers", "seed", "lr0", "optimizer"),
    *("cos_lr", "nms"),
)
"""Fields of a plan that Ultralytics calls the same."""


@dataclass(frozen=True)
class FileFacts:
    """What a file was when the server packed it."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """``results.json``: which training it is, of which dataset, with which files."""

    model: str
    partition: str
    dataset: str
    dataset_version: str
    run_key: str
    plan: Mapping[str, Any]
    """`TrainingPlan.as_json`, with paths of the server."""
    files: Mapping[str, FileFacts]
    made_at: str
    made_with: Mapping[str, str]
    """Releases of python, torch and ultralytics, and the device."""
    code_version: str | None = None
    """Of the code that made the bundle, where it is known."""

    def run_dir(self, settings: Settings) -> Path:
        """Where its run folder lies on this machine."""
        return settings.models / self.model / self.partition / self.run_key


def read_manifest(archive: Archive) -> Manifest:
    """Read ``results.json``, and hold the names and sizes in the archive against it.

    Raises:
        Refused: it is absent, damaged or newer than this code, or files lack or are too many.
    """
    size = archive.sizes.get(RESULTS)
    if size is None:
        raise Refused("{file} holds no results.json", NO_ARCHIVE, file=archive.path)
    try:
        if size > _MOST_JSON:
            raise ValueError(f"{size:,} bytes are too many")
        with archive.open(RESULTS) as stream:
            found = json.loads(stream.read())
        if int(found["format"]) > FORMAT:
            raise Refused(
                "{file} is of format {found}, and this code reads formats up to {known}",
                "update this checkout (git pull), then import it again",
                file=archive.path,
                found=found["format"],
                known=FORMAT,
            )
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()  # no half a character
        manifest = _parsed(found)
    except (*_DAMAGE, AttributeError) as error:
        raise Refused(
            "results.json in {file} is damaged ({error})",
            AGAIN,
            file=archive.path,
            error=f"{type(error).__name__}: {error}",
        ) from error
    _same_files(archive, manifest)
    return manifest


def _parsed(found: dict[str, Any]) -> Manifest:
    files = {
        str(name): FileFacts(int(facts["bytes"]), str(facts["sha256"]))
        for name, facts in found["files"].items()
    }
    texts = ("model", "partition", "dataset", "dataset_version", "run_key", "made_at")
    manifest = Manifest(
        **{name: str(found[name]) for name in texts},
        plan=dict(found["plan"]),
        files=files,
        made_with={str(k): str(v) for k, v in (found.get("made_with") or {}).items()},
        code_version=found.get("code_version"),
    )
    if not _RUN_KEY.fullmatch(manifest.run_key):  # it names a folder
        raise ValueError(f"run_key {manifest.run_key!r} is none")
    if manifest.partition not in PARTITIONS or not _ASSET.fullmatch(manifest.model):
        raise ValueError(f"no model {manifest.model!r} [{manifest.partition!r}]")
    if (manifest.plan["asset"], manifest.plan["partition"]) != (manifest.model, manifest.partition):
        raise ValueError("its plan is of another model")
    if not isinstance(manifest.code_version, str | None):
        raise TypeError("its code_version is no text")
    _must_be_possible(plan_of(manifest.plan))
    return manifest


def _must_be_possible(plan: TrainingPlan) -> None:
    """Hold types and sizes of a plan's fields against those that a training can have."""
    try:
        as_read = json.dumps(asdict(plan), default=str)  # paths are the only ones that are no JSON
        TypeAdapter(TrainingPlan).validate_json(as_read, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{first['loc'][0]} of its plan: {first['msg']}") from error
    for name in ("epochs", "patience", "image_size", "batch", "nominal_batch"):
        if not 0 <= getattr(plan, name) <= _MOST:
            raise ValueError(f"{name} {getattr(plan, name)} of its plan is impossible")
    if not 0 < plan.lr0 <= _MOST:
        raise ValueError(f"lr0 {plan.lr0} of its plan is impossible")


def _same_files(archive: Archive, manifest: Manifest) -> None:
    if FINISHED not in manifest.files:
        raise Refused("the training in {file} is not finished", TRAIN_AGAIN, file=archive.path)
    for name in (*manifest.files, BEST, METRICS):
        if name not in archive.sizes or name not in manifest.files:
            raise altered("{name} is missing in {file}", archive, name)
    for name, size in archive.sizes.items():
        if name == RESULTS:
            continue
        if name not in manifest.files:
            raise altered("{file} holds {name}, which results.json does not list", archive, name)
        if size != (wanted := manifest.files[name].bytes):
            raise altered(
                "{name} in {file} has {size} bytes; the server packed {wanted}",
                archive,
                name,
                size=f"{size:,}",
                wanted=f"{wanted:,}",
            )


def altered(problem: str, archive: Archive, name: str, **values: object) -> Refused:
    """Return what is said of a file that is not what the server packed."""
    way_out = (
        "copy the archive again; if it is no better, ./train.sh on the server writes a new one"
    )
    return Refused(problem, way_out, file=archive.path, name=name, **values)


def plan_of(plan: Mapping[str, Any]) -> TrainingPlan:
    """Return the plan that `TrainingPlan.as_json` made this of.

    Raises:
        KeyError: an argument is missing.
    """
    given = plan["arguments"]
    return TrainingPlan(
        asset=plan["asset"],
        partition=plan["partition"],
        dataset_path=Path(plan["dataset_path"]),
        run_dir=Path(plan["run_dir"]),
        expected=plan["expected"],
        weights=given["model"],
        image_size=given["imgsz"],
        nominal_batch=given["nbs"],
        partial_labels=plan.get("partial_labels", NAIVE),  # servers of before had no choice
        **{name: given[name] for name in _SAME_NAME},
    )
