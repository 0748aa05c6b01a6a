"""`hoban label-errors`: labels of the raw data that a model doubts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands.app import FIX, app, here
from hoban_assets.commands.evaluate import subject_named
from hoban_assets.commands.options import AsJson, Epochs, Partition
from hoban_assets.commands.printing import print_json, progress_bar, show, tell, tell_progress
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
    epochs: Epochs = None,
    partition: Partition = "sub",
    as_json: AsJson = False,
) -> None:
    """Find labels that are overlooked, of another class, or badly placed, and queue them.

    Asked is a model that has not learnt from the photograph: of val the model itself, and with
    --folds one for each part of the pictures, cut by camera and clip. Only classes that a source
    labels are judged. Nothing is changed: the doubts wait in hoban review.

    Example: hoban label-errors model_v9 --folds 3 --epochs 30
    """
    from hoban_assets.evaluation.doubting import doubted
    from hoban_assets.evaluation.label_errors import ABLE

    settings, say = here()
    subject = subject_named(model, partition, with_dataset=True)
    if folds == 1:
        raise HobanError("one fold leaves nothing to train on", "take --folds 2 or more, or 0")
    with progress_bar("looking at pictures") as bar:
        found = doubted(
            subject,
            partition,
            settings,
            folds=folds,
            epochs=epochs,
            log=tell_progress,
            progress=bar,
        )
    if found.unable:
        text = "Too little trained to doubt a label of {classes} (AP50 below {least})."
        tell(text, classes=", ".join(map(say, found.unable)), least=ABLE, err=True)
    doubts, pictures = found.doubts, found.pictures
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
            "image": row["image_id"],
            "doubt": say(WORDS[row["kind"]]),
            "label": say(row["label"]) if row["label"] else None,
            "found as": say(row["found_as"]),
            "confidence": row["confidence"],
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
