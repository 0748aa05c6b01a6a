"""`hoban status`: where everything stands, and what is out of date."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import LOOK, app, one_of
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, show_blocks, tell_progress
from hoban_assets.settings import PARTITIONS, Settings


@app.command(rich_help_panel=LOOK)
def status(
    partition: Annotated[
        str | None,
        typer.Option(
            help=f"{' or '.join(PARTITIONS)}; both by default.",
            callback=one_of(PARTITIONS, "partition"),
        ),
    ] = None,
    composition: Annotated[
        bool, typer.Option("--composition", help="Also each dataset per class, source and split.")
    ] = False,
    check_raw: Annotated[
        bool,
        typer.Option(
            "--check-raw",
            help="Also compare the raw files with those that were read (minutes on slow disks), "
            "and measure the disk anew.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show every artifact: age, images, boxes per class, disk use, and what is stale and why.

    Example: hoban status --partition sub
    """
    from hoban_assets.file_systems import refuse_no_data_root
    from hoban_assets.language import speaker
    from hoban_assets.reporting.status.document import answer
    from hoban_assets.reporting.status.figures import status_of
    from hoban_assets.reporting.status.words import as_json as everything

    settings = Settings.from_env()
    refuse_no_data_root(settings.data_root)
    found = status_of(
        settings,
        (partition,) if partition else PARTITIONS,
        composition=composition or as_json,
        check_raw=check_raw,
        fresh=check_raw,
        log=tell_progress if check_raw else lambda _: None,
    )
    say = speaker(settings.language)
    if as_json:
        print_json(everything(found, say))
        return
    show_blocks(answer(found, say, composed=composition))
