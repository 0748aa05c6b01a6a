"""A trained model is judged on every benchmark, and against the version before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from hoban_assets.asset_names import BENCHMARK
from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Catalog, Materialization
from hoban_assets.components.benchmark_checks import built
from hoban_assets.curation.benchmarks import overlaps
from hoban_assets.errors import HobanError
from hoban_assets.evaluation.comparing import Paired
from hoban_assets.evaluation.confidences import store
from hoban_assets.evaluation.detecting import Progress
from hoban_assets.evaluation.judging import Judgement, choose_confidences, judge
from hoban_assets.evaluation.looking import confidences_of, look
from hoban_assets.evaluation.pictures import benchmark_pictures
from hoban_assets.evaluation.same_pictures import hold_together, pictures_for
from hoban_assets.evaluation.subjects import Subject, trained_model
from hoban_assets.howto import build
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.settings import Settings
from hoban_assets.training.metrics import COLUMNS
from hoban_assets.training.plan import TrainingPlan
from hoban_assets.training.run import TrainingResult

Log = Callable[[str], object]
Held = Callable[[str], Paired | None]
"""Compares the new model with the one of this name on the same pictures, where there are any."""


def subject_of(plan: TrainingPlan, result: TrainingResult, dataset: Materialization) -> Subject:
    """Return the model that was just trained, before the catalog knows it."""
    name = f"{plan.asset} [{plan.partition}]"
    return Subject(
        name, result.best, plan.image_size, plan.nms, Path(dataset.path or ""), dataset.asset
    )


def judged_on_benchmarks(
    subject: Subject,
    partition: str,
    dataset: Materialization,
    catalog: Catalog,
    settings: Settings,
    log: Log,
) -> dict[str, Judgement]:
    """Judge a model on every benchmark of its partition.

    One that shares a picture with the dataset, or whose photographs are gone, is left out and
    said: a figure on it would be no figure.
    """
    found: dict[str, Judgement] = {}
    for name in built(catalog, BENCHMARK, partition):
        try:
            pictures = benchmark_pictures(catalog, name, partition, settings.raw_root)
            shared = overlaps(
                catalog.load(dataset.asset, partition), catalog.load(name, partition), None, 1.0
            )
            if shared:
                raise HobanError(
                    f"{len(shared)} of its pictures are in {dataset.asset}",
                    f"{build(name, partition=partition)} names them",
                )
            with _bars(log)(f"judging on {name}") as bar:
                seen, size = look(subject, pictures, settings, {}, bar)
            limits = confidences_of(subject, pictures, None, settings, {})
            if not found:  # what the first benchmark says is used from now on
                store(subject.file.parent, choose_confidences(pictures, seen, size))
            found[name] = judge(subject.name, pictures, seen, size, limits)
        except (HobanError, OSError) as error:
            log(f"not judged on {name}: {error}")
    return found


def judged_if_handed_in(
    subject: Subject,
    partition: str,
    dataset: Materialization,
    catalog: Catalog,
    settings: Settings,
    log: Log,
) -> tuple[dict[str, Judgement], Held | None]:
    """Judge a model of elsewhere on the benchmarks of here, and say how to compare it there.

    Without a benchmark nothing is looked at: its validation was judged where it was trained, and
    thousands of pictures would keep a laptop busy for an hour.
    """
    if not built(catalog, BENCHMARK, partition):
        return {}, None
    judged = judged_on_benchmarks(subject, partition, dataset, catalog, settings, log)
    return judged, partial(compared_with, subject, partition, catalog, settings, log)


def metric_rows(judged: Mapping[str, Judgement], epoch: int) -> pd.DataFrame:
    """Rows for the catalog: split is the benchmark; ``/low`` and ``/high`` are of the interval."""
    rows: list[tuple[Any, ...]] = []
    for name, each in judged.items():
        for line in each.lines:
            if line.kind not in ("all", "source"):
                continue
            key = (epoch, name, line.slice, line.class_name)
            rows += [(*key, "images", line.images), (*key, "labels", line.labels)]
            rows += [(*key, measure, value) for measure, value in line.values.items()]
            for measure, around in line.intervals.items():
                rows += [
                    (*key, f"{measure}/low", around.low),
                    (*key, f"{measure}/high", around.high),
                ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"epoch": "int64", "value": "float64"})


def compared_with(
    subject: Subject, partition: str, catalog: Catalog, settings: Settings, log: Log, previous: str
) -> Paired | None:
    """Hold a new model against an earlier one on the same pictures; None, said, where it cannot."""
    try:
        with asking(catalog.path, catalog.deadline) as ask:
            before = trained_model(ask, previous, partition)
        names = built(catalog, BENCHMARK, partition)
        pictures = (
            benchmark_pictures(catalog, names[0], partition, settings.raw_root)
            if names
            else pictures_for([before, subject])
        )
        return hold_together([before, subject], pictures, settings, _bars(log))[0]
    except (HobanError, OSError) as error:
        log(f"not compared with {previous} on the same pictures: {error}")
        return None


def _bars(log: Log) -> Callable[[str], Any]:
    @contextmanager
    def bar(what: str) -> Iterator[Progress]:
        yield progress_line(what, log)

    return bar
