"""`hoban completed`: what teachers added, and photographs of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import LOOK, app, asking_catalog, here, known_asset
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, progress_bar, show_blocks, tell, tell_page

if TYPE_CHECKING:
    from hoban_assets.reporting.gallery.choice import Shown, Wanted
    from hoban_assets.settings import Settings


@app.command(rich_help_panel=LOOK)
def completed(
    asset: Annotated[str, typer.Argument(help="Stage or dataset, such as helmet_60k_completed.")],
    partition: Partition = "sub",
    gallery: Annotated[
        bool, typer.Option("--gallery", help="Also draw photographs of each band.")
    ] = False,
    count: Annotated[int, typer.Option(min=1, help="Pictures of each band.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Count what teachers added by class, band and verdict of the cross-check; show it.

    Example: hoban completed helmet_60k_completed --gallery
    """
    from hoban_assets.reporting.completed import BAND_RULES, check_texts, counts, document
    from hoban_assets.reporting.gallery.choice import ALL, Wanted
    from hoban_assets.reporting.gallery.rules import rules_of
    from hoban_assets.reporting.gallery.writing import chosen

    settings, say = here()
    pictures: dict[Wanted, list[Shown]] = {}
    with asking_catalog() as ask:
        known_asset(ask, asset, partition)
        rows = counts(ask, asset, partition)
        checks = check_texts(ask, asset, partition)
        if gallery:
            decided = set(rules_of(ask, asset, partition))
            for rule in (r for r in BAND_RULES if r in decided):
                wanted = Wanted(asset, partition, ALL, "area", count, 0, rule)
                pictures[wanted] = chosen(ask, wanted)
    if as_json:
        print_json({"counts": rows, "checks": checks})
    else:
        show_blocks(document(asset, partition, rows, checks, say))
    if gallery:
        _draw(settings, pictures, err=as_json)
    elif not as_json:
        decide = f"hoban view {asset} --partition {partition} --rule teacher_unsure"
        tell("Decide about them: {command}", command=decide)
        command = f"hoban completed {asset} --partition {partition} --gallery"
        tell("With pictures: {command}", command=command)


def _draw(settings: Settings, pictures: dict[Wanted, list[Shown]], *, err: bool) -> None:
    from hoban_assets.reporting.gallery.writing import draw_gallery

    for wanted, images in pictures.items():
        with progress_bar(str(wanted.rule)) as progress:
            drawn = draw_gallery(settings, wanted, images, progress)
        typer.echo(f"{wanted.rule}: {drawn.folder}", err=err)
        page = drawn.folder.parent / "index.html"
    if pictures:
        tell_page(page, err=err)
