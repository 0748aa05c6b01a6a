"""A training on a server without Dagster, and the archive that its train.sh hands in.

Written by hand to the contract: folder results_<model>_<partition>_<run key> with results.json.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import xxhash
from builders import samples_of
from PIL import Image
from results_catalog import RISING, course, final

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.handoff.results.manifest import plan_of
from hoban_assets.settings import Settings
from hoban_assets.training.plan import run_key
from hoban_assets.workers.yolo_support import EVALUATION

MODEL, DATASET, PARTITION = "model_v9", "dataset_v9", "full"
VERSION = "rows of dataset_v9"
PICTURES = ("results.png", "confusion_matrix.png")
COLUMNS = ("epoch", "split", "source", "class_name", "metric", "value")


def checkpoint(content: bytes = b"weights") -> bytes:
    """What looks like a checkpoint of PyTorch: a zip with a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("best/data.pkl"), content)  # without the time of day
    return file.getvalue()


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


def run_files(rows: list[tuple] | None = None, best_epoch: int = 30) -> dict[str, bytes]:
    """Files of a finished run folder, whose mAP50 is 0.801 label-aware and 0.6 stock."""
    rows = course(RISING) + final(best_epoch) if rows is None else rows
    finished = {
        "epochs": 30,
        "best_epoch": best_epoch,
        "evaluation": EVALUATION,
        "pictures": PICTURES,
    }
    lines = [json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows]
    return {
        "best.pt": checkpoint(),
        "last.pt": checkpoint(b"last"),
        "metrics.jsonl": ("\n".join(lines) + "\n").encode(),
        "finished.json": json.dumps(finished).encode(),
        "results.csv": b"epoch,time\n1,2\n",
        **dict.fromkeys(PICTURES, picture()),
    }


def plan(partition: str = PARTITION, key: str = "") -> dict[str, Any]:
    """The plan with paths of the server."""
    return {
        "asset": MODEL,
        "partition": partition,
        "dataset_path": "/srv/bundle/dataset_v9",
        "run_dir": f"/srv/bundle/runs/{key}",
        "expected": {s: {"images": 4, "boxes": 9} for s in ("train", "val")},
        "arguments": {
            "model": "/srv/bundle/weights/yolo26m.pt",
            "epochs": 300,
            "patience": 30,
            "imgsz": 640,
            "batch": 16,
            "device": "0",
            "workers": 8,
            "seed": 0,
            "deterministic": True,
            "optimizer": "SGD",
            "lr0": 0.01,
            "cos_lr": True,
            "nbs": 64,
            "nms": None,
            "plots": True,
        },
    }


KEY = run_key(plan_of(plan()), VERSION, xxhash.xxh3_128_hexdigest(checkpoint()))
"""Of a training from the weights `checkpoint()`."""


@dataclass
class HandedIn:
    """A results archive in the making; change what is to be wrong with it, then `tar`."""

    files: dict[str, bytes] = field(default_factory=run_files)
    key: str = KEY
    partition: str = PARTITION
    version: str = VERSION
    claims: dict[str, Any] = field(default_factory=dict)
    """Fields of results.json that say something else."""
    altered: dict[str, bytes] = field(default_factory=dict)
    """Files that are not (any more) what results.json says."""
    left_out: tuple[str, ...] = ()
    members: list[tarfile.TarInfo] = field(default_factory=list)
    """Further members of the tar."""

    @property
    def top(self) -> str:
        return f"results_{MODEL}_{self.partition}_{self.key}"

    def manifest(self) -> dict[str, Any]:
        facts = {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in self.packed().items()
        }
        return {
            "format": 1,
            "model": MODEL,
            "partition": self.partition,
            "dataset": DATASET,
            "dataset_version": self.version,
            "run_key": self.key,
            "plan": plan(self.partition, self.key),
            "made_at": "2026-11-01T10:00:00+09:00",
            "made_with": {"python": "3.12.3", "torch": "2.15.0", "device": "NVIDIA H200"},
            "files": facts,
            **self.claims,
        }

    def packed(self) -> dict[str, bytes]:
        return {**self.files, "plan.json": json.dumps(plan(self.partition, self.key)).encode()}

    def contents(self) -> dict[str, bytes]:
        there = {**self.packed(), "results.json": json.dumps(self.manifest()).encode()}
        there |= self.altered
        return {name: data for name, data in there.items() if name not in self.left_out}

    def tar(self, folder: Path, name: str = "") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (name or f"{self.top}.tar")
        with tarfile.open(path, "w") as tar:
            for file, data in self.contents().items():
                member = tarfile.TarInfo(f"{self.top}/{file}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
            for member in self.members:
                tar.addfile(member, io.BytesIO(b"x" * member.size))
        return path

    def folder(self, where: Path) -> Path:
        path = where / self.top
        path.mkdir(parents=True)
        for name, data in self.contents().items():
            (path / name).write_bytes(data)
        return path


@dataclass
class Home:
    """The team's machine: a data root whose catalog knows dataset_v9 [full]."""

    root: Path
    instance: dg.DagsterInstance

    @property
    def env(self) -> dict[str, str]:
        return {
            "DAGSTER_HOME": str(self.root / "home"),
            "HOBAN_DATA_ROOT": str(self.root / "data"),
            "HOBAN_RAW_ROOT": str(self.root / "raw"),
            "HOBAN_LANG": "en",
        }

    @property
    def settings(self) -> Settings:
        return Settings.from_env(self.env)

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.settings.catalog_path, deadline=5)

    @property
    def run_dir(self) -> Path:
        return self.settings.models / MODEL / PARTITION / KEY

    def build_dataset(self, version: str = VERSION) -> None:
        """Record another build of dataset_v9 [full], in the catalog and in Dagster."""
        samples = samples_of({"coco/1.jpg": [("person", 0.1)]}, split=["train"])
        tree = self.settings.artifacts / DATASET / PARTITION / version[:4]
        self.catalog.record(
            DATASET,
            PARTITION,
            Build(
                version,
                samples=samples,
                data_version=version,
                path=str(tree),
                inputs={"coco_person": "1"},
            ),
            Run("run", "1"),
        )
        tags = {"dagster/data_version": version, "dagster/code_version": "1"}
        event = dg.AssetMaterialization(DATASET, partition=PARTITION, tags=tags)
        self.instance.report_runless_asset_event(event)

    def models(self) -> list[dict[str, Any]]:
        """Everything that the catalog knows of model_v9 [full], oldest first."""
        sql = "SELECT * FROM materializations WHERE asset = ? ORDER BY materialization_id"
        return self.catalog.query(sql, [MODEL]).to_dict("records")

    def events(self) -> list[Any]:
        """Materialisations of model_v9 [full] in Dagster, newest first."""
        wanted = dg.AssetRecordsFilter(dg.AssetKey(MODEL), asset_partitions=[PARTITION])
        records = self.instance.fetch_materializations(wanted, limit=10).records
        return [record.asset_materialization for record in records]

    def checks(self) -> list[Any]:
        """Evaluations of the checks of model_v9 in Dagster."""
        found = []
        for name in ("map50", "no_regression"):
            key = dg.AssetCheckKey(dg.AssetKey(MODEL), name)
            history = self.instance.event_log_storage.get_asset_check_execution_history(key, 10)
            found += [record.evaluation for record in history]
        return found

    def state(self) -> tuple[Any, ...]:
        """All that a refusal must leave as it was."""
        names = sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*"))
        kept = [n for n in names if not n.startswith(("data/cache", "data/catalog", "home"))]
        return kept, len(self.models()), len(self.events()), len(self.checks())


def home_in(root: Path, instance: dg.DagsterInstance) -> Home:
    home = Home(root, instance)
    home.build_dataset()
    return home


Change = Callable[[HandedIn], None]
