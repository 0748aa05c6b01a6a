"""`hoban restore`: a backup becomes a data root again."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hoban_assets.commands.app import UPKEEP, app, here
from hoban_assets.commands.backup import show_backup
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, progress_bar, tell
from hoban_assets.errors import HobanError
from hoban_assets.howto import build


@app.command(rich_help_panel=UPKEEP)
def restore(
    archive: Annotated[Path, typer.Argument(help="File that `hoban backup` wrote.")],
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FOLDER", help="New or empty folder.")
    ] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Only read it and compare every hash.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty folder, which then is a data root.

    Every hash is compared before anything has its name. Paths in the catalog are set to the new
    place. Nothing is ever restored over something else.

    Example: hoban restore /mnt/backup/hoban-2026-11-20T180000Z.tar --into /srv/hoban/data
    """
    from hoban_assets.upkeep.backup.making import check
    from hoban_assets.upkeep.backup.restoring import restore as unpack

    _, say = here()
    if (into is None) == (not only_check):
        raise HobanError("--into FOLDER or --check: one of them", "hoban restore --help")
    if into is None:
        with progress_bar("reading back", in_bytes=True) as progress:
            found = check(archive, progress)
        if as_json:
            print_json(asdict(found))
            return
        show_backup(found, say)
        tell("Read back: every file is what was backed up.")
        return
    with progress_bar("restoring", in_bytes=True) as progress:
        done = unpack(archive, into, env=os.environ, end_runs=end_runs, progress=progress)
    if as_json:
        print_json(
            {
                **asdict(done.backup),
                "folder": str(done.folder),
                "environment": str(done.environment),
                "history": done.history,
                "ended_runs": done.ended_runs,
                "to_publish": [f"{asset} [{part}]" for asset, part in done.to_publish],
            }
        )
        return
    show_backup(done.backup, say)
    tell("Restored into {folder}. To use it:", folder=done.folder)
    typer.echo(f"  . {shlex.quote(str(done.environment))}")
    if done.ended_runs:
        tell("Runs that were at work then are marked as failed: {n}", n=done.ended_runs)
    if done.history == "postgres":
        tell("Dagster's history is a dump; with the server's environment loaded:")
        typer.echo(
            "  PGPASSWORD=$HOBAN_PG_PASSWORD pg_restore --clean --if-exists --no-owner "
            "-h $HOBAN_PG_HOST -p $HOBAN_PG_PORT -U $HOBAN_PG_USER -d $HOBAN_PG_DB "
            f"{shlex.quote(str(done.folder / 'dagster' / 'postgres.dump'))}"
        )
    if done.to_publish:
        tell("The photographs are not in this backup. Publish from the raw root again:")
        for asset, partition in done.to_publish:
            typer.echo(f"  {build(asset, partition=partition)}")


def end_runs(home: Path, run_ids: list[str]) -> None:
    """Mark the runs that were at work when the backup was made as failed, and free their slots."""
    import dagster as dg

    with dg.DagsterInstance.local_temp(str(home)) as instance:
        for run_id in run_ids:
            if run := instance.get_run_by_id(run_id):
                message = "This run was at work when the backup was made that was restored here."
                instance.report_run_failed(run, message=message)
            instance.event_log_storage.free_concurrency_slots_for_run(run_id)
