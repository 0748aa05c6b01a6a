"""`hoban sizes`: how large the labels of a class are."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import LOOK, app, asking_catalog, here, known_asset
from hoban_assets.commands.options import AsJson, Partition, class_named
from hoban_assets.commands.printing import print_json, progress_bar, show_blocks, tell_page
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.language import Say
    from hoban_assets.reporting.gallery.pictures import Gallery
    from hoban_assets.reporting.sizes import Sizes

MOST_PICTURES = 60


@app.command(rich_help_panel=LOOK)
def sizes(
    asset: Annotated[str, typer.Argument(help="Stage or dataset, for instance helmet_60k.")],
    class_name: Annotated[
        str,
        typer.Option(
            "--class", help="Class (English or Korean), its id, or its AI Hub code (07, 08)."
        ),
    ],
    top: Annotated[
        list[int] | None,
        typer.Option(min=1, help="N; may be given several times (else 5000 10000 15000 20000)."),
    ] = None,
    partition: Partition = "sub",
    image_size: Annotated[
        int | None, typer.Option(min=1, help="Training size in pixels (else HOBAN_IMAGE_SIZE).")
    ] = None,
    with_ignored: Annotated[
        bool, typer.Option("--with-ignored", help="Count ignore regions too.")
    ] = False,
    gallery: Annotated[
        bool, typer.Option("--gallery", help="Draw the smallest and the largest 0.1 %.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sort the labels of a class by size: the area of the last of the top N, shares below limits.

    Example: hoban sizes helmet_60k --class 08 --top 5000 --top 10000 --gallery
    """
    from hoban_assets.reporting.sizes import TOPS, document
    from hoban_assets.reporting.sizes import sizes as measure

    settings, say = here()
    name = class_named(class_name)
    with asking_catalog() as ask:
        asset = known_asset(ask, asset, partition)
        found = measure(
            ask,
            asset,
            partition,
            name,
            tops=top or TOPS,
            image_size=image_size or settings.image_size,
            with_ignored=with_ignored,
        )
    if not as_json:
        show_blocks(document(found, say))
    galleries = _galleries(settings, found, say, quiet=as_json) if gallery else []
    if as_json:
        paths = {g.wanted.order: str(g.folder) for g in galleries}
        print_json(asdict(found) | ({"galleries": paths} if gallery else {}))


def _galleries(settings: Settings, found: Sizes, say: Say, *, quiet: bool) -> list[Gallery]:
    """Draw both ends; prints where they lie, and what was left out."""
    from hoban_assets.reporting.gallery.choice import Wanted
    from hoban_assets.reporting.gallery.page import how_many
    from hoban_assets.reporting.gallery.writing import chosen, draw_gallery

    ends = {"smallest": found.smallest, "largest": found.largest}
    choice = {}
    with asking_catalog() as ask:
        for order, rows in ends.items():
            count = min(MOST_PICTURES, len({row["image_id"] for row in rows}))
            wanted = Wanted(found.asset, found.partition, found.class_name, order, count)  # type: ignore[arg-type]
            choice[wanted] = chosen(ask, wanted)
    if found.with_ignored and not quiet:
        typer.echo(f"\n{say('Galleries are chosen by labels alone, without ignore regions.')}")
    galleries = []
    for wanted, images in choice.items():
        with progress_bar(found.class_name) as progress:
            galleries.append(made := draw_gallery(settings, wanted, images, progress))
        for line in made.left_out:
            typer.echo(line, err=True)
        if not quiet:
            typer.echo(f"\n{how_many(len(made.pictures), say)}: {made.folder}")
            tell_page(made.page)
    return galleries
