"""`hoban verify`: is all that was built still what it was?"""

from __future__ import annotations

from dataclasses import asdict

import typer

from hoban_assets.commands.app import UPKEEP, AsJson, app, print_json
from hoban_assets.settings import Settings


@app.command(rich_help_panel=UPKEEP)
def verify(as_json: AsJson = False) -> None:
    """Hold everything below the data root against what it was when it was made.

    Catalog, published datasets (every label, a sample of the photographs), weights and metrics of
    models, caches, bundles. Nothing is changed. Exit status 1: something is damaged; what to do is
    said beside it.

    Example: hoban verify
    """
    from hoban_assets.language import speaker
    from hoban_assets.upkeep.verifying import damages

    settings = Settings.from_env()
    say = speaker(settings.language)
    found = []
    for damage in damages(settings, say, lambda line: typer.echo(line, err=True)):
        found.append({name: str(value) for name, value in asdict(damage).items()})
        if not as_json:
            typer.echo(say("damaged: {path}: {problem}", **found[-1]))
            typer.echo(say("  way out: {way_out}", **found[-1]))
    if as_json:
        print_json(found)
    elif not found:
        typer.echo(say("Everything is as it was made."))
    if found:
        raise typer.Exit(1)
