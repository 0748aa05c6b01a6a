"""From what a person typed to an explanation: the model looks, the catalog is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from hoban_assets.catalog.asked import Ask
from hoban_assets.catalog.names import images_meant
from hoban_assets.catalog.store import Catalog
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.errors import HobanError
from hoban_assets.evaluation.confidences import in_use
from hoban_assets.evaluation.detecting import Progress
from hoban_assets.evaluation.judging import Confidences
from hoban_assets.evaluation.looking import look, some_of
from hoban_assets.evaluation.mistakes import Mistake, mistakes
from hoban_assets.evaluation.nearest import labels_and_regions, nearest, seen
from hoban_assets.evaluation.pictures import Boxes, Pictures, content_of, pictures_of
from hoban_assets.evaluation.sets import displayed_size, published
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.howto import build_all
from hoban_assets.reporting.why_model import figures, sql
from hoban_assets.reporting.why_model.figures import Answer, ModelWhy
from hoban_assets.settings import Settings

SHOWN = 3
"""Mistakes that are explained where none is named."""
Catalogs = Callable[[], AbstractContextManager["Ask"]]
Bars = Callable[[str], AbstractContextManager[Progress]]


def explained(
    open_catalog: Catalogs,
    subject: Subject,
    partition: str,
    typed: str,
    settings: Settings,
    bars: Bars,
    *,
    box: int | None = None,
    among: int = 0,
) -> ModelWhy:
    """Explain what a model gets wrong on the picture that `typed` means.

    Args:
        open_catalog: opens the catalog; not held open while the model looks, as writers wait.
        subject: a model of this platform.
        partition: of the model.
        typed: an image of any build (as of `hoban why`), or a file.
        settings: raw root, cache, device.
        bars: draws a bar of what is done.
        box: number of a mistake, from 1; None: the first few.
        among: photographs of train among which the nearest are looked for; 0: all.

    Raises:
        HobanError: there is no such picture or mistake, or the dataset of the model is gone.
    """
    with open_catalog() as ask:
        recipe = figures.recipe_row(ask, subject.dataset, partition)
        partial_labels = figures.partial_labels_of(ask, subject.asset, partition)
        found, holder = _meant(ask, typed, partition)
    if subject.trained_on is None or recipe is None:
        raise HobanError(
            f"the dataset that {subject.name} was trained on is gone, so nothing can be compared",
            f"build it and the model again: {build_all(subject.asset, partition)}",
        )
    dataset = published(subject.trained_on, subject.dataset)
    picture = picture_of(typed, found, holder, dataset, partition, settings)
    with bars("choosing a confidence on train") as bar:
        limits = in_use(subject, settings, bar) or Confidences.usual_ones(dataset.names)
    with bars("looking at pictures") as bar:
        detections, _ = look(subject, picture, settings, {}, bar)
    told = mistakes(picture, detections, limits.values)
    if box is not None and not 1 <= box <= len(told):
        raise HobanError(
            f"{picture.ids[0]} has no mistake {box}: {len(told)} are listed",
            "see them: the same command without --box",
        )
    chosen = told[:SHOWN] if box is None else told[box - 1 : box]
    everything = dataset.take(dataset.parts == "train")
    train = some_of(everything, among) if among else everything
    parts = dict(zip(dataset.ids, dataset.parts.tolist(), strict=True))
    return ModelWhy(
        subject.name,
        subject.dataset,
        partition,
        json.loads(recipe["recipe"] or "{}"),
        partial_labels,
        picture.ids[0],
        str(picture.sources[0]),
        parts.get(picture.ids[0], ""),
        tuple(n for n, known in zip(picture.names, picture.labelled[0], strict=True) if known),
        limits.chosen_on,
        limits.values,
        told,
        _answers(
            open_catalog,
            subject,
            partition,
            recipe,
            picture,
            chosen,
            train,
            everything,
            settings,
            bars,
        ),
        len(train),
        len(everything),
    )


def _answers(
    open_catalog: Catalogs,
    subject: Subject,
    partition: str,
    recipe: figures.Row,
    picture: Pictures,
    chosen: tuple[Mistake, ...],
    train: Pictures,
    everything: Pictures,
    settings: Settings,
    bars: Bars,
) -> tuple[Answer, ...]:
    if not chosen:
        return ()
    boxes, is_label = labels_and_regions(train)
    with bars("how the model sees train (kept for the next time)") as bar:
        known = seen(subject, train, boxes, settings, bar)
    corners = np.array([mistake.corners for mistake in chosen])
    zeros = np.zeros(len(chosen), np.int64)
    mine = seen(subject, picture, Boxes(zeros, zeros, corners), settings)
    around = nearest(mine.whole[0], known.whole, figures.PHOTOGRAPHS + 1)
    with open_catalog() as ask:
        return tuple(
            Answer(
                mistake,
                figures.boxes_near(
                    train, known.boxes, is_label, known.vectors @ vector, skip=picture.ids[0]
                ),
                figures.photographs_near(train, around, skip=picture.ids[0]),
                figures.taken_of(
                    ask,
                    subject.dataset,
                    recipe["decided"],
                    recipe["stages"],
                    mistake.class_name,
                    mistake.area,
                ),
                figures.unlabelled_of(ask, subject.dataset, partition, mistake.class_name),
                _labels_of(everything, mistake.class_name),
            )
            for mistake, vector in zip(chosen, mine.vectors, strict=True)
        )


def _labels_of(pictures: Pictures, class_name: str) -> int:
    return int((pictures.labels.class_id == pictures.names.index(class_name)).sum())


def _meant(ask: Ask, typed: str, partition: str) -> tuple[str | None, str | None]:
    """Id of the image that is meant, and the build that holds it; None for a file of elsewhere.

    Raises:
        HobanError: several are meant.
    """
    found = images_meant(ask, typed)
    if len(found) > 1:
        listed = "\n    ".join(found)
        raise HobanError(f"several images match {typed!r}:\n    {listed}", "name one of them")
    if not found:
        return None, None
    rows = ask(sql.HOLDERS, {"id": found[0], "partition": partition})
    return found[0], rows[0]["asset"] if rows else None


def picture_of(
    typed: str,
    image_id: str | None,
    holder: str | None,
    dataset: Pictures,
    partition: str,
    settings: Settings,
) -> Pictures:
    """The picture with its labels: of the model's own dataset, else of the build `holder`.

    Without an id it is a file, on which nothing is labelled.

    Raises:
        HobanError: there is no such file; or no build holds the image any more.
    """
    if image_id is None:
        return _of_file(Path(typed).expanduser(), typed, dataset.names)
    here = np.array([each == image_id for each in dataset.ids], bool)
    if here.any():
        return dataset.take(here, image_id)
    if holder is None:
        raise HobanError(
            f"{image_id} was left out when it was read, so there are no labels to judge by",
            f"see why: hoban why {image_id}; or name the file itself",
        )
    catalog = Catalog(settings.catalog_path, deadline=settings.catalog_wait)
    samples = catalog.load(holder, partition)
    files = [settings.raw_root / file for file in samples.images.file]
    everything = pictures_of(samples, files, holder, CLASS_NAMES)
    return everything.take(np.array([each == image_id for each in everything.ids], bool), image_id)


def _of_file(file: Path, typed: str, names: tuple[str, ...]) -> Pictures:
    if not file.is_file():
        raise HobanError(
            f"no image {typed!r}, neither in the catalog nor as a file",
            "give an image id, a path, or a part of its name",
        )
    nothing = np.zeros((1, len(names)), bool)
    return Pictures(
        file.name,
        names,
        (str(file),),
        (file.absolute(),),
        np.array([displayed_size(file)]),
        np.array(["-"]),
        np.array([file.name]),
        np.array([""]),
        nothing,
        Boxes.none(),
        Boxes.none(),
        (content_of(file),),
    )
