"""The `hoban` command: what is easier to type than to click."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hoban_assets.errors import HobanError
from hoban_assets.settings import PARTITIONS, Settings

app = typer.Typer(
    help="Construction-safety datasets and detectors. Build with `dagster asset materialize`, "
    "look with `hoban`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def main() -> None:
    """Run the command; an error that the user can mend is one line, not a traceback."""
    try:
        app()
    except HobanError as error:
        typer.echo(f"error: {error.problem}\n  way out: {error.way_out}", err=True)
        sys.exit(1)


@app.command()
def sample_data(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder.")],
    images: Annotated[int, typer.Option(min=40, help="Distinct images, roughly.")] = 600,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
) -> None:
    """Write a raw tree of drawn scenes in every raw format, with every known defect.

    Example: hoban sample-data data/raw --images 600
    """
    from hoban_assets.sample_data import generate

    made = generate(folder, images, seed, lambda line: typer.echo(line, err=True))
    typer.echo(
        f"{made.images:,} images in {made.files:,} files in {made.folder}, with {made.defects} "
        f"defects (defects.json says what must become of each)"
    )


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT over the views of the catalog.")],
    as_json: AsJson = False,
) -> None:
    """Ask the catalog: views materializations, images, boxes, decisions, metrics, stages, checks.

    Example: hoban sql "SELECT class_name, count(*) FROM boxes WHERE asset='dataset_v9' GROUP BY 1"
    """
    _print(_catalog().query(query), as_json)


@app.command()
def fate(
    image: Annotated[str, typer.Argument(help="Image id, or any part of it.")],
    as_json: AsJson = False,
) -> None:
    """Say what became of an image, in every asset: kept, repaired, dropped, and why.

    Example: hoban fate S2-N4601M00101
    """
    from hoban_assets.catalog.queries import fate as fate_of
    from hoban_assets.catalog.queries import image_ids

    catalog = _catalog()
    found = image_ids(catalog, image)
    if not found:
        raise HobanError(f"no image whose id holds {image!r}", "try a shorter part of its name")
    if len(found) > 1 and image not in found:
        listed = "\n    ".join(found)
        raise HobanError(f"several images match {image!r}:\n    {listed}", "name one of them")
    _print(fate_of(catalog, image if image in found else found[0]), as_json)


@app.command()
def summary(
    version: Annotated[str, typer.Argument(help="Dataset version, for instance v9.")],
    partition: Annotated[str, typer.Option(help=" or ".join(PARTITIONS))] = "sub",
) -> None:
    """Show what a dataset version holds, its checks, and how its model does.

    Example: hoban summary v9 --partition sub
    """
    from hoban_assets.reporting.summary import version_summary

    typer.echo(version_summary(_catalog(), version, partition))


@app.command()
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


def _catalog():  # type: ignore[no-untyped-def]
    from hoban_assets.catalog.store import Catalog

    settings = Settings.from_env()
    return Catalog(settings.catalog_path, deadline=settings.catalog_wait)


def _print(frame, as_json: bool) -> None:  # type: ignore[no-untyped-def]
    if as_json:
        typer.echo(json.dumps(json.loads(frame.to_json(orient="records", date_format="iso"))))
    else:
        typer.echo(frame.to_string(index=False, na_rep="-"))
