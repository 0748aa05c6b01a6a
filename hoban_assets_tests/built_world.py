"""A raw root and a catalog in which exactly what a test wants is built, as the code is now."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from builders import samples_of

from hoban_assets.catalog.access import writing
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.freshness.declared import Declared, code_versions, read_declared
from hoban_assets.freshness.present import present
from hoban_assets.ingredients import key_of, model_from, rows_from
from hoban_assets.reporting.status.figures import Artifact, status_of
from hoban_assets.settings import Settings

SUB = "sub"


@cache
def declarations() -> Mapping[str, Declared]:
    return {d.name: d for d in read_declared()}


@dataclass(frozen=True)
class World:
    """Nothing is built at first; every raw folder is there, with one file."""

    folder: Path

    @classmethod
    def in_folder(cls, folder: Path) -> World:
        world = cls(folder)
        for asset in declarations().values():
            for source in asset.sources:
                place = world.settings.raw_root / source.folder
                place.mkdir(parents=True, exist_ok=True)
                (place / "list.txt").write_text("one", encoding="utf-8")
        return world

    def copied_to(self, folder: Path) -> World:
        """The same elsewhere, which is faster than to build it again."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        other = World(folder)
        with writing(other.settings.catalog_path, 5) as connection:
            connection.execute(
                "UPDATE store.materializations SET path = replace(path, ?, ?)",
                [str(self.folder), str(folder)],
            )
        return other

    @property
    def settings(self) -> Settings:
        return Settings.from_env(
            {
                "DAGSTER_HOME": str(self.folder),
                "HOBAN_RAW_ROOT": "raw",
                "HOBAN_DATA_ROOT": "data",
                "HOBAN_LANG": "en",
                "HOBAN_FEATURE_ENGINE": "thumbnail",
            }
        )

    @property
    def catalog(self) -> Catalog:
        self.settings.data_root.mkdir(exist_ok=True)
        return Catalog(self.settings.catalog_path, deadline=5)

    def build_stage(self, name: str, images: int = 2, **other: Any) -> None:
        """Record a stage with `images` images of one person each; `other` overrides."""
        asset = declarations()[name]
        given: dict[str, Any] = {
            "code_version": code_versions()["stage"],
            "samples": samples_of({f"{name}/{i}.jpg": [("person", 0.1)] for i in range(images)}),
            "recipe": asset.recipe,
            "inputs": {f"raw/{s.name}": "?" for s in asset.sources},
        }
        self._record(name, {**given, **other})

    def build_dataset(self, name: str, **other: Any) -> None:
        """Record and publish a dataset made from what its stages are now."""
        asset = declarations()[name]
        ids = ["coco/a.jpg", "coco/b.jpg"]
        samples = samples_of(
            {i: [("person", 0.1), ("fallen", 0.2)] for i in ids}, split=["train", "val"]
        )
        given: dict[str, Any] = {
            "code_version": code_versions()["dataset"],
            "samples": samples,
            "recipe": asset.recipe,
            "inputs": {n: self.version_of(n) for n in asset.inputs[SUB]},
            "path": str(self.publish(name)),
        }
        self._record(name, {**given, **other})

    def build_model(self, name: str, **other: Any) -> None:
        """Record a model trained on what its dataset is now."""
        asset = declarations()[name]
        folder = self.settings.models / name / SUB / "0123456789abcdef"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "best.pt").write_bytes(b"weights")
        given: dict[str, Any] = {
            "code_version": code_versions()["model"],
            "recipe": {**asset.recipe, "epochs": 30, "imgsz": 640},
            "inputs": {n: self.version_of(n) for n in asset.inputs[SUB]},
            "path": str(folder),
            "data_version": "0123456789abcdef",
        }
        self._record(name, {**given, **other})

    def _record(self, name: str, given: Mapping[str, Any]) -> None:
        """Record a build with its ingredients, as assets do; without a recipe as it once was."""
        declared, recipe = declarations()[name], given["recipe"]
        made = None
        if recipe is not None:
            now, code, inputs = present(self.settings), given["code_version"], given["inputs"]
            if declared.kind == "model":
                machine = now.machine[SUB]
                own = {k: v for k, v in recipe.items() if k in declared.recipe}
                made = model_from(own, SUB, code, inputs, machine, (), now.ultralytics or "")
            else:
                compares = declared.kind == "dataset" or recipe.get("dedupe") is not None
                engine = (now.engine or "") if compares else ""
                made = rows_from(recipe, SUB, code, inputs, engine)
        key = key_of(made) if made else "k"
        told = {k: v for k, v in given.items() if k != "code_version"}
        build = Build(key, ingredients=made, **told)
        self.catalog.record(name, SUB, build, Run("run", given["code_version"]))

    def publish(self, name: str) -> Path:
        folder = self.settings.artifacts / name / SUB / "fedcba9876543210"
        (folder / "images" / "train").mkdir(parents=True, exist_ok=True)
        (folder / "data.yaml").write_text("nc: 4", encoding="utf-8")
        return folder

    def build_v9(self) -> None:
        """dataset_v9 and model_v9 with all that they are made from."""
        for name in declarations()["dataset_v9"].inputs[SUB]:
            self.build_stage(name)
        self.build_dataset("dataset_v9")
        self.build_model("model_v9")

    def version_of(self, name: str) -> str:
        current = self.catalog.current(name, SUB)
        assert current is not None
        return current.data_version or ""

    def artifact(self, name: str, **how: Any) -> Artifact:
        (found,) = [a for a in status_of(self.settings, (SUB,), **how).artifacts if a.asset == name]
        return found

    def state(self, name: str, **how: Any) -> str:
        return self.artifact(name, **how).verdict.state

    def why(self, name: str, **how: Any) -> list[str]:
        """Kinds of the reasons why an asset is not up to date."""
        return [reason.kind for reason in self.artifact(name, **how).verdict.reasons]

    def said(self, name: str, **how: Any) -> str:
        """The reasons in English."""
        reasons = self.artifact(name, **how).verdict.reasons
        return "\n".join(reason.text.format(**reason.values) for reason in reasons)
