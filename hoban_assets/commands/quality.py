"""`hoban quality`: what is wrong with the data, and which recipe field fixes it."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import REPORTS, app, asking_catalog, here, known_asset
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import (
    print_json,
    progress_bar,
    show_blocks,
    tell_page,
    tell_progress,
)


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
    from hoban_assets.reporting.quality.document import summary
    from hoban_assets.reporting.quality.examples import examples
    from hoban_assets.reporting.quality.facts import gathered
    from hoban_assets.reporting.quality.judgement import judged
    from hoban_assets.reporting.quality.writing import as_data, write_documents

    settings, say = here()
    named = list(dict.fromkeys(stages or ()))
    with asking_catalog() as ask:
        for name in named:
            known_asset(ask, name, partition)
        size = image_size or settings.image_size
        found = judged(gathered(ask, partition, named, size))
        if not as_json:
            show_blocks(summary(found, say))
        chosen = examples(ask, partition, found.serious)
    with progress_bar("drawing") as progress:
        files = write_documents(settings, found, chosen, named, tell_progress, progress)
    if as_json:
        print_json(as_data(found, files))
        return
    for file in files:
        typer.echo(file)
    tell_page(files[0])
