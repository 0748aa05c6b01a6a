"""`hoban plan`: hours, memory and disk of a build before anybody starts it."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import LOOK, app, here, one_of
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json
from hoban_assets.settings import FEATURE_ENGINES


@app.command(rich_help_panel=LOOK)
def plan(
    images: Annotated[int, typer.Option(min=1, help="How many images the build reads.")],
    engine: Annotated[
        str | None,
        typer.Option(
            help="fastdup, copies or thumbnail (else HOBAN_FEATURE_ENGINE).",
            callback=one_of(FEATURE_ENGINES, "engine"),
        ),
    ] = None,
    cores: Annotated[
        int | None,
        typer.Option(min=1, help="Cores of all machines together (else HOBAN_WORKERS)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a build would take: hours, memory and disk of each step. Training apart.

    Extrapolated from measured costs; docs/scale.md says how they grow.

    Example: hoban plan --images 1000000 --engine copies --cores 64
    """
    import os
    import shutil
    from dataclasses import asdict

    from hoban_assets.file_systems import existing
    from hoban_assets.reporting.forecast.document import document
    from hoban_assets.reporting.forecast.figures import forecast
    from hoban_assets.reporting.terminal import show_blocks

    settings, say = here()
    engine = engine or settings.feature_engine
    found = forecast(images, engine, cores or settings.workers, settings.workers)
    if as_json:
        totals = {"hours": found.hours, "memory": found.memory, "disk": found.disk}
        print_json(asdict(found) | {"total": totals})
        return
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free = shutil.disk_usage(existing(settings.data_root)).free
    show_blocks(document(found, memory, free, say))
