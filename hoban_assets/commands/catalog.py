"""`hoban sql`, `hoban summary`: ask the catalog."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.asset_names import version_of
from hoban_assets.commands.app import LOOK, app, asking_catalog, built_one, here
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, show_blocks
from hoban_assets.errors import HobanError


@app.command(rich_help_panel=LOOK)
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT over the views of the catalog.")],
    as_json: AsJson = False,
) -> None:
    """Ask the catalog: views materializations, images, boxes, decisions, metrics, stages, checks.

    Example: hoban sql "SELECT class_name, count(*) FROM boxes WHERE asset='dataset_v9' GROUP BY 1"
    """
    import duckdb

    from hoban_assets.reporting.blocks import table

    with asking_catalog(sealed=True) as ask:
        try:
            rows = ask(query)
        except duckdb.Error as error:
            views = ", ".join(row["name"] for row in ask("SHOW TABLES"))
            raise HobanError(
                f"the catalog cannot answer this: {str(error).strip()}",
                f"write one SELECT over these views (docs/catalog.md): {views}",
            ) from None
    if as_json:
        print_json(rows)
    else:  # its columns are called as the query calls them
        show_blocks([table(rows, list(rows[0]) if rows else ["(no rows)"])])


@app.command(rich_help_panel=LOOK)
def summary(
    version: Annotated[str, typer.Argument(help="Dataset version, for instance v9.")],
    partition: Partition = "sub",
) -> None:
    """Show what a dataset version holds, its checks, and how its model does.

    Example: hoban summary v9 --partition sub
    """
    from hoban_assets.reporting.summary import version_summary

    _, say = here()
    with asking_catalog() as ask:
        built = ask(
            "SELECT version FROM assets WHERE kind = 'dataset' AND partition = ?", [partition]
        )
        versions = sorted(row["version"] for row in built)
        version = version_of(version)
        built_one(version, versions, "dataset version", partition)
        show_blocks(list(version_summary(ask, version, partition, say)))
