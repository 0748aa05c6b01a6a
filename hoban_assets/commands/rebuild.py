"""`hoban rebuild`: bring a partition up to date, or say what that would do."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands.app import UPKEEP, app, here
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, show, tell, tell_progress
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.components.rebuild.by_hand import ByHand, Done
    from hoban_assets.language import Say

Row = dict[str, Any]


@app.command(rich_help_panel=UPKEEP)
def rebuild(
    partition: Partition = "sub",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be rebuilt, and why.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild what is out of date in a partition: changed raw files, recipes or code.

    Only what was built before is rebuilt: stages, then datasets, models, and reports last. What
    comes out with the same rows stops there. It needs no daemon; with one, the schedules
    rebuild_sub and rebuild_full do the same by night.

    Example: hoban rebuild --partition sub --dry-run
    """
    from hoban_assets.declared.stages import STAGES

    settings, say = here()
    with _instance(dry_run) as instance:
        work = _work(settings, instance, partition)
        if not dry_run:
            work.refuse_a_second()
        work.look(STAGES, tell_progress)
        rows = [] if dry_run else _build(work, say)
        found = rows + _left(work, say)
    if found or as_json:
        show(found, as_json) if found else print_json([])
    else:
        typer.echo(_nothing(work, say))
    if work.failed:
        raise typer.Exit(1)


def _instance(dry_run: bool) -> Any:
    """Dagster's records; a mere look does without where DAGSTER_HOME is not set."""
    if os.environ.get("DAGSTER_HOME"):
        import dagster as dg

        return dg.DagsterInstance.get()
    if not dry_run:
        raise HobanError(
            "DAGSTER_HOME is not set, so Dagster would forget what it builds", ". ./env.sh sets it"
        )
    tell("DAGSTER_HOME is not set: reports and active runs are left out.", err=True)
    return nullcontext(None)


def _work(settings: Settings, instance: Any, partition: str) -> ByHand:
    import dagster as dg

    from hoban_assets.components.rebuild.by_hand import ByHand
    from hoban_assets.definitions import defs

    job = dg.build_reconstructable_job(__name__, layer_job.__name__)
    return ByHand(settings, instance, partition, job, defs().resolve_asset_graph())


def layer_job() -> Any:
    """The job of a layer; the processes of its steps ask for it too."""
    from hoban_assets.components.rebuild.records import LAYER_JOB
    from hoban_assets.definitions import defs

    return defs().resolve_job_def(LAYER_JOB)


def _build(work: ByHand, say: Say) -> list[Row]:
    """Build layer after layer; one row for each asset."""
    rows: list[Row] = []
    layer = 0
    while steps := work.next_layer():
        layer += 1
        names = ", ".join(step.asset for step in steps)
        tell("layer {layer}: {names}", layer=layer, names=names, err=True)
        rows += [_row(layer, done, say) for done in work.build(layer, steps)]
    return rows


def _row(layer: int, done: Done, say: Say) -> Row:
    from hoban_assets.components.rebuild.words import told

    what = say("rebuilt, same rows") if done.same else say("rebuilt")
    reasons = told(done.step.reasons, say)
    if done.failure:
        what, reasons = say("FAILED"), done.failure
    return {"order": layer, "asset": done.step.asset, "what": what, "why": reasons}


def _left(work: ByHand, say: Say) -> list[Row]:
    """What is out of date now: in the order in which it is rebuilt."""
    from hoban_assets.components.rebuild.words import told

    left = work.left()
    rows: list[Row] = []

    def add(order: int | None, name: str, what: str, why: str) -> None:
        if name not in work.failed:
            rows.append({"order": order, "asset": name, "what": what, "why": why})

    for step in left.plan.ready:
        add(1, step.asset, say("rebuild"), told(step.reasons, say))
    later = list(work.order(left))
    for order, name, roots in later:
        if all(root in work.failed or root in left.plan.cannot for root in roots):
            order_, what = None, say("waits")
        else:
            order_, what = order, say("rebuild if it changes")
        add(order_, name, what, say("it is made from {names}", names=", ".join(roots)))
    last = 1 + max((row["order"] or 0 for row in rows), default=0)
    for step in left.reports:
        add(last, step.asset, say("rebuild"), told(step.reasons, say))
    for name, reasons in left.plan.cannot.items():
        add(None, name, say("cannot be rebuilt"), told(reasons, say))
    for name, run in left.plan.busy.items():
        add(None, name, say("is being built"), say("by run {run}", run=run))
    return rows


def _nothing(work: ByHand, say: Say) -> str:
    built = len(work.world().built)
    if not built:
        return say("Nothing was ever built in {partition}.", partition=work.partition)
    return say(
        "Nothing is out of date in {partition}: raw files, recipes and code are those that its "
        "{built} assets were built from.",
        partition=work.partition,
        built=built,
    )
