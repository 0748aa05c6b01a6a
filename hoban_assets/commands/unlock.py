"""`hoban unlock`: after a kill."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import UPKEEP, app


@app.command(rich_help_panel=UPKEEP)
def unlock(
    run: Annotated[
        str | None, typer.Option(help="Declare this run dead (of another host).")
    ] = None,
) -> None:
    """Free the GPU slots that killed runs left (Dagster keeps the slot of a run after kill -9).

    Every new run does the same by itself for runs of its own host.

    Example: hoban unlock
    """
    import dagster as dg

    from hoban_assets.components.dead_runs import end_dead_runs

    freed = end_dead_runs(dg.DagsterInstance.get(), run)
    typer.echo("\n".join(f"freed the slots of run {run}" for run in freed) or "no slot is stuck")
