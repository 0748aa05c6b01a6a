"""What a training run is: everything that decides its result, fixed before a process starts."""

from __future__ import annotations

import importlib.metadata
import json
import shlex
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from hoban_assets.asset_names import dataset_of
from hoban_assets.classes import CLASS_NAMES, rules_out
from hoban_assets.errors import HobanError
from hoban_assets.freshness.machine import MACHINE, machine_choices
from hoban_assets.howto import build
from hoban_assets.ingredients import Ingredients, model_from
from hoban_assets.settings import Settings
from hoban_assets.weights import resolve_weights, weights_hash
from hoban_assets.yolo import SPLITS, STRIDE

Counts = Mapping[str, Mapping[str, int]]
"""``{"train": {"images": n, "boxes": n}, "val": {...}}``"""

NMS: bool | None = None
"""One value for training, validation and serving: None = the one-to-many head with external NMS.

It is what ``YOLO("best.pt").predict()`` does in Ultralytics 8.4, so the figures hold for what is
served. (False = NMS-free head of YOLO26; True concerns exports only.)
"""
NAIVE = "naive"
RULED_OUT: Mapping[str, tuple[str, ...]] = {
    name: others
    for name in CLASS_NAMES
    if (others := tuple(other for other in CLASS_NAMES if rules_out(name, other)))
}
"""Class of a label -> classes that its object certainly is not (`classes.rules_out`)."""
PATIENCE = 30
"""Epochs without a better mAP50-95 after which a training ends (Ultralytics' own default: 100)."""
MOST_LOADERS = 8
"""More loading processes than this do not feed one GPU faster (Ultralytics' own default)."""
_WHERE_NOT_WHAT = ("dataset_path", "run_dir", "weights", "device", "workers", "expected")


@dataclass(frozen=True)
class TrainingPlan:
    """One training run. Everything but the fields of `_WHERE_NOT_WHAT` decides its result."""

    asset: str
    partition: str
    dataset_path: Path
    """Published dataset: data.yaml, images/, labels/, manifest.parquet."""
    run_dir: Path
    """``models/<asset>/<partition>/<run key>``; Ultralytics writes to ``train/`` below it."""
    weights: str
    """Absolute path of a .pt, or of a .yaml, or the name of a .yaml that Ultralytics ships."""
    expected: Counts
    """Images and boxes that Ultralytics must see, or the training fails."""
    epochs: int
    patience: int
    image_size: int
    batch: int
    device: str = ""
    workers: int = MOST_LOADERS
    seed: int = 0
    lr0: float = 0.01
    optimizer: str = "SGD"
    """Never 'auto': that ignores `lr0` and picks another optimizer for a small run than a big."""
    cos_lr: bool = True
    nominal_batch: int = 64
    """Images an optimizer step (``nbs``): gradients of smaller batches are added up to it.

    64 is Ultralytics' default and right for 100,000 images. A few hundred images then make a few
    steps an epoch: with 16 a sample of 485 images reached mAP50 0.84 in 20 epochs.
    """
    nms: bool | None = NMS
    partial_labels: str = NAIVE
    """`NAIVE`: what is not labelled is background, whoever labelled the photograph. 'mask': only
    where its source labels that class, or a label rules it out (workers/yolo_masked.py)."""

    def yolo_arguments(self) -> dict[str, Any]:
        """Arguments of Ultralytics, except for where it writes and the precision (`amp`)."""
        return {
            "model": self.weights,
            "epochs": self.epochs,
            "patience": self.patience,
            "imgsz": self.image_size,
            "batch": self.batch,
            "device": self.device,
            "workers": self.workers,
            "seed": self.seed,
            "deterministic": True,
            "optimizer": self.optimizer,
            "lr0": self.lr0,
            "cos_lr": self.cos_lr,
            "nbs": self.nominal_batch,
            "nms": self.nms,
            "plots": True,
        }

    def recorded(self, resumed: Iterable[int]) -> dict[str, Any]:
        """What the catalog tells of a training.

        Its arguments, what is not Ultralytics', and after which epochs it was `resumed` as another
        one than it would have been.
        """
        mine = {"partial_labels": self.partial_labels, "resumed": list(resumed)}
        return {**self.yolo_arguments(), **mine}

    def as_json(self) -> dict[str, Any]:
        """What the worker is given (see ``workers/yolo_train.py``)."""
        return {
            "asset": self.asset,
            "partition": self.partition,
            "dataset_path": str(self.dataset_path),
            "run_dir": str(self.run_dir),
            "expected": {split: dict(counts) for split, counts in self.expected.items()},
            "arguments": self.yolo_arguments(),
            "partial_labels": self.partial_labels,
            "ruled_out": {name: list(others) for name, others in RULED_OUT.items()},
        }


def plan_training(
    asset: str,
    partition: str,
    settings: Settings,
    *,
    dataset_path: Path,
    dataset_version: str,
    expected: Counts | None = None,
    weights: str | None = None,
    **choices: Any,
) -> TrainingPlan:
    """Make the plan of `asset` for `partition`; `choices` are fields of the recipe.

    `choices` (epochs, patience, image_size, batch, device, seed, lr0, optimizer, cos_lr,
    partial_labels) win over `settings`, and `weights` over ``HOBAN_WEIGHTS``; None means "not
    chosen". `expected` should come from the catalog; without it the counts of the manifest are
    taken.

    Raises:
        HobanError: the dataset or the weights are missing or cannot be used, or the photographs
            of the dataset were scaled to another image size.
    """
    found = resolve_weights(weights or settings.weights, settings.data_root)
    defaults: dict[str, Any] = {
        **machine_choices(settings, partition),
        "patience": PATIENCE,
        "device": settings.device,
        "workers": min(settings.workers, MOST_LOADERS),
    }
    counts = expected or expected_counts(dataset_path)
    for split in SPLITS:
        if not counts[split]["boxes"]:
            raise HobanError(
                f"{dataset_path} has no labelled box in {split}",
                "lower the limits of the recipe or add sources, and materialise the dataset again",
            )
    plan = TrainingPlan(
        asset=asset,
        partition=partition,
        dataset_path=dataset_path,
        run_dir=settings.models / asset / partition,
        weights=str(found),
        expected=counts,
        **{**defaults, **{k: v for k, v in choices.items() if v is not None}},
    )
    _must_be_of_its_size(plan)
    key = run_key(plan, dataset_version, weights_hash(found))
    return replace(plan, run_dir=plan.run_dir / key)


def expected_counts(dataset_path: Path) -> Counts:
    """Images and boxes of each split, from ``manifest.parquet`` of a published dataset.

    Raises:
        HobanError: there is no published dataset at `dataset_path`.
    """
    manifest = dataset_path / "manifest.parquet"
    if not manifest.is_file() or not (dataset_path / "data.yaml").is_file():
        raise HobanError(
            f"{dataset_path} holds no published dataset (data.yaml and manifest.parquet)",
            "materialise the dataset of this model first",
        )
    table = pq.read_table(manifest, columns=["split", "boxes"])
    counts = {}
    for split in SPLITS:
        boxes = table.filter(pc.equal(table["split"], split))["boxes"]
        counts[split] = {"images": len(boxes), "boxes": int(pc.sum(boxes).as_py() or 0)}
    return counts


def prescale_of(dataset_path: Path) -> int | None:
    """Image size that a published dataset is bound to, in pixels; None: to none.

    Raises:
        OSError: it has no manifest.
    """
    facts = pq.read_schema(dataset_path / "manifest.parquet").metadata or {}
    return int(facts.get(b"prescale", 0)) or None


def _must_be_of_its_size(plan: TrainingPlan) -> None:
    """Refuse what would silently train on photographs that lack the pixels it asks for."""
    size = prescale_of(plan.dataset_path)
    if size is None or size == -(-plan.image_size // STRIDE) * STRIDE:
        return
    dataset = dataset_of(plan.asset)
    raise HobanError(
        f"the photographs in {plan.dataset_path} were scaled to {size} pixels (`prescale` in the "
        f"recipe of {dataset}), so they cannot be trained on with image size {plan.image_size}",
        f"set HOBAN_IMAGE_SIZE={size}, or change `prescale` in the recipe (leave it out for "
        "photographs as they are) and run: " + build(dataset, plan.asset, partition=plan.partition),
    )


def run_key(
    plan: TrainingPlan,
    dataset_version: str,
    weights_version: str,
    *,
    ultralytics: str | None = None,
) -> str:
    """Hash of all that decides the result: names the run folder, 16 hex digits.

    Same key, same result: an interrupted run is found and resumed, a finished one is not trained
    again. Device and loading processes are left out, and so is where things lie. The release of
    Ultralytics counts: its defaults are part of the recipe (None: the one installed here).
    """
    decides = {k: v for k, v in asdict(plan).items() if k not in _WHERE_NOT_WHAT}
    if plan.partial_labels == NAIVE:
        del decides["partial_labels"]  # runs of before there was a choice keep their folders
    else:
        decides["ruled_out"] = RULED_OUT
    decides |= {
        "dataset": dataset_version,
        "weights": weights_version,
        "ultralytics": ultralytics or importlib.metadata.version("ultralytics"),
    }
    return xxhash.xxh3_64_hexdigest(json.dumps(decides, sort_keys=True, default=str).encode())


def plan_ingredients(
    plan: TrainingPlan,
    training: Mapping[str, Any],
    code: str,
    inputs: Mapping[str, str],
    chosen: Iterable[str],
) -> Ingredients:
    """Everything that decides the weights, for the catalog.

    `training` are the fields of the recipe (`Recipe.as_training`): their values are those of the
    plan. ``code`` is not in the run key: a training is not repeated for an edit of its code, it
    is taken over, and evaluated again where the evaluation has changed.
    """
    file = Path(plan.weights)
    machine = {name: getattr(plan, name) for name in MACHINE if name != "weights"}
    machine["weights"] = weights_hash(file if file.is_absolute() else plan.weights)
    return model_from(
        {name: getattr(plan, name) for name in training},
        plan.partition,
        code,
        inputs,
        machine,
        chosen,
        importlib.metadata.version("ultralytics"),
    )


def yolo_command(plan: TrainingPlan) -> str:
    """Return a shell command that trains the same with Ultralytics alone.

    Without what this package adds: resuming, counting, label-aware evaluation, no network, and
    `partial_labels`: Ultralytics alone takes everything unlabelled for background. Its results go
    to a folder ``by-hand`` beside ``train``.
    """
    on_cpu = plan.device == "cpu" or (not plan.device and shutil.which("nvidia-smi") is None)
    arguments = plan.yolo_arguments() | {
        "data": str(plan.dataset_path / "data.yaml"),
        "project": str(plan.run_dir),
        "name": "by-hand",
        "amp": False if on_cpu else "bf16",
    }
    given = {k: v for k, v in arguments.items() if v != ""}
    return shlex.join(["yolo", "detect", "train", *(f"{k}={v}" for k, v in given.items())])
