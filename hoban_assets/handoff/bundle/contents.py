"""What a GPU server without network and without Dagster needs to train a model, as one list.

::

    <bundle>/
      README.md README.en.md     what this is, and the one command
      train.sh                   trains; goes on where it was when started again
      requirements.txt           versions that it was packed with
      plan.json                  the training; its paths are relative to the bundle
      dataset/                   the published tree, times and bytes as they are
      weights/                   what the training starts from
      server/ workers/           scripts
      SHA256SUMS                 for `sha256sum -c`
      bundle.json                every file with size, time and SHA-256; the last of the archive

The name holds a hash of all that decides the result and of the scripts: same name, same files.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hoban_assets.archives.members import Member
from hoban_assets.code_version import MODEL_PARTS, code_version_of
from hoban_assets.errors import HobanError
from hoban_assets.handoff.bundle.readme import ClassCounts, readmes
from hoban_assets.handoff.bundle.requirements import requirements
from hoban_assets.handoff.on_server.bundle_files import FORMAT
from hoban_assets.publish.yolo_files import MANIFEST, SPLITS
from hoban_assets.training.plan import MOST_LOADERS, TrainingPlan, run_key
from hoban_assets.weights import weights_hash

SERVER = Path(__file__).parents[1] / "on_server"
WORKERS = Path(__file__).parents[2] / "workers"
BATCHES = range(1, 257)
"""Batches that a server may choose: each is another run, and its key is in the bundle."""
_NOT_PUBLISHED = (".cache", ".npy")


@dataclass(frozen=True)
class Bundle:
    """All that goes into a bundle but SHA256SUMS and bundle.json."""

    name: str
    entries: tuple[Member, ...]
    """Sorted by name."""
    facts: Mapping[str, Any]
    """bundle.json without its ``files``."""

    @property
    def of(self) -> str:
        """Dataset and partition, whatever their version."""
        return f"{self.facts['dataset']}_{self.facts['partition']}"

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(entry.size for entry in self.entries)

    @property
    def mtime_ns(self) -> int:
        """Time of what is written for the bundle: that of the dataset's manifest."""
        return next(e.mtime_ns for e in self.entries if e.name == f"dataset/{MANIFEST}")


def bundle_of(
    plan: TrainingPlan, dataset: str, dataset_version: str, classes: Sequence[ClassCounts]
) -> Bundle:
    """Collect what goes into the bundle that trains `plan`.

    Args:
        plan: as `training.plan.plan_training` makes it here; its device is left out, and the
            loading processes are as many as a server can use.
        dataset: name of the asset.
        dataset_version: its data version in the catalog.
        classes: counts of each class, for the README.

    Raises:
        HobanError: a file of the dataset is gone meanwhile.
    """
    try:
        data = [*_dataset_entries(plan.dataset_path), *_weights_entries(plan)]
    except FileNotFoundError as error:
        raise HobanError(
            f"{error.filename} is gone", f"materialise {dataset} again, then make the bundle"
        ) from error
    made = next(e.mtime_ns for e in data if e.name == f"dataset/{MANIFEST}")
    plan = replace(plan, device="", workers=MOST_LOADERS)
    there = _plan_there(plan)
    small = [
        *_script_entries(made),
        Member.of_text("requirements.txt", requirements(), made),
        Member.of_text("plan.json", json.dumps(there, indent=2) + "\n", made),
    ]
    key, code = plan.run_dir.name, code_version_of(*MODEL_PARTS)
    name = f"{dataset}_{plan.partition}_{_tag(key + code, small)}"
    facts = {
        "format": FORMAT,
        "bundle": name,
        "dataset": dataset,
        "partition": plan.partition,
        "dataset_version": dataset_version,
        "model": plan.asset,
        "run_key": key,
        "code_version": code,
        "arguments": there["arguments"],
        "batches": _batch_keys(plan, dataset_version),
        "since": None,
    }
    size = sum(entry.size for entry in (*data, *small))
    texts = readmes(facts, there["expected"], classes, size)
    pages = [Member.of_text(file, text, made) for file, text in texts.items()]
    entries = sorted([*data, *small, *pages], key=lambda entry: entry.name)
    return Bundle(name, tuple(entries), facts)


def scripts_of(script: Path) -> list[Path]:
    """`script` and every sibling that it imports, they too; so that none is forgotten."""
    found, waiting = set[Path](), [script]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        siblings = [file.with_name(f"{name}.py") for name in imported(file)]
        waiting += [sibling for sibling in siblings if sibling.is_file()]
    return sorted(found)


def imported(file: Path) -> set[str]:
    """Top names of the modules that a Python file imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def script_text(path: Path) -> str:
    """A script with the line ends of Linux, as a checkout on Windows may have others."""
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")


def _dataset_entries(tree: Path) -> Iterator[Member]:
    for name in ("data.yaml", MANIFEST):
        yield Member.of_file(f"dataset/{name}", tree / name)
    for folder in (f"{kind}/{split}" for kind in ("images", "labels") for split in SPLITS):
        with os.scandir(tree / folder) as files:
            for file in files:
                if not file.name.endswith(_NOT_PUBLISHED):
                    yield Member.of_file(f"dataset/{folder}/{file.name}", Path(file.path))


def _weights_entries(plan: TrainingPlan) -> Iterator[Member]:
    if (file := Path(plan.weights)).is_absolute():  # else a .yaml that Ultralytics ships
        yield Member.of_file(f"weights/{file.name}", file)


def _script_entries(made: int) -> Iterator[Member]:
    for folder, script in (("server", SERVER / "train.py"), ("workers", WORKERS / "yolo_train.py")):
        for file in scripts_of(script):
            yield Member.of_text(f"{folder}/{file.name}", script_text(file), made)
    yield Member.of_text("train.sh", script_text(SERVER / "train.sh"), made)


def _plan_there(plan: TrainingPlan) -> dict[str, Any]:
    """The plan as the worker is given it, its paths relative to the bundle."""
    there = plan.as_json()
    there |= {"dataset_path": "dataset", "run_dir": f"runs/{plan.run_dir.name}"}
    weights = Path(plan.weights)
    there["arguments"]["model"] = (
        f"weights/{weights.name}" if weights.is_absolute() else str(weights)
    )
    return there


def _batch_keys(plan: TrainingPlan, dataset_version: str) -> dict[str, str]:
    """Batch -> run key; a server has no code to compute one."""
    file = Path(plan.weights)
    weights = weights_hash(file if file.is_absolute() else plan.weights)
    key = partial(  # the release is looked up once: it is read from a file
        run_key,
        dataset_version=dataset_version,
        weights_version=weights,
        ultralytics=importlib.metadata.version("ultralytics"),
    )
    return {str(b): key(replace(plan, batch=b)) for b in sorted({*BATCHES, plan.batch})}


def _tag(keys: str, small: Sequence[Member]) -> str:
    digest = hashlib.sha256(keys.encode())
    for entry in small:
        digest.update(f"{entry.name}\0".encode())
        digest.update(entry.source if isinstance(entry.source, bytes) else b"")
    return digest.hexdigest()[:12]
