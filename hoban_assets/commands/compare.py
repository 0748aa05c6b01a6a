"""`hoban compare`: models side by side, and what is behind their differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import (
    LOOK,
    AsJson,
    Partition,
    app,
    asking_catalog,
    built_one,
    print_json,
)
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Ask


@app.command(rich_help_panel=LOOK)
def compare(
    models: Annotated[
        list[str], typer.Argument(help="model_v8 model_v9 ..., or v8 v9; the first is the base")
    ],
    partition: Partition = "sub",
    page: Annotated[
        bool, typer.Option("--page", help="Write the page with pictures too, and say where.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hold models against the first one: figures of each class, recipes, training and data.

    Figures are label-aware (each class only on images whose source labels it); 'all (stock)' is
    what Ultralytics counts. Columns ending in ± are differences to the first model.

    Example: hoban compare model_v8 model_v9 --partition sub
    """
    from hoban_assets.language import speaker
    from hoban_assets.reporting.comparison.comparison import compare as compared
    from hoban_assets.reporting.comparison.document import as_json as json_of
    from hoban_assets.reporting.comparison.document import document
    from hoban_assets.reporting.markdown import markdown as as_markdown
    from hoban_assets.reporting.terminal import show_blocks

    settings = Settings.from_env()
    with asking_catalog() as ask:
        found = compared(ask, _known(ask, models, partition), partition)
    if as_json:
        print_json(json_of(found))
        return
    told = document(found, speaker(settings.language))
    if markdown:
        typer.echo(as_markdown(told), nl=False)
        return
    show_blocks(told)
    if page:
        from hoban_assets.reporting.comparison.document import write_comparison

        names = [model.name for model in found.models]
        report = write_comparison(settings, partition, typer.echo, names)
        typer.echo("\n" + "\n".join(map(str, report.files)))


def _known(ask: Ask, typed: list[str], partition: str) -> list[str]:
    from hoban_assets.reporting.comparison.comparison import named, never_trained, trained_models

    anywhere, here = trained_models(ask), trained_models(ask, partition)
    names = list(
        dict.fromkeys(built_one(named(t, anywhere), anywhere, "model", partition) for t in typed)
    )
    for name in names:
        if name not in here:
            raise never_trained(name, partition)
    if len(names) < 2:
        raise HobanError(
            "a comparison needs two models",
            f"trained for {partition}: {', '.join(here)}; for one: hoban results {names[0]}",
        )
    return names
