"""`hoban import-results`: what a server trained becomes a model of this platform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands.app import UPKEEP, app, here, nearest
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, tell
from hoban_assets.settings import PARTITIONS

if TYPE_CHECKING:
    from hoban_assets.components.inbox import Imported
    from hoban_assets.handoff.results.archive import Refused
    from hoban_assets.language import Say

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
    rows = []
    if wanted:
        with event_log() as instance:
            for path in wanted:
                log = (lambda line: None) if as_json else typer.echo
                try:
                    found = bring_in(path, settings, recipes, instance, log, partition=partition)
                except Refused as refused:
                    rows.append(_refused(path, refused, say))
                else:
                    place = take_away(path, inbox, say) if is_in(path, inbox) else path
                    rows.append(_imported(place, found))
                if not as_json:
                    _tell(rows[-1])
    if as_json:
        print_json(rows)
    elif not wanted:
        tell("No results lie in the inbox {folder}.", folder=inbox)
    if any(row["status"] == "refused" for row in rows):
        raise typer.Exit(1)


def _refused(path: Path, refused: Refused, say: Say) -> dict[str, Any]:
    problem, way_out = refused.said(say)
    return {"archive": str(path), "status": "refused", "reason": problem, "way_out": way_out}


def _imported(path: Path, found: Imported) -> dict[str, Any]:
    from hoban_assets.training.metrics import STOCK, value_of

    row = {
        "archive": str(path),
        "status": "imported" if found.since is None else "fixed" if found.fixed else "known",
        "model": found.model,
        "partition": found.partition,
        "run_dir": str(found.run_dir),
        "since": found.since,
    }
    if (result := found.result) is None:
        return {**row, "status": "replaced"}
    best = result.best_epoch
    return {
        **row,
        "epochs": result.epochs,
        "best_epoch": best,
        "mAP50": value_of(result.metrics, "mAP50", best),
        "mAP50_stock": value_of(result.metrics, "mAP50", best, split=STOCK),
        "checks": [{"name": c.name, "passed": c.passed, "text": c.text} for c in found.checks],
    }


def _tell(row: Mapping[str, Any]) -> None:
    """Print what became of an archive."""
    from hoban_assets.reporting.blocks import MARKS

    if row["status"] == "refused":
        tell("not imported: {reason}", reason=row["reason"], err=True)
        tell("  way out: {way_out}", way_out=row["way_out"], err=True)
        return
    what = f"{row['model']} [{row['partition']}]"
    when = f"{row['since']:%Y-%m-%d %H:%M}" if row["since"] else ""
    tell(BECAME[row["status"]], what=what, when=when)
    if row["status"] == "replaced":
        return
    tell(
        "  {epochs} epochs, best {best}: mAP50 {fair} label-aware, {stock} as Ultralytics counts",
        epochs=row["epochs"],
        best=row["best_epoch"],
        fair=f"{row['mAP50'] or 0:.3f}",
        stock=f"{row['mAP50_stock'] or 0:.3f}",
    )
    for check in row["checks"]:
        mark = MARKS["good" if check["passed"] else "warn"]
        typer.echo(f"  {mark:<4} {check['name']}: {check['text']}")
    tell("  lies in {folder}", folder=row["run_dir"])
    more = f"hoban results {row['model']} --partition {row['partition']}"
    tell("  more: {command}", command=more)
