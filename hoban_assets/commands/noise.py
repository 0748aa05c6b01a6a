"""`hoban noise`: how far figures differ by the seed alone."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import LOOK, app, here
from hoban_assets.commands.evaluate import subject_named
from hoban_assets.commands.options import AsJson, Epochs, Partition
from hoban_assets.commands.printing import print_json, show, tell_progress


@app.command(rich_help_panel=LOOK)
def noise(
    model: Annotated[str, typer.Argument(help="Trained model, for instance model_v9 or v9.")],
    seeds: Annotated[int, typer.Option(min=2, help="Trainings, each with another seed.")] = 3,
    epochs: Epochs = None,
    partition: Partition = "sub",
    as_json: AsJson = False,
) -> None:
    """Train the recipe of a model again with other seeds, and keep how far the figures differ.

    `hoban compare` says then whether a difference is more than that. A training that was stopped
    goes on.

    Example: hoban noise model_v9 --seeds 3 --epochs 30
    """
    from dataclasses import asdict

    from hoban_assets.evaluation.noise import MEASURES, file_of, measure

    settings, say = here()
    subject = subject_named(model, partition, with_dataset=True)
    found = measure(
        subject.asset,
        partition,
        subject.file.parent,
        settings,
        seeds=seeds,
        epochs=epochs,
        log=tell_progress,
    )
    rows = [
        {
            "class": name,
            "figure": what,
            "lowest": min(values[what]),
            "highest": max(values[what]),
            "standard deviation": found.spread(name, what),
            "two trainings differ by": found.margin(name, what),
        }
        for name, values in found.figures.items()
        for what in MEASURES
    ]
    if as_json:
        print_json({**asdict(found), "rows": rows})
        return
    show([{**row, "class": say(str(row["class"]))} for row in rows])
    typer.echo(f"\n{file_of(settings, found.model, partition)}")
