"""`hoban label-errors`: labels of the raw data that a model doubts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands.app import FIX, app, here
from hoban_assets.commands.evaluate import part_of, subject_named
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, progress_bar, show, tell
from hoban_assets.errors import HobanError

if TYPE_CHECKING:
    from hoban_assets.evaluation.label_errors import Doubt
    from hoban_assets.evaluation.pictures import Pictures

SHOWN = 20


@app.command("label-errors", rich_help_panel=FIX)
def label_errors(
    model: Annotated[str, typer.Argument(help="Trained model, for instance model_v9 or v9.")],
    folds: Annotated[
        int,
        typer.Option(
            min=0,
            help="Trainings, each without a part of the pictures; 0: only val, none is needed.",
        ),
    ] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs of each; those of the model by default.")
    ] = None,
    partition: Partition = "sub",
    as_json: AsJson = False,
) -> None:
    """Find labels that are overlooked, of another class, or badly placed, and queue them.

    Asked is a model that has not learnt from the photograph: of val the model itself, and with
    --folds one for each part of the pictures, cut by camera and clip. Only classes that a source
    labels are judged. Nothing is changed: the doubts wait in hoban review.

    Example: hoban label-errors model_v9 --folds 3 --epochs 30
    """
    from hoban_assets.catalog.store import Catalog
    from hoban_assets.classes import CLASS_NAMES
    from hoban_assets.evaluation.folds import out_of_fold
    from hoban_assets.evaluation.label_errors import ABLE, STAGE, as_decisions, unable
    from hoban_assets.evaluation.label_errors import label_errors as doubts_of
    from hoban_assets.evaluation.looking import look
    from hoban_assets.evaluation.pictures import pictures_of
    from hoban_assets.evaluation.sets import published

    settings, say = here()
    subject = subject_named(model, partition)
    if subject.trained_on is None:
        raise HobanError(
            f"{model} is no model of this platform, or its dataset is gone",
            "name a trained model, for instance model_v9",
        )
    if folds == 1:
        raise HobanError("one fold leaves nothing to train on", "take --folds 2 or more, or 0")
    catalog = Catalog(settings.catalog_path, deadline=settings.catalog_wait)
    current, trained = (
        catalog.current(name, partition) for name in (subject.asset, subject.dataset)
    )
    if current is None or trained is None or trained.path != str(subject.trained_on):
        raise HobanError(
            f"{subject.dataset} was built again since {subject.name} was trained",
            f"train on what it is now: hoban build {subject.asset} --partition {partition}",
        )
    samples = catalog.load(subject.dataset, partition)
    tree = published(subject.trained_on, subject.dataset)
    at = dict(zip(tree.ids, tree.files, strict=True))
    files = [at[image_id] for image_id in samples.images.image_id]  # as the models were trained
    pictures = pictures_of(samples, files, f"{subject.dataset} [{partition}]", CLASS_NAMES)
    with progress_bar("looking at pictures") as bar:
        if folds:
            found, size = out_of_fold(
                subject,
                partition,
                pictures,
                settings,
                count=folds,
                epochs=epochs,
                log=lambda line: typer.echo(line, err=True),
                progress=bar,
            )
        else:
            pictures = part_of(pictures, "val")
            found, size = look(subject, pictures, settings, {}, bar)
    doubts = doubts_of(pictures, found, size)
    if weak := unable(pictures, found, size):
        text = "Too little trained to doubt a label of {classes} (AP50 below {least})."
        tell(text, classes=", ".join(map(say, weak)), least=ABLE, err=True)
    catalog.put_decisions(
        current.materialization_id, STAGE, as_decisions(doubts, pictures, samples)
    )
    rows = [_row(doubt, pictures) for doubt in doubts]
    if as_json:
        print_json({"model": subject.name, "pictures": len(pictures), "doubts": rows})
        return
    counts = Counter(doubt.kind for doubt in doubts)
    tell(
        "{title}, {images:,} pictures: {overlooked:,} overlooked, {swapped:,} of another "
        "class, {misplaced:,} badly placed",
        title=pictures.title,
        images=len(pictures),
        overlooked=counts["label_overlooked"],
        swapped=counts["label_swapped"],
        misplaced=counts["label_misplaced"],
    )
    if not doubts:
        return
    told = [
        {
            say("image"): row["image_id"],
            say("doubt"): say(WORDS[row["kind"]]),
            say("label"): say(row["label"]) if row["label"] else "-",
            say("found as"): say(row["found_as"]),
            say("confidence"): row["confidence"],
        }
        for row in rows[:SHOWN]
    ]
    show(told)
    if len(rows) > SHOWN:
        tell("... and {count:,} more", count=len(rows) - SHOWN)
    tell(
        "Look at them: hoban view {asset} --partition {partition} --queue {queue}",
        asset=subject.dataset,
        partition=partition,
        queue="doubted",
    )


WORDS = {
    "label_overlooked": "overlooked",
    "label_swapped": "another class",
    "label_misplaced": "badly placed",
}


def _row(doubt: Doubt, pictures: Pictures) -> dict[str, Any]:
    return {
        "image_id": pictures.ids[doubt.image],
        "kind": doubt.kind,
        "label": None if doubt.label is None else doubt.class_name,
        "found_as": doubt.found_as,
        "confidence": doubt.confidence,
        "box": list(doubt.corners),
        "iou": doubt.iou,
    }
