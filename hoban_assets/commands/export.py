"""`hoban export`: pictures and boxes for CVAT, Label Studio, COCO tools or YOLO tools."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hoban_assets.commands.app import FIX, app, asking_catalog, here, known_asset, one_of
from hoban_assets.commands.options import OfClass, OfRule, OfSource, Partition
from hoban_assets.commands.printing import progress_bar, tell

FORMATS = ("cvat", "label-studio", "coco", "yolo", "onnx")


@app.command(rich_help_panel=FIX)
def export(
    asset: Annotated[
        str, typer.Argument(help="Stage or dataset, for instance dataset_v9; a model for onnx.")
    ],
    form: Annotated[
        str, typer.Option("--format", help=" or ".join(FORMATS), callback=one_of(FORMATS, "format"))
    ] = "cvat",
    partition: Partition = "sub",
    class_name: OfClass = None,
    source: OfSource = None,
    rule: OfRule = None,
    review: Annotated[
        bool, typer.Option("--review", help="Only pictures of the queues of hoban review.")
    ] = False,
    count: Annotated[int | None, typer.Option(min=1, help="At most so many pictures.")] = None,
    to: Annotated[Path | None, typer.Option(help="Folder to make; it must not be there.")] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the pictures, for tools that write into them.")
    ] = False,
) -> None:
    """Write pictures with their boxes for another tool; `hoban collect` takes its edits back.

    With --format onnx it is a model that is written, and checked on val: AP within 0.005.

    Example: hoban export dataset_v9 --format cvat --class fallen --count 200
    """
    if form == "onnx":
        from hoban_assets.commands.export_model import export_model

        export_model(asset, partition, to)
        return
    from hoban_assets.corrections.proposed import all_proposed
    from hoban_assets.corrections.standing import standing_in
    from hoban_assets.exchange.exporting import BEHIND, SHOWN, Wanted, pictures_of, with_proposed
    from hoban_assets.exchange.exporting import export as write

    settings, say = here()
    log = standing_in(settings.corrections)
    proposed = all_proposed(settings.proposals)
    with asking_catalog() as ask:
        asset = known_asset(ask, asset, partition)
        ids = None
        if review:
            from hoban_assets.review.queues import queued

            ids = queued(ask, asset, partition, log.active, proposed)
        wanted = Wanted(asset, partition, class_name, source, rule, ids, count)
        pictures = with_proposed(pictures_of(ask, wanted), proposed, log)
    name = f"{asset}-{partition}-{form}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    target = to.absolute() if to else settings.reports / "exports" / name
    shown_in = settings.corrections.parent / SHOWN
    about = {"asset": asset, "partition": partition}
    with progress_bar("pictures") as bar:
        done = write(
            pictures, form, target, settings.raw_root, shown_in, about, copy=copy, progress=bar
        )
    tell(
        "{pictures} pictures with {boxes} boxes in {folder}",
        pictures=f"{done.pictures:,}",
        boxes=f"{done.boxes:,}",
        folder=done.folder,
    )
    if done.left_behind:
        what = ", ".join(say(BEHIND[name]) for name in done.left_behind)
        tell("{format} has no place for: {what}", format=form, what=what, err=True)
    tell("Back again: hoban collect FILE")
