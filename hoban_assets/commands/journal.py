"""`hoban journal`: what was done, hour by hour."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hoban_assets.commands.app import REPORTS, app
from hoban_assets.commands.options import AsJson
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings


@app.command(rich_help_panel=REPORTS)
def journal(
    day: Annotated[
        str | None,
        typer.Option(
            help="Local day: 2026-11-23, today or yesterday. Default: the last day on which "
            "something happened."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="That many days up to it.")] = 1,
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file instead of the screen.")
    ] = None,
) -> None:
    """Tell what was built hour by hour: inputs, numbers, durations, failures, results.

    Reads Dagster's event log (DAGSTER_HOME) and the catalog. Markdown, in the language of
    HOBAN_LANG.

    Example: hoban journal --day yesterday --output journal.md
    """
    from datetime import datetime, timedelta

    from hoban_assets.reporting.journal import writing as report
    from hoban_assets.reporting.journal.events import event_log
    from hoban_assets.reporting.journal.summary import as_json as plain
    from hoban_assets.reporting.report import save

    settings, now = Settings.from_env(), datetime.now().astimezone()
    last = report.day_of(day, now.date()) if day else None
    instance = event_log()
    last = last or report.last_day(settings, instance)
    first = last - timedelta(days=days - 1)
    found = report.read_days(settings, instance, first, last, now)
    if not found:
        raise HobanError(
            f"nothing happened on {last}" if days == 1 else f"nothing happened {first} to {last}",
            f"the last day with something is {report.last_day(settings, instance)}",
        )
    if as_json:
        content = json.dumps(plain(found, now), default=str, ensure_ascii=False, indent=1)
    else:
        content = report.as_markdown(found, settings.language, now)
    if output is None:
        typer.echo(content)
        return
    if output.is_dir():
        raise HobanError(f"{output} is a folder", f"name a file, for instance {output}/journal.md")
    typer.echo(save(output, f"{content.rstrip()}\n"))
