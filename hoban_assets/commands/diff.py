"""`hoban diff`: what changed between two datasets, stages, or materialisations of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.catalog.asked import Ask
from hoban_assets.commands.app import LOOK, app, asking_catalog, known_asset
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, show_blocks
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.reporting.diff.sides import Side


@app.command(rich_help_panel=LOOK)
def diff(
    old: Annotated[str, typer.Argument(help="dataset_v8, or one materialisation: dataset_v9@12")],
    new: Annotated[str | None, typer.Argument(help="what it is compared with")] = None,
    partition: Partition = "sub",
    previous: Annotated[
        bool, typer.Option("--previous", help="Compare OLD as it is with the build before it.")
    ] = False,
    examples: Annotated[
        int, typer.Option("--list", min=0, help="Name so many images of each kind of change.")
    ] = 0,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what changed between two datasets: images, boxes, classes, splits, and by which rule.

    Images are matched by id, else by the content of their file; so helmet_30k can be compared
    with helmet_60k. A number after '@' is a materialization_id, of any partition.

    Example: hoban diff dataset_v8 dataset_v9 --partition sub --list 3
    Example: hoban diff dataset_v9 --previous
    """
    from hoban_assets.language import speaker
    from hoban_assets.reporting.diff.difference import difference
    from hoban_assets.reporting.diff.document import document
    from hoban_assets.reporting.diff.examples import examples as examples_of
    from hoban_assets.reporting.markdown import markdown as as_markdown

    with asking_catalog() as ask:
        found = difference(ask, *_sides(ask, old, new, partition, previous))
        listed = examples_of(ask, examples) if examples else {}
    if as_json:
        print_json(found.as_json() | ({"examples": listed} if listed else {}))
        return
    told = document(found, speaker(Settings.from_env().language), listed)
    if markdown:
        typer.echo(as_markdown(told), nl=False)
    else:
        show_blocks(told)


def _sides(
    ask: Ask, old: str, new: str | None, partition: str, previous: bool
) -> tuple[Side, Side]:
    from hoban_assets.reporting.diff.sides import side_of, with_previous

    if previous == (new is not None):
        raise HobanError(
            "a diff needs two sides" if new is None else "--previous takes one name only",
            "hoban diff dataset_v8 dataset_v9, or hoban diff dataset_v9 --previous",
        )
    first = _known(ask, old, partition)
    if new is None:
        return with_previous(ask, first[0], partition)
    second = _known(ask, new, partition)
    return side_of(ask, first[0], partition, first[1]), side_of(
        ask, second[0], partition, second[1]
    )


def _known(ask: Ask, typed: str, partition: str) -> tuple[str, int | None]:
    from hoban_assets.reporting.diff.sides import parse

    known = ask("SELECT DISTINCT asset FROM store.materializations")
    asset, number = parse(typed, [row["asset"] for row in known])
    models = ask("SELECT 1 FROM materializations WHERE asset = ? AND images IS NULL", [asset])
    if models:
        raise HobanError(f"{asset} is a model, it has no images", "hoban compare compares models")
    return known_asset(ask, asset, partition if number is None else None), number
