"""`hoban results`: what a trained model can and cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import (
    LOOK,
    AsJson,
    Partition,
    app,
    asking_catalog,
    nearest,
    print_json,
    show,
)

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Ask
    from hoban_assets.language import Say
    from hoban_assets.reporting.results.figures import ModelResults


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
    from hoban_assets.language import speaker
    from hoban_assets.reporting.results.results import model_results, write_results
    from hoban_assets.reporting.results.text import as_json as whole
    from hoban_assets.settings import Settings

    settings = Settings.from_env()
    say = speaker(settings.language)
    with asking_catalog() as ask:
        found = model_results(ask, known_model(ask, model), partition)
    if as_json:
        print_json(whole(found, say))
    else:
        _print(found, say)
    if page:
        report = write_results(settings, partition, lambda line: None, found.model)
        for file in report.files:
            typer.echo(str(file), err=as_json)
    elif not as_json:
        command = f"hoban results {found.model} --partition {partition} --page"
        typer.echo(say("With pictures: {command}", command=command))


def known_model(ask: Ask, name: str) -> str:
    """Return the name of a model that was trained; ``v9`` means ``model_v9``.

    Raises:
        HobanError: no such model; names the nearest one.
    """
    trained = ask(
        "SELECT DISTINCT asset FROM materializations "
        "WHERE is_current AND starts_with(asset, 'model_') ORDER BY asset"
    )
    version = name.removeprefix("model_").removeprefix("dataset_")
    return nearest(f"model_{version}", [row["asset"] for row in trained], "trained model")


def _print(found: ModelResults, say: Say) -> None:
    from hoban_assets.reporting.results.text import (
        LEVELS,
        commands,
        confusion_table,
        epoch_table,
        findings,
        headline,
        how_counted,
        how_epochs,
        how_trained,
        percent,
        pictures,
        short_class_table,
    )

    typer.echo(f"{found.model} [{found.partition}]  {headline(found, say)}")
    typer.echo(how_trained(found, say))
    typer.echo(f"\n{say('What stands out')}")
    for finding in findings(found):
        typer.echo(f"  {LEVELS[finding.level]:<4} {finding.said(say)}")
        for remedy in finding.remedies_said(say):
            typer.echo(f"         -> {remedy}")
    typer.echo(f"\n{say('Figures of each class')}")
    show(short_class_table(found), as_json=False)
    typer.echo(how_counted(say))
    if found.confusions:
        typer.echo(f"\n{say('What is taken for what')}")
        show([{**r, "share": percent(r["share"])} for r in confusion_table(found)], as_json=False)
    typer.echo(f"\n{say('The last epochs')}")
    show(epoch_table(found), as_json=False)
    typer.echo(how_epochs(say))
    if found.checks:
        typer.echo(f"\n{say('Checks')}")
    for check in found.checks:
        mark = LEVELS["good" if check["passed"] else "warn"]
        typer.echo(f"  {mark:<4} {check['name']}: {check['text']}")
    typer.echo(f"\n{say('Files')}  {found.path or '-'}")
    for file in pictures(found):
        typer.echo(f"  {file.name}")
    typer.echo(f"\n{say('Train it again')}")
    for command in commands(found):
        typer.echo(f"  {command}")
