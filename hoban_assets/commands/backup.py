"""`hoban backup`: everything that was built, in one file."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import UPKEEP, app, here
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, progress_bar, show, tell

if TYPE_CHECKING:
    from hoban_assets.language import Say
    from hoban_assets.upkeep.backup.making import Backup


@app.command(rich_help_panel=UPKEEP)
def backup(
    target: Annotated[
        Path | None,
        typer.Argument(help="Folder, or new file (.tar). Default: backups/ below the data root."),
    ] = None,
    without_images: Annotated[
        bool,
        typer.Option(
            "--without-images",
            help="Leave the photographs of published datasets out: they lie in the raw root too.",
        ),
    ] = False,
    without_history: Annotated[
        bool, typer.Option("--without-history", help="Leave Dagster's runs and events out.")
    ] = False,
    with_cache: Annotated[
        bool, typer.Option("--with-cache", help="Also what can be computed again.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read it back and compare every hash.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write catalog, datasets, models, reports and Dagster's history to one file.

    Others may build meanwhile: the backup is of one moment. Raw sources are not in it, though the
    photographs of published datasets are. TARGET is a folder or a new .tar; without one it goes to
    backups/ below the data root. A half-written backup never has its name.

    Example: hoban backup /mnt/backup --verify
    """
    from hoban_assets.upkeep.backup.making import Choice, back_up, check

    settings, say = here()
    choice = Choice(images=not without_images, cache=with_cache, history=not without_history)
    if choice.history and not os.environ.get("DAGSTER_HOME"):
        tell(
            "DAGSTER_HOME is not set: Dagster's history is not in it (. ./env.sh sets it)", err=True
        )
    with progress_bar("backing up", in_bytes=True) as progress:
        made = back_up(settings, target, choice, env=os.environ, progress=progress)
    if verify:
        with progress_bar("reading back", in_bytes=True) as progress:
            check(made.archive, progress)
    if as_json:
        print_json({**asdict(made), "verified": verify})
        return
    show_backup(made, say)
    if verify:
        tell("Read back: every file is what was backed up.")
    if made.archive.stat().st_dev == settings.data_root.stat().st_dev:
        tell("It lies on the same disk as the data: copy it to another one, or name a target.")
    restore = shlex.join(["hoban", "restore", str(made.archive), "--into"])
    tell("To get it back: {command} NEW_FOLDER", command=restore)


def show_backup(made: Backup, say: Say) -> None:
    """Print what a backup holds, and what was left out of it."""
    from hoban_assets.units import size_text

    rows = [
        {say("part"): say(part), say("files"): n["files"], say("size"): size_text(n["bytes"])}
        for part, n in made.parts.items()
    ]
    show(rows)
    for name, why in made.left_out.items():
        tell("left out: {file} ({why})", file=name, why=say(why))
    typer.echo(f"{made.archive}  {size_text(made.bytes)}")
