"""`hoban import-results`: what a server trained becomes a model of this platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands.app import UPKEEP, app, here, nearest
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, show_blocks, tell
from hoban_assets.settings import PARTITIONS

if TYPE_CHECKING:
    from hoban_assets.components.inbox import Imported
    from hoban_assets.language import Say
    from hoban_assets.reporting.blocks import Block

BECAME = {
    "imported": "imported {what}",
    "known": "{what} was imported before ({when} UTC): nothing to do",
    "fixed": "{what} was imported before ({when} UTC), but not to the end: fixed",
    "replaced": "{what}: this training was imported before ({when} UTC), and another one is "
    "current now. Nothing was changed.",
}


@app.command(rich_help_panel=UPKEEP)
def import_results(
    archive: Annotated[
        Path | None,
        typer.Argument(
            help="results_*.tar that train.sh wrote, or the folder unpacked from it. Default: "
            "everything in the inbox (HOBAN_INBOX)."
        ),
    ] = None,
    partition: Annotated[
        str | None, typer.Option("--partition", help="Refuse results of another partition.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify what a server trained, and take it over as the model of this platform.

    Every file is compared with the archive's own list; results of another dataset version than the
    current one are refused. Archives of the inbox go to inbox/imported afterwards; a refused one
    stays where it is. Exit status 1: something was refused.

    Example: hoban import-results results_model_v9_full_0123456789abcdef.tar
    """
    from hoban_assets.components.inbox import import_results as bring_in
    from hoban_assets.declared.recipes import declared_recipes
    from hoban_assets.handoff.results.archive import Refused
    from hoban_assets.handoff.results.inbox_folder import is_in, take_away, waiting, waiting_folders
    from hoban_assets.reporting.journal.events import event_log

    if partition is not None:
        nearest(partition, PARTITIONS, "partition")
    settings, say = here()
    inbox = settings.inbox
    wanted = [archive] if archive else [*waiting(inbox), *waiting_folders(inbox)]
    recipes = {recipe.model: recipe for recipe in declared_recipes()}
    outcomes = []
    if wanted:
        with event_log() as instance:
            for path in wanted:
                log = (lambda line: None) if as_json else typer.echo
                try:
                    found = bring_in(path, settings, recipes, instance, log, partition=partition)
                except Refused as refused:
                    outcomes.append(Outcome(str(path), "refused", *refused.said(say)))
                else:
                    place = take_away(path, inbox, say) if is_in(path, inbox) else path
                    outcomes.append(_imported(place, found))
                if not as_json:
                    last = outcomes[-1]
                    show_blocks(document(last, say), err=last.status == "refused")
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    elif not wanted:
        tell("No results lie in the inbox {folder}.", folder=inbox)
    if any(outcome.status == "refused" for outcome in outcomes):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Outcome:
    """What became of one archive; None where it does not apply."""

    archive: str
    status: str
    """'refused', or a key of `BECAME`."""
    reason: str | None = None
    way_out: str | None = None
    model: str | None = None
    partition: str | None = None
    run_dir: str | None = None
    since: datetime | None = None
    """When it was imported before, UTC."""
    epochs: int | None = None
    best_epoch: int | None = None
    mAP50: float | None = None
    mAP50_stock: float | None = None
    checks: Sequence[Mapping[str, Any]] = ()
    """name, passed, text."""


def _imported(path: Path, found: Imported) -> Outcome:
    from hoban_assets.training.metrics import STOCK, value_of

    status = "imported" if found.since is None else "fixed" if found.fixed else "known"
    told = Outcome(
        str(path),
        status,
        model=found.model,
        partition=found.partition,
        run_dir=str(found.run_dir),
        since=found.since,
    )
    if (result := found.result) is None:
        return replace(told, status="replaced")
    best = result.best_epoch
    return replace(
        told,
        epochs=result.epochs,
        best_epoch=best,
        mAP50=value_of(result.metrics, "mAP50", best),
        mAP50_stock=value_of(result.metrics, "mAP50", best, split=STOCK),
        checks=[{"name": c.name, "passed": c.passed, "text": c.text} for c in found.checks],
    )


def document(told: Outcome, say: Say) -> Iterator[Block]:
    """Tell what became of an archive."""
    from hoban_assets.language import retold
    from hoban_assets.reporting.blocks import Finding, Paragraph, bullets

    if told.status == "refused":
        yield Paragraph(say("not imported: {reason}", reason=told.reason))
        yield bullets([say("way out: {way_out}", way_out=told.way_out)])
        return
    what = f"{told.model} [{told.partition}]"
    when = f"{told.since:%Y-%m-%d %H:%M}" if told.since else ""
    yield Paragraph(say(BECAME[told.status], what=what, when=when))
    if told.status == "replaced":
        return
    figures = say(
        "{epochs} epochs, best {best}: mAP50 {fair} label-aware, {stock} as Ultralytics counts",
        epochs=told.epochs,
        best=told.best_epoch,
        fair=f"{told.mAP50 or 0:.3f}",
        stock=f"{told.mAP50_stock or 0:.3f}",
    )
    yield bullets([figures])
    for check in told.checks:
        text = retold(check["text"], say)
        yield Finding("good" if check["passed"] else "warn", f"{check['name']}: {text}")
    more = f"hoban results {told.model} --partition {told.partition}"
    folder, more = (
        say("lies in {folder}", folder=told.run_dir),
        say("more: {command}", command=more),
    )
    yield bullets([folder, more])
