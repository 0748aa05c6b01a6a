"""Labels of the dataset that a model was trained on, doubted and queued for review."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hoban_assets.catalog.store import Catalog
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.errors import HobanError
from hoban_assets.evaluation.detecting import Progress
from hoban_assets.evaluation.folds import out_of_fold
from hoban_assets.evaluation.label_errors import STAGE, Doubt, as_decisions, label_errors, unable
from hoban_assets.evaluation.looking import look
from hoban_assets.evaluation.pictures import Pictures, pictures_of
from hoban_assets.evaluation.sets import published
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.howto import build_all
from hoban_assets.settings import Settings


@dataclass(frozen=True)
class Doubted:
    """What models that have not learnt from a photograph doubt of its labels."""

    pictures: Pictures
    """Those that were looked at: val, or with folds all."""
    doubts: tuple[Doubt, ...]
    unable: tuple[str, ...]
    """Classes that too little was learnt of to doubt a label."""


def doubted(
    subject: Subject,
    partition: str,
    settings: Settings,
    *,
    folds: int,
    epochs: int | None,
    log: Callable[[str], None],
    progress: Progress,
) -> Doubted:
    """Look for doubtful labels of the dataset that `subject` was trained on, and record them.

    Args:
        subject: a trained model whose dataset is there.
        partition: of both.
        settings: whose catalog.
        folds: trainings, each without a part of the pictures; 0: the model itself looks at val.
        epochs: of each of them; None: as many as the model has.
        log: gets a line a training.
        progress: called with (pictures, of).

    Raises:
        HobanError: the dataset was built again since, or a training failed.
    """
    catalog = Catalog(settings.catalog_path, deadline=settings.catalog_wait)
    current, trained = (
        catalog.current(name, partition) for name in (subject.asset, subject.dataset)
    )
    tree = subject.trained_on
    if current is None or trained is None or tree is None or trained.path != str(tree):
        raise HobanError(
            f"{subject.dataset} was built again since {subject.name} was trained",
            f"train on what it is now: {build_all(subject.asset, partition)}",
        )
    samples = catalog.load(subject.dataset, partition)
    published_as = published(tree, subject.dataset)
    at = dict(zip(published_as.ids, published_as.files, strict=True))
    files = [at[image_id] for image_id in samples.images.image_id]  # as the models were trained
    pictures = pictures_of(samples, files, f"{subject.dataset} [{partition}]", CLASS_NAMES)
    if folds:
        found, size = out_of_fold(
            subject,
            partition,
            pictures,
            settings,
            count=folds,
            epochs=epochs,
            log=log,
            progress=progress,
        )
    else:
        pictures = pictures.part("val")
        found, size = look(subject, pictures, settings, {}, progress)
    doubts = label_errors(pictures, found, size)
    catalog.put_decisions(
        current.materialization_id, STAGE, as_decisions(doubts, pictures, samples)
    )
    return Doubted(pictures, doubts, unable(pictures, found, size))
