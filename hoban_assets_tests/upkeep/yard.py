"""A raw root and a data root with datasets and trainings whose fate is known by hand."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from builders import samples_of

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog
from hoban_assets.language import speaker
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings
from hoban_assets.upkeep.data_root import Item
from hoban_assets.upkeep.may_be_deleted import Claim, Verdict, is_safe
from hoban_assets.upkeep.reasons_to_stay import references
from hoban_assets.upkeep.survey import Survey, survey

SAY = speaker("en")
LONG_AGO = time.time() - 100 * 3600
CLAIMS = [Claim("coco", "coco", ("coco_person",)), Claim("fall", "fall.v1i", ("fallen_pool",))]


@dataclass(frozen=True)
class Yard:
    """Where everything lies. `names` of images are numbers: dataset(1, 2) holds 1.jpg, 2.jpg."""

    home: Path
    env: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        return Settings.from_env(self.env)

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def raw(self) -> Path:
        return Path(self.env["HOBAN_RAW_ROOT"])

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.data / "catalog.duckdb", deadline=5)

    def samples(self, *numbers: int) -> Samples:
        for number in numbers:
            file = self.raw / "coco" / f"{number}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                file.write_bytes(b"photo" * (1000 + number))
        ids = {f"coco/{number}.jpg": [("person", 0.1)] for number in numbers}
        return samples_of(ids, split=["train"] * len(ids))

    def dataset(self, *numbers: int, version: str = "v9", record: bool = True) -> Path:
        """Publish a dataset, and record it as the current one."""
        samples, asset = self.samples(*numbers), f"dataset_{version}"
        key = samples.data_version()[:16]
        tree = publish(samples, self.raw, self.data / "artifacts" / asset / "sub" / key).path
        if record:
            self.catalog.record(
                asset,
                "sub",
                Build("key", samples=samples, path=str(tree), inputs={"coco_person": "1"}),
            )
        return tree

    def training(
        self,
        key: str,
        dataset: Path,
        *,
        version: str = "v9",
        finished: bool = True,
        record: bool = True,
        inputs: bool = True,
        weights: str = "yolo26n.yaml",
        map50: float | None = None,
    ) -> Path:
        """Leave the folder of a training, and record it as the current model."""
        run = self.data / "models" / f"model_{version}" / "sub" / (key * 16)[:16]
        (run / "train" / "weights").mkdir(parents=True)
        plan = {"dataset_path": str(dataset), "arguments": {"model": weights}}
        (run / "plan.json").write_text(json.dumps(plan))
        (run / "best.pt").write_bytes(b"weights" * 1000)
        if finished:
            (run / "finished.json").write_text(json.dumps({"epochs": 3, "best_epoch": 2}))
        if record:
            version_of = self.catalog.query(
                "SELECT data_version FROM materializations WHERE contains(path, ?)", [dataset.name]
            ).data_version[0]
            self.catalog.record(
                f"model_{version}",
                "sub",
                Build(
                    run.name,
                    path=str(run),
                    data_version=run.name,
                    inputs={f"dataset_{version}": version_of} if inputs else None,
                    recipe=plan["arguments"] if inputs else None,
                    metrics=None if map50 is None else figures(map50),
                ),
            )
        return run

    def survey(self, **options) -> Survey:
        with asking(self.settings.catalog_path, 5) as ask:
            known = references(ask, self.settings, SAY)
        return survey(known, self.settings, SAY, **options)

    def judged(self, path: Path) -> Item:
        """What the survey says of `path`."""
        found = self.survey()
        wanted = os.path.relpath(path, self.data)
        (item,) = [i for i in (*found.unused, *found.live, *found.unknown) if i.relative == wanted]
        return item

    def is_safe(self, path: Path | str) -> Verdict:
        with asking(self.settings.catalog_path, 5) as ask:
            return is_safe(Path(path), ask, self.settings, SAY, CLAIMS)


def empty_yard(home: Path) -> Yard:
    """A yard whose raw root lies, as by default, in the data root."""
    (home / "data" / "raw").mkdir(parents=True)
    env = {
        "DAGSTER_HOME": str(home / "home"),
        "HOBAN_DATA_ROOT": str(home / "data"),
        "HOBAN_RAW_ROOT": str(home / "data" / "raw"),
        "HOBAN_LANG": "en",
    }
    return Yard(home, env)


def figures(map50: float) -> pd.DataFrame:
    """Metrics of a model whose label-aware mAP50 is this."""
    row = {"epoch": 2, "split": "val_labelled", "source": "all", "class_name": "all"}
    return pd.DataFrame([{**row, "metric": "mAP50", "value": map50}])


def age(*paths: Path) -> None:
    """Make folders, and all in them, look old."""
    for path in paths:
        for entry in (*path.rglob("*"), path) if path.is_dir() else (path,):
            os.utime(entry, (LONG_AGO, LONG_AGO), follow_symlinks=False)


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }
