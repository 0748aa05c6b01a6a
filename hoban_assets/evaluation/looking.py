"""A subject looks at pictures, and its confidences are chosen on pictures that are not judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hoban_assets.errors import HobanError
from hoban_assets.evaluation import detecting, predictions
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.judging import Confidences, choose_confidences
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.evaluation.sets import published
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.samples import stable_shares
from hoban_assets.settings import Settings

CHOSEN_ON = 1000
"""Photographs of train on which a confidence is chosen: enough for thousands of labels, and a
few minutes on a CPU."""


def look(
    subject: Subject,
    pictures: Pictures,
    settings: Settings,
    classes: Mapping[str, str],
    progress: detecting.Progress = lambda done, of: None,
) -> tuple[Detections, int]:
    """Return what a subject finds on pictures, and the size of its input in pixels.

    Raises:
        HobanError: see `detecting.detect` and `predictions.read_predictions`.
    """
    if subject.is_predictions:
        size = subject.image_size or settings.image_size
        return predictions.read_predictions(subject.file, pictures, classes), size
    found = detecting.detect(
        subject.file,
        pictures,
        settings,
        image_size=subject.image_size,
        nms=subject.nms,
        classes=classes,
        progress=progress,
    )
    return found.detections, found.image_size


def confidences_of(
    subject: Subject,
    judged: Pictures,
    around: Pictures | None,
    settings: Settings,
    classes: Mapping[str, str],
    progress: detecting.Progress = lambda done, of: None,
) -> Confidences:
    """Choose a confidence for each class on train, never on what is judged.

    Train is that of the dataset that the subject was trained on, else that of the set that the
    judged pictures are a part of (`around`). A photograph that is judged is left out.
    """
    train = train_of(subject, around)
    if train is None:
        return Confidences.usual_ones(judged.names)
    known = set(judged.contents)
    fresh = np.array([content not in known for content in train.contents], bool)
    if not fresh.any():
        return Confidences.usual_ones(judged.names)
    chosen_on = some_of(train.take(fresh), CHOSEN_ON)
    try:
        found, size = look(subject, chosen_on, settings, classes, progress)
    except HobanError:
        if not subject.is_predictions:
            raise
        return Confidences.usual_ones(judged.names)  # the file has none of train
    chosen = choose_confidences(chosen_on, found, size)
    usual = Confidences.usual_ones(judged.names)
    return Confidences(
        {name: chosen.values.get(name, usual.values[name]) for name in judged.names},
        chosen.chosen_on,
        tuple(n for n in judged.names if n in chosen.usual or n not in chosen.values),
    )


def chosen_on_train(
    subject: Subject,
    settings: Settings,
    progress: detecting.Progress = lambda done, of: None,
) -> Confidences | None:
    """Choose the confidences of a model for its use; None where its train is gone."""
    train = train_of(subject, None)
    if train is None:
        return None
    chosen_on = some_of(train, CHOSEN_ON)
    return choose_confidences(chosen_on, *look(subject, chosen_on, settings, {}, progress))


def train_of(subject: Subject, around: Pictures | None) -> Pictures | None:
    """Return the train part that a confidence may be chosen on; None where there is none."""
    if subject.trained_on is not None:
        around = published(subject.trained_on, subject.dataset)
    if around is None or not (is_train := around.parts == "train").any():
        return None
    return around.take(is_train, f"{around.title} (train)")


def some_of(pictures: Pictures, most: int) -> Pictures:
    """Take at most `most` pictures, chosen by a hash of their ids: always the same ones."""
    if len(pictures) <= most:
        return pictures
    kept = np.zeros(len(pictures), bool)
    kept[np.argsort(stable_shares(list(pictures.ids)), kind="stable")[:most]] = True
    return pictures.take(kept)
