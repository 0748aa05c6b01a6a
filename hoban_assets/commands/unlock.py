"""`hoban unlock`: who holds the slots of the pools, and what killed runs left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands.active_runs import ACTIVE
from hoban_assets.commands.app import UPKEEP, app, here
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, show, tell
from hoban_assets.errors import HobanError

if TYPE_CHECKING:
    import dagster as dg

    from hoban_assets.components.dead_runs import Claim

FREED, WAITING, LIVES, UNSEEN = "freed", "waiting", "held by a living run", "of another host"
_SHORT = 8  # characters of a run id, as Dagster's pages show it


@dataclass(frozen=True)
class Found:
    """What the slots looked like before, and which runs were ended by the look."""

    claims: list[Claim]
    ended: list[str]

    def state(self, claim: Claim) -> str:
        """What became of a claim: 'freed', 'waiting', or why it was left."""
        if claim.run_id in self.ended:
            return FREED
        if claim.is_waiting:
            return WAITING
        return LIVES if claim.run_lives else UNSEEN


@app.command(rich_help_panel=UPKEEP)
def unlock(
    run: Annotated[
        str | None,
        typer.Option(
            help="Declare this run dead (of another host, which cannot be seen from here): its "
            "id, or how it begins."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show who holds the slots of the pools (gpu), and free those that killed runs left.

    Dagster keeps the slot of a run after kill -9 or a power cut. A slot of a living run is left.
    Every new run does the same by itself for runs of its own host.

    Example: hoban unlock
    Example: hoban unlock --run 3f2a91c0
    """
    from hoban_assets.components.dead_runs import claims, end_dead_runs
    from hoban_assets.reporting.journal.events import event_log

    with event_log() as instance:
        declared = _declared(instance, run) if run else None
        before = claims(instance)
        found = Found(before, end_dead_runs(instance, declared))
    if as_json:
        print_json({"claims": [_row(found, c) for c in found.claims], "ended_runs": found.ended})
        return
    _tell(found)


def _declared(instance: dg.DagsterInstance, beginning: str) -> str:
    """Id of the one unfinished run that begins so.

    Raises:
        HobanError: there is none, or several, or it lives on this host.
    """
    import dagster as dg

    from hoban_assets.components.dead_runs import claims, run_lives
    from hoban_assets.processes.seen import TAG

    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus[name] for name in ACTIVE])
    runs = {run.run_id: run for run in instance.get_runs(unfinished)}
    known = {*runs, *(claim.run_id for claim in claims(instance))}
    matching = sorted(run_id for run_id in known if run_id.startswith(beginning))
    if len(matching) != 1:
        raise HobanError(
            f"{'no run' if not matching else f'{len(matching)} runs'} that is not finished or "
            f"holds a slot begins with {beginning!r}",
            f"known: {', '.join(sorted(known))}" if known else "no run is active: nothing to do",
        )
    [run_id] = matching
    if run_id in runs and run_lives(runs[run_id]):
        process = runs[run_id].tags[TAG].split()[1]
        raise HobanError(
            f"run {run_id} is alive on this host (process {process})",
            "end it in Dagster ('make ui', Runs, Terminate): a second training beside it would "
            "share its GPU",
        )
    return run_id


def _row(found: Found, claim: Claim) -> dict[str, Any]:
    return {
        "pool": claim.pool,
        "limit": claim.limit,
        "asset": claim.step.replace("__", "/"),
        "partition": claim.partition or None,
        "run": claim.run_id,
        "host": claim.host or None,
        "since": claim.since,
        "state": found.state(claim),
    }


def _tell(found: Found) -> None:
    """Print the table, and what it means in sentences."""
    _, say = here()
    states = {
        FREED: say("freed: its run is gone"),
        WAITING: say("waits for a slot"),
        LIVES: say("left: held by a living run"),
        UNSEEN: say("left: a run of another host, which cannot be seen from here"),
    }
    rows = [_row(found, claim) for claim in found.claims]
    if rows:
        table = [
            {
                "pool": f"{row['pool']} ({row['limit']})",
                "asset": row["asset"],
                "partition": row["partition"],
                "run": row["run"][:_SHORT],
                "host": row["host"],
                "since": f"{row['since']:%Y-%m-%d %H:%M}" if row["since"] else None,
                "state": states[row["state"]],
            }
            for row in rows
        ]
        show(table)
    for run_id in found.ended:
        tell("freed the slots of run {run}, whose process is gone", run=run_id[:_SHORT])
    if not found.ended:
        tell("no slot is stuck")
    for run_id, host in sorted(_unseen(found)):
        tell(
            "if run {run} of {host} is dead: hoban unlock --run {run}",
            run=run_id[:_SHORT],
            host=host or say("an unknown host"),
        )


def _unseen(found: Found) -> set[tuple[str, str]]:
    return {(c.run_id, c.host) for c in found.claims if found.state(c) == UNSEEN}
