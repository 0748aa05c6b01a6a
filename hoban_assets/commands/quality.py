"""`hoban quality`: what is wrong with the data, and which recipe field fixes it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hoban_assets.commands.app import (
    REPORTS,
    AsJson,
    Partition,
    app,
    asking_catalog,
    known_asset,
    print_json,
    progress_bar,
    show,
)
from hoban_assets.settings import Settings


@app.command(rich_help_panel=REPORTS)
def quality(
    stages: Annotated[
        list[str] | None,
        typer.Argument(metavar="STAGE", help="Stages, for instance fallen_pool; default all."),
    ] = None,
    partition: Partition = "sub",
    image_size: Annotated[
        int | None,
        typer.Option(min=32, help="Training size in pixels; default HOBAN_IMAGE_SIZE, else 640."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge every source: problems, worst first, each with the recipe field that fixes it.

    Writes a page with pictures and DATA_QUALITY_ISSUES.md, in the language of HOBAN_LANG.

    Example: hoban quality fallen_pool --partition sub
    """
    from hoban_assets.language import speaker
    from hoban_assets.reporting.opening import how_to_open
    from hoban_assets.reporting.quality import writing as report
    from hoban_assets.reporting.quality.document import document

    settings = Settings.from_env()
    say, named = speaker(settings.language), list(dict.fromkeys(stages or ()))
    with asking_catalog() as ask:
        for name in named:
            known_asset(ask, name, partition)
        facts = report.gathered(ask, partition, named, image_size or settings.image_size)
        told = document(facts, say)
        if not as_json:
            _print(told, say)
        chosen = report.chosen_examples(ask, facts, told)
    with progress_bar(say("drawing")) as progress:
        files = report.write_documents(
            settings, facts, told, chosen, named, lambda line: typer.echo(line, err=True), progress
        )
    if as_json:
        print_json(report.as_data(told, files))
        return
    for file in files:
        typer.echo(file)
    typer.echo(f"{say('open')}: {how_to_open(files[0])}")


def _print(told: Any, say: Any) -> None:
    from hoban_assets.reporting.quality.writing import summary_rows

    typer.echo("\n".join(told.summary) + "\n")
    table = told.sections[0].tables[0]
    show([{key: row[key] for key in table.columns} for row in table.rows], as_json=False)
    typer.echo()
    show(summary_rows(told, say), as_json=False, columns=["level", "where", "problem"])
