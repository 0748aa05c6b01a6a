"""`hoban results`: what a trained model can and cannot do."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.asset_names import model_of
from hoban_assets.catalog.asked import Ask
from hoban_assets.commands.app import LOOK, app, asking_catalog, built_one, here
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, show_blocks, tell


@app.command(rich_help_panel=LOOK)
def results(
    model: Annotated[str, typer.Argument(help="Trained model, for instance model_v9 or v9.")],
    partition: Partition = "sub",
    page: Annotated[
        bool, typer.Option("--page", help="Also write the page with pictures, and say where.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show how good a model is, class by class: what it misses, mixes up, and what to do.

    Example: hoban results model_v9 --partition sub
    """
    from hoban_assets.reporting.results.as_json import as_json as whole
    from hoban_assets.reporting.results.asking import model_results
    from hoban_assets.reporting.results.document import document, write_results

    settings, say = here()
    with asking_catalog() as ask:
        found = model_results(ask, known_model(ask, model, partition), partition)
    if as_json:
        print_json(whole(found, say))
    else:
        show_blocks(document(found, say))
    if page:
        report = write_results(settings, partition, lambda line: None, found.model)
        for file in report.files:
            typer.echo(str(file), err=as_json)
    elif not as_json:
        command = f"hoban results {found.model} --partition {partition} --page"
        tell("With pictures: {command}", command=command)


def known_model(ask: Ask, name: str, partition: str) -> str:
    """Return the name of a model that was trained; ``v9`` means ``model_v9``.

    Raises:
        HobanError: no such model; names the nearest one.
    """
    trained = ask("SELECT DISTINCT asset FROM assets WHERE kind = 'model' ORDER BY asset")
    names = [row["asset"] for row in trained]
    short = model_of(name)
    return short if short in names else built_one(name, names, "trained model", partition)
