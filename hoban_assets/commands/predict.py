"""`hoban predict`: use a model on photographs and videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hoban_assets.commands.app import LOOK, app, here
from hoban_assets.commands.evaluate import subject_named
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, progress_bar, show, tell
from hoban_assets.errors import HobanError

UNREAD_SHOWN = 5


@app.command(rich_help_panel=LOOK)
def predict(
    weights: Annotated[str, typer.Argument(help="model_v9, or a .pt or .onnx file.")],
    target: Annotated[Path, typer.Argument(help="A photograph, a video, or a folder of them.")],
    confidence: Annotated[
        float | None,
        typer.Option(min=0.001, max=1, help="One for all classes, instead of those chosen."),
    ] = None,
    tiles: Annotated[
        int, typer.Option(min=0, help="Cut large photographs into squares of so many pixels.")
    ] = 0,
    every: Annotated[int, typer.Option(min=1, help="Take each nth frame of a video.")] = 1,
    save: Annotated[
        bool, typer.Option("--save", help="Write the pictures with their boxes, videos as MP4.")
    ] = False,
    to: Annotated[Path | None, typer.Option(help="Folder for what is written.")] = None,
    partition: Partition = "sub",
    as_json: AsJson = False,
) -> None:
    """Find what is on photographs and videos: lines of JSON, counts, and pictures with --save.

    A detection counts from the confidence that was chosen for its class, on a benchmark or on
    train, which is kept with the model.

    Example: hoban predict model_v9 site.mp4 --save --every 5
    """
    from datetime import datetime

    from hoban_assets.evaluation import predicting
    from hoban_assets.evaluation.confidences import in_use
    from hoban_assets.evaluation.figures import USUAL_CONFIDENCE

    settings, say = here()
    subject = subject_named(weights, partition)
    if subject.is_predictions:
        raise HobanError(f"{weights} is no weights", "give a model, a .pt or a .onnx file")
    files = predicting.files_below(settings.named(target))
    limits = None
    if not confidence:
        with progress_bar("choosing a confidence on train") as bar:
            limits = in_use(subject, settings, bar)
    name = f"{target.stem}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    with progress_bar("looking at pictures") as bar:
        found = predicting.predict(
            subject,
            files,
            to or settings.reports / "predictions" / name,
            limits.values if limits else {},
            settings,
            otherwise=confidence or USUAL_CONFIDENCE,
            tiles=tiles,
            every=every,
            draw=save,
            progress=bar,
        )
    rows = [
        {
            "class": class_name,
            "boxes": count,
            "files": found.with_any[class_name],
            "confidence": (limits.values if limits else {}).get(
                class_name, confidence or USUAL_CONFIDENCE
            ),
        }
        for class_name, count in sorted(found.counts.items(), key=lambda each: -each[1])
    ]
    if as_json:
        pictures = str(found.pictures) if found.pictures else None
        chosen = limits.chosen_on if limits else None
        print_json(
            {
                "predictions": str(found.file),
                "pictures": pictures,
                "files": found.files,
                "confidence_chosen_on": chosen,
                "counts": rows,
                "unread": dict(found.unread),
            }
        )
        return
    if limits is not None and limits.chosen_on:
        tell("Confidence of each class chosen on {where}.", where=limits.chosen_on)
    if rows:
        show([{**row, "class": say(str(row["class"]))} for row in rows])
    else:
        tell("Nothing was found.")
    if found.unread:
        text = "{count:,} files could not be read: {names}"
        names = ", ".join(list(found.unread)[:UNREAD_SHOWN])
        names += ", ..." if len(found.unread) > UNREAD_SHOWN else ""
        tell(text, count=len(found.unread), names=names, err=True)
    typer.echo(f"\n{found.file}")
    if found.pictures is not None:
        typer.echo(str(found.pictures))
