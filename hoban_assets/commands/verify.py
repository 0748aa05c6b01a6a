"""`hoban verify`: is all that was built still what it was?"""

from __future__ import annotations

from dataclasses import asdict

import typer

from hoban_assets.commands.app import UPKEEP, app, here
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, show_blocks, tell, tell_progress


@app.command(rich_help_panel=UPKEEP)
def verify(as_json: AsJson = False) -> None:
    """Compare everything below the data root with what it was when it was made.

    Catalog, published datasets (every label, a sample of the photographs), weights and metrics of
    models, caches, bundles. Nothing is changed. Exit status 1: something is damaged; what to do is
    said beside it.

    Example: hoban verify
    """
    from hoban_assets.reporting.blocks import Finding
    from hoban_assets.upkeep.damages import damages

    settings, say = here()
    found = []
    for damage in damages(settings, say, tell_progress):
        found.append({name: str(value) for name, value in asdict(damage).items()})
        if not as_json:
            text = say("damaged: {path}: {problem}", path=damage.path, problem=damage.problem)
            show_blocks([Finding("bad", text, [damage.way_out])])
    if as_json:
        print_json(found)
    elif not found:
        tell("Everything is as it was made.")
    if found:
        raise typer.Exit(1)
