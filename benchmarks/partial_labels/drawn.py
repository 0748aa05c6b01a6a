"""The drawn sample: its generator knows every object, labelled or not (``truth.json``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.harness import fresh
from benchmarks.partial_labels.common import (
    ARMS,
    COMPLETED,
    FULL,
    Objects,
    Thumbnails,
    fully_labelled,
    in_full,
    keep_samples,
    kept_samples,
    recipe,
    settings_of,
)
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.completion.aside import join_train, set_aside
from hoban_assets.curation.completion.complete import complete
from hoban_assets.evaluation.detecting import run_worker
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.formats.predictions import read_predictions
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.dataset import build_dataset
from hoban_assets.pipeline.stage_build import build_stage
from hoban_assets.pipeline.teaching import Completion, Teacher
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.sample_data import generate
from hoban_assets.sample_data.output import TRUTH
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings
from hoban_assets.training.run import WORKER

TEACH = WORKER.with_name("yolo_teach.py")
VIEWS = Teacher("masked", model="masked").scales
"""Multiples of the image size at which the masked model looks for what nobody labelled.

Those of a stage that says nothing of it, as are the limits and the classes: all (the module
`partial_labels.teaching` tells what other views and limits would add).
"""
OWN_NAMES = {name: name for name in CLASS_NAMES}
OTHER_SEED = 3000
UNLIKE = "WiderPerson"
"""A source that version 12 does not read: its photographs are of another kind."""


class Drawn:
    """The dataset of version 12, and fresh scenes of another seed to be judged on."""

    name, weights = "drawn", "yolo26n.yaml"
    arms: tuple[str, ...] = ARMS

    def __init__(self, folder: Path, scenes: int, judged: int) -> None:
        """Lie in `folder`; `scenes` to train on, `judged` to be judged on."""
        self.folder, self.scenes, self.judged = folder, scenes, judged
        self.raw, self.other = folder / "raw", folder / "raw of another seed"

    @property
    def settings(self) -> Settings:
        """Where all of it lies."""
        return settings_of(self.folder, self.raw, self.weights)

    def prepare(self) -> None:
        """Draw, curate and publish what is not there yet."""
        for raw, scenes, seed in (
            (self.raw, self.scenes, 0),
            (self.other, self.judged, OTHER_SEED),
        ):
            if not (raw / TRUTH).is_file():
                generate(fresh(raw), scenes, seed=seed)
        self.tree("naive", 0, None, 0)
        self.tree(FULL, 0, None, 0)

    def tree(self, arm: str, seed: int, masked: Path | None, size: int) -> Path:
        """See `common.Part`."""
        name = {COMPLETED: f"completed_{seed}", FULL: FULL}.get(arm, "partial")
        tree = self.folder / f"dataset_{name}"
        if tree.is_dir():
            return tree
        if arm == FULL:
            made = in_full(self.samples, self.known, CLASS_NAMES, recipe().area)
        elif arm == COMPLETED:
            assert masked is not None
            found = self.predicted(masked, seed, size)
            taught = dict.fromkeys(CLASS_NAMES, len(VIEWS))
            added = complete(self.samples, found, taught, {}, Completion.most)
            human, aside = set_aside(added.samples)
            made = join_train(human, aside, recipe().area)
        else:
            made = self._curated()
            keep_samples(made, self.folder)
        return publish(made, self.raw, tree).path

    def judged_on(self) -> Pictures:
        """See `common.Part`."""
        known = json.loads((self.other / TRUTH).read_text(encoding="utf-8"))

        def photographs() -> Iterator[tuple[str, Path, Objects]]:
            for file, objects in sorted(known.items()):
                source = file.partition("/")[0]
                if source != UNLIKE:
                    yield kind_of(source), self.other / file, objects

        return fully_labelled("fresh scenes", photographs(), CLASS_NAMES, recipe().area)

    @cached_property
    def known(self) -> dict[str, Objects]:
        """All objects of each photograph to train on."""
        known: dict[str, Objects] = json.loads((self.raw / TRUTH).read_text(encoding="utf-8"))
        return known

    @cached_property
    def samples(self) -> Samples:
        """Rows of the partially labelled dataset."""
        return kept_samples(self.folder)

    def _curated(self) -> Samples:
        from hoban_assets.declared.stages import STAGES

        stages, features = {s.name: s for s in STAGES}, Thumbnails(self.raw)
        ledger = Ledger(lambda line: None)
        built = {
            name: build_stage(stages[name], "sub", self.settings, features, ledger).samples
            for name in recipe().inputs_of("sub")
        }
        return build_dataset(recipe(), "sub", built, features, ledger).samples

    def predicted(
        self, weights: Path, seed: int, size: int, views: tuple[float, ...] = VIEWS
    ) -> pd.DataFrame:
        """What a model finds on all photographs, looking at `views`, multiples of `size`.

        Columns of `formats.predictions.COLUMNS`, and teacher: the view.
        """
        images = self.samples.images
        parts = [
            read_predictions(file, OWN_NAMES, images, may_be_empty=True).assign(
                teacher=f"masked@{view}"
            )
            for view, file in self._looked(weights, list(images.file), seed, size, views).items()
        ]
        return pd.concat(parts, ignore_index=True)

    def _looked(
        self, weights: Path, files: list[str], seed: int, size: int, views: tuple[float, ...]
    ) -> dict[float, Path]:
        """Let a model look at photographs at each of `views`: view -> its predictions."""
        work = self.folder / f"taught_{seed}"
        work.mkdir(exist_ok=True)
        (work / "files.json").write_text(json.dumps(files), encoding="utf-8")
        sizes = {view: str(round(size * view / 32) * 32) for view in views}
        seen = {pixels: str(work / f"{pixels}.jsonl") for pixels in sizes.values()}
        asked: dict[str, Any] = {
            "weights": str(weights),
            "classes": list(CLASS_NAMES),
            "files": str(work / "files.json"),
            "raw_root": str(self.raw),
            "views": {pixels: file for pixels, file in seen.items() if not Path(file).is_file()},
            "confidence": 0.02,
            "batch": 16,
            "device": "cpu",
            "run_dir": str(work / "run"),
        }
        if asked["views"]:
            run_worker(TEACH, asked)
        return {view: Path(seen[pixels]) for view, pixels in sizes.items()}


def kind_of(source: str) -> str:
    """Return what a folder of the sample is called in tables: the fall folders are one."""
    return "falls" if "fall" in source.lower() else source
