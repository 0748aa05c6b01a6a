"""How the labels of a stage are completed: teachers are asked, limits chosen, boxes added."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.completion.choosing import Chosen, Looked, choose
from hoban_assets.curation.completion.complete import STAGE, complete, labelled_on
from hoban_assets.curation.completion.voting import vote
from hoban_assets.errors import HobanError
from hoban_assets.formats.predictions import read_predictions
from hoban_assets.formats.source import RawSource
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.pipeline.teaching import Completion, Teacher
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings
from hoban_assets.weights import resolve_weights, weights_hash

TEACHER = "teacher "
Teach = Callable[[Teacher, Sequence[str]], Mapping[str, Path]]
"""Lets a network look at files below the raw root: view -> file of predictions (JSON lines)."""


def no_network(teacher: Teacher, files: Sequence[str]) -> Mapping[str, Path]:
    """Stand where no network can be asked: only files of predictions teach.

    Raises:
        HobanError: always.
    """
    raise HobanError(
        f"teacher {teacher.name} is a network, and this step cannot start one",
        "build the stage with Dagster: dagster asset materialize --select STAGE",
    )


@dataclass(frozen=True)
class Asked:
    """What the teachers said."""

    predictions: pd.DataFrame
    """Columns of `formats.predictions.COLUMNS`, and teacher."""
    taught: Mapping[str, int]
    """Class -> how many teachers (or views of one) know it."""


def completed(
    samples: Samples,
    completion: Completion,
    settings: Settings,
    ledger: Ledger,
    teach: Teach,
    measure: Callable[[RawSource], Samples],
) -> tuple[Samples, dict[str, Chosen]]:
    """Complete the labels of `samples`; also return the limits that were chosen, by class.

    `measure` reads a source that labels classes completely.

    Raises:
        HobanError: a teacher is not there, or cannot be used (see `formats.predictions`).
    """
    start = time.perf_counter()
    full = [measure(source) for source in completion.measured_on]
    images = pd.concat([samples.images, *(part.images for part in full)], ignore_index=True)
    asked = ask(completion, images, settings, teach)
    chosen = chosen_limits(completion, asked, full)
    limits = {n: chosen[n].limits if n in chosen else completion.limits_of(n) for n in CLASS_NAMES}
    for name, one in chosen.items():
        ledger.log(f"{name}: {told(one)}")
    made = complete(
        samples,
        asked.predictions,
        asked.taught,
        limits,
        completion.most,
        progress_line("completing labels", ledger.log),
    )
    decided = made.samples.decisions.iloc[len(samples.decisions) :]
    seconds = time.perf_counter() - start
    ledger.record(STAGE, len(samples.images), made.boxes_in, made.samples, decided, seconds)
    return made.samples, chosen


def told(chosen: Chosen) -> str:
    """What was chosen, on what, and how well it does there."""
    return (
        f"box from {chosen.limits.box:.3f}, ignore region from {chosen.limits.ignore:.3f} "
        f"(precision {chosen.precision:.3f}, recall {chosen.recall:.3f} on {chosen.objects:,} "
        f"labels of {chosen.images:,} images)"
    )


def ask(completion: Completion, images: pd.DataFrame, settings: Settings, teach: Teach) -> Asked:
    """Let every teacher look at the images (columns file, width, height)."""
    parts: list[pd.DataFrame] = []
    taught: dict[str, int] = {}
    for teacher in completion.teachers:
        if teacher.predictions:
            views = {teacher.name: predictions_file(teacher, settings)}
        else:
            views = {f"{teacher.name}@{v}": f for v, f in teach(teacher, list(images.file)).items()}
        described = Path(settings.data_root / "teachers" / teacher.images)
        for view, file in views.items():
            found = read_predictions(
                file,
                teacher.maps,
                images,
                described if teacher.images else None,
                may_be_empty=not teacher.predictions,
            )
            parts.append(found.assign(teacher=view))
            for name in set(teacher.maps.values()):
                taught[name] = taught.get(name, 0) + 1
    filled = [part for part in parts if len(part)] or parts[:1]
    return Asked(pd.concat(filled, ignore_index=True), taught)


def chosen_limits(
    completion: Completion, asked: Asked, full: Sequence[Samples]
) -> dict[str, Chosen]:
    """Limits by F-beta, of each class that `full` labels completely on enough photographs."""
    found: dict[str, Chosen] = {}
    by_image = {str(name): rows for name, rows in asked.predictions.groupby("file", sort=False)}
    nothing = asked.predictions.iloc[:0]
    for name in asked.taught:
        looked = []
        for samples in full:
            for file, labelled in labelled_on(samples):
                if name in labelled.classes:
                    rows = by_image.get(file, nothing)
                    found_here = vote(rows[rows.class_name == name], asked.taught[name])
                    looked.append(Looked(found_here, labelled.without(name), labelled.of({name})))
        if chosen := choose(name, looked, completion.limits_of(name)):
            found[name] = chosen
    return found


def predictions_file(teacher: Teacher, settings: Settings) -> Path:
    """Where the predictions of a teacher lie."""
    return settings.data_root / "teachers" / teacher.predictions  # an absolute path stays itself


def weights_file(teacher: Teacher, settings: Settings) -> Path:
    """Where the weights of a teacher lie.

    Raises:
        HobanError: they are not there.
    """
    file = settings.data_root / "weights" / teacher.weights
    if teacher.weights.endswith(".pt"):
        return Path(resolve_weights(teacher.weights, settings.data_root))
    return must_be_there(file, teacher)


def must_be_there(file: Path, teacher: Teacher) -> Path:
    """Return `file`.

    Raises:
        HobanError: there is none.
    """
    if not file.is_file():
        raise HobanError(
            f"teacher {teacher.name}: there is no file {file}",
            "put it there, or name another teacher in `complete` of the stage (declared/stages.py)",
        )
    return file


def teacher_versions(completion: Completion, settings: Settings) -> dict[str, str]:
    """Content of each file that a teacher is, by ``teacher <name>``; models are assets.

    Raises:
        HobanError: a file is not there.
    """
    files = {}
    for teacher in completion.teachers:
        if teacher.predictions:
            files[teacher.name] = must_be_there(predictions_file(teacher, settings), teacher)
        elif teacher.weights:
            files[teacher.name] = weights_file(teacher, settings)
    return {f"{TEACHER}{name}": weights_hash(file) for name, file in files.items()}
