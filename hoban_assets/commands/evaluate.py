"""`hoban evaluate`: any weights, or predictions made elsewhere, judged on any labelled pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.asset_names import dataset_of
from hoban_assets.commands.app import LOOK, app, asking_catalog, built_one, here
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, progress_bar, show_blocks, tell
from hoban_assets.commands.results import known_model
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.evaluation.pictures import Pictures
    from hoban_assets.evaluation.subjects import Subject

Classes = Annotated[
    list[str] | None,
    typer.Option("--class", help="Class of the weights = class of the pictures; repeatable."),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label", help="Class of a folder = class that it is judged as; others are left out."
    ),
]


@app.command(rich_help_panel=LOOK)
def evaluate(
    weights: Annotated[
        str,
        typer.Argument(
            help="model_v9, a .pt or .onnx file, or predictions (COCO results, JSON lines)."
        ),
    ],
    dataset: Annotated[
        str,
        typer.Argument(help="dataset_v9, a stage or source, or a folder with labels (YOLO, COCO)."),
    ],
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="SET", help="train, val, test or all; val where there is one."
        ),
    ] = None,
    partition: Partition = "sub",
    image_size: Annotated[
        int | None, typer.Option(min=32, help="Pixels; as the weights were trained by default.")
    ] = None,
    class_: Classes = None,
    label: Labels = None,
    as_json: AsJson = False,
) -> None:
    """Judge weights on pictures: per class, source, size and camera, with 95 % intervals.

    Label-aware (each class only where its source labels it), and as Ultralytics counts. Precision,
    recall and mix-ups are at a confidence chosen per class on train, never on what is judged.

    Example: hoban evaluate model_v9 dataset_v9 --on val
    """
    from dataclasses import replace

    from hoban_assets.evaluation import looking, subjects
    from hoban_assets.evaluation.judging import judge
    from hoban_assets.reporting.evaluation.document import document

    settings, say = here()
    classes = subjects.mapping(class_ or [], "--class")
    subject = subject_named(weights, partition)
    if image_size is not None:
        subject = replace(subject, image_size=image_size)
    around = pictures_named(dataset, partition, settings, subjects.mapping(label or [], "--label"))
    judged = around.part(on)
    with progress_bar("looking at pictures") as bar:
        found, size = looking.look(subject, judged, settings, classes, bar)
    with progress_bar("choosing a confidence on train") as bar:
        limits = looking.confidences_of(subject, judged, around, settings, classes, bar)
    if subject.is_predictions and (bare := len(judged) - len(set(found.boxes.image.tolist()))):
        tell(
            "{file} says nothing about {bare:,} of {images:,} pictures: all that is on them "
            "counts as missed.",
            file=subject.name,
            bare=bare,
            images=len(judged),
            err=True,
        )
    result = judge(subject.name, judged, found, size, limits)
    if as_json:
        print_json(subjects.as_data(result.as_json()))
        return
    show_blocks(document(result, say))


def subject_named(text: str, partition: str, *, with_dataset: bool = False) -> Subject:
    """Return what is judged: a file, else a model of the catalog.

    Raises:
        HobanError: it is neither; names the nearest model. Or, `with_dataset`, what it was trained
            on is not there.
    """
    from hoban_assets.evaluation.subjects import file_subject, trained_model

    if (found := file_subject(text)) is None:
        with asking_catalog() as ask:
            found = trained_model(ask, known_model(ask, text, partition), partition)
    if with_dataset and found.trained_on is None:
        raise HobanError(
            f"{text} is no model of this platform, or its dataset is gone",
            "name a trained model, for instance model_v9",
        )
    return found


def pictures_named(
    text: str, partition: str, settings: Settings, labels: dict[str, str]
) -> Pictures:
    """Return all pictures of a dataset, stage, source or folder.

    Raises:
        HobanError: there is nothing of that name, it was not built yet, or holds nothing to judge.
    """
    from pathlib import Path

    from hoban_assets.catalog.store import Catalog
    from hoban_assets.classes import CLASS_NAMES
    from hoban_assets.commands.inspect import gathered_from, target_named
    from hoban_assets.evaluation.pictures import pictures_of
    from hoban_assets.evaluation.sets import MANIFEST, of_folder, published
    from hoban_assets.freshness.declared import declared

    folder = settings.named(text)
    if (folder / MANIFEST).is_file():
        return published(folder, folder.name)
    if not folder.exists() and not labels:
        catalog = Catalog(settings.catalog_path, deadline=settings.catalog_wait)
        for name in (text, dataset_of(text)):
            current = catalog.current(name, partition)
            if current is not None and current.path and current.images:
                return published(Path(current.path), f"{name} [{partition}]")
            if current is not None and current.images:
                samples = catalog.load(name, partition)
                files = [settings.raw_root / file for file in samples.images.file]
                return pictures_of(samples, files, f"{name} [{partition}]", CLASS_NAMES)
        try:
            target_named(text, settings, None)
        except HobanError:
            if {text, dataset_of(text)} & {each.name for each in declared(settings.cache)}:
                built_one(text, [], "dataset", partition)
            raise
    target, gathered = gathered_from(text, settings)
    return of_folder(gathered, target.raw_root, labels)
