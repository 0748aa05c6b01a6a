"""Real photographs of which some have all labels: those judge, and no training sees them.

What no label marks on the other photographs is not known, so the way of full labels is trained
only where their labels are given (``--rest``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.partial_labels.common import (
    COMPLETED,
    FULL,
    MASKED,
    NAIVE,
    Objects,
    Thumbnails,
    fully_labelled,
    in_full,
    keep_samples,
    kept_samples,
    recipe,
    settings_of,
)
from hoban_assets.classes import CLASS_NAMES, PERSON
from hoban_assets.declared.stages import BACKGROUND, COCO_PERSON, FALLEN_POOL_PERSONS, HELMET_60K
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.dataset import build_dataset
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.pipeline.stage import Stage
from hoban_assets.pipeline.stage_build import build_stage
from hoban_assets.pipeline.teaching import Completion, Teacher
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings

KNOWN = CLASS_NAMES[:3]
"""Classes of the label files of `truth`: heads with and without a helmet, persons."""
ALIKE = 0.95
"""Similarity from which on a photograph to train on is left out beside one that judges."""


class Real:
    """The dataset of version 12 of real photographs, without limits of area."""

    name = "real"

    def __init__(
        self,
        folder: Path,
        raw: Path,
        truth: Path,
        predictions: Path,
        weights: str,
        rest: Path | None = None,
    ) -> None:
        """Lie in `folder`.

        Args:
            folder: of all that is made.
            raw: raw tree.
            truth: YOLO label files of those that judge, under the same paths.
            predictions: of persons, on photographs of heads: JSON lines of a teacher.
            weights: of the start of every training.
            rest: YOLO label files of photographs to train on, as `truth`.
        """
        self.folder, self.raw, self.truth = folder, raw, truth
        self.predictions, self.weights, self.rest = predictions, weights, rest
        self.arms: tuple[str, ...] = (NAIVE, MASKED, COMPLETED, *([FULL] if rest else []))

    @property
    def settings(self) -> Settings:
        """Where all of it lies."""
        return settings_of(self.folder, self.raw, self.weights)

    def prepare(self) -> None:
        """Curate and publish what is not there yet."""
        for arm in self.arms:
            self.tree(arm, 0, None, 0)

    def tree(self, arm: str, seed: int, masked: Path | None, size: int) -> Path:
        """See `common.Part`. The teacher is a file, so all seeds are trained on the same trees."""
        own = self.folder / {COMPLETED: COMPLETED, FULL: FULL}.get(arm, "partial")
        tree = own / "dataset"
        if tree.is_dir():
            return tree
        own.mkdir(parents=True, exist_ok=True)
        if arm == FULL:
            assert self.rest is not None
            known = labels_below(self.rest)
            made = in_full(kept_samples(self.folder / "partial"), known, KNOWN, {})
        else:
            made = self._curated(arm == COMPLETED)
        keep_samples(made, own)
        return publish(made, self.raw, tree).path

    def judged_on(self) -> Pictures:
        """See `common.Part`."""
        photographs = [
            (file.partition("/")[0], self.raw / file, objects)
            for file, objects in sorted(labels_below(self.truth).items())
        ]
        return fully_labelled("photographs with all labels", photographs, KNOWN, {})

    def _curated(self, completed: bool) -> Samples:
        v12 = recipe().model_dump()
        own = Recipe.model_validate(
            {**v12, "area": {}, "stages": list(recipe().inputs_of("sub"))[:3]}
        )
        features, ledger = Thumbnails(self.raw), Ledger(lambda line: None)
        judges = self._judges(features)
        built = {
            stage.name: without_judges(
                build_stage(stage, "sub", self.settings, features, ledger).samples,
                judges,
                features,
            )
            for stage in self._stages(completed)
        }
        return build_dataset(own, "sub", built, features, ledger).samples

    def _stages(self, completed: bool) -> tuple[Stage, ...]:
        teacher = Teacher(
            "detector", {PERSON: PERSON}, predictions=str(self.predictions.absolute())
        )
        completion = Completion((teacher,)) if completed else None
        return (
            replace(HELMET_60K, complete=completion, watch=None),
            replace(COCO_PERSON, watch=None),
            replace(FALLEN_POOL_PERSONS, watch=None),
            replace(BACKGROUND, sources=BACKGROUND.sources[:1]),
        )

    def _judges(self, features: Thumbnails) -> tuple[frozenset[str], np.ndarray]:
        files = sorted(labels_below(self.truth))
        return frozenset(files), features.of_files(files)


def without_judges(
    samples: Samples, judges: tuple[frozenset[str], np.ndarray], features: Thumbnails
) -> Samples:
    """Leave out what judges, and what looks like it."""
    files, known = judges
    alike = (features(samples) @ known.T).max(axis=1) >= ALIKE
    judging = samples.images.file.isin(files).to_numpy(bool)
    return samples.drop_images(judging | alike, stage="proof", rule="judges")


def labels_below(folder: Path) -> Mapping[str, Objects]:
    """Photograph (as .jpg, below the raw root) -> its objects, of YOLO label files."""
    return {
        label.relative_to(folder).with_suffix(".jpg").as_posix(): [
            (KNOWN[int(row[0])], *map(float, row[1:]))
            for row in map(str.split, label.read_text(encoding="utf-8").splitlines())
            if row
        ]
        for label in sorted(folder.rglob("*.txt"))
    }
