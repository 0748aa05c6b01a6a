"""`hoban gallery`: photographs with their boxes drawn."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import LOOK, app, asking_catalog, here, known_asset, nearest, one_of
from hoban_assets.commands.options import Partition, class_named
from hoban_assets.commands.printing import progress_bar, tell_page
from hoban_assets.errors import HobanError


@app.command(rich_help_panel=LOOK)
def gallery(
    asset: Annotated[str, typer.Argument(help="Stage or dataset, for instance dataset_v9.")],
    class_name: Annotated[
        str,
        typer.Option(
            "--class",
            help="Class (English or Korean), id, AI Hub code (07, 08), background, or all in turn.",
        ),
    ] = "all",
    count: Annotated[int, typer.Option(min=1, help="Pictures of each class.")] = 10,
    order: Annotated[
        str,
        typer.Option(
            callback=one_of(("area", "random", "largest", "smallest"), "order"),
            help="area (spread from small to large), random, largest or smallest.",
        ),
    ] = "area",
    partition: Partition = "sub",
    seed: Annotated[int, typer.Option(help="Another seed, another choice of --order random.")] = 0,
    rule: Annotated[
        str | None, typer.Option(help="Only images about which this rule decided (hoban why).")
    ] = None,
) -> None:
    """Draw boxes on photographs, into a folder with a page to look at.

    Example: hoban gallery dataset_v9 --class 08 --count 10 --order smallest
    """
    from hoban_assets.classes import BACKGROUND
    from hoban_assets.reporting.gallery.choice import ALL, Wanted
    from hoban_assets.reporting.gallery.page import how_many, title
    from hoban_assets.reporting.gallery.rules import rules_of
    from hoban_assets.reporting.gallery.writing import chosen, classes_with_images, draw_gallery

    settings, say = here()
    name = class_named(class_name, BACKGROUND, ALL)
    with asking_catalog() as ask:
        asset = known_asset(ask, asset, partition)
        if rule is not None:
            nearest(rule, rules_of(ask, asset, partition), "rule")
        each = [name]
        if name == ALL and rule is None:
            each = classes_with_images(ask, asset, partition)
        wanted = [Wanted(asset, partition, n, order, count, seed, rule) for n in each]  # type: ignore[arg-type]
        choice = {w: chosen(ask, w) for w in wanted}
    made, failed = [], []
    for one, images in choice.items():
        try:
            with progress_bar(one.class_name) as progress:
                made.append(drawn := draw_gallery(settings, one, images, progress))
        except HobanError as error:
            failed.append(error)
            continue
        for line in drawn.left_out:
            typer.echo(line, err=True)
        pictures = how_many(len(drawn.pictures), say)
        typer.echo(f"{title(one, say)}: {pictures}")
        typer.echo(f"  {drawn.folder}")
    for failure in failed:
        if not made:
            raise failure
        typer.echo(str(failure), err=True)
    if made:
        page = made[0].page if len(choice) == 1 else made[0].folder.parent / "index.html"
        tell_page(page)
