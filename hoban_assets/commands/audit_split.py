"""`hoban audit-split`: how much of a foreign val is also in its train, by content."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import LOOK, AsJson, app, print_json, progress_bar, show
from hoban_assets.commands.inspect import cache_file, target_named
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings


@app.command("audit-split", rich_help_panel=LOOK)
def audit_split(
    folder: Annotated[
        str,
        typer.Argument(metavar="FOLDER", help="A folder with a split of its own: train, val ..."),
    ],
    similarity: Annotated[
        float, typer.Option(min=0.5, max=1.0, help="From which two images are near-copies.")
    ] = 0.9,
    as_json: AsJson = False,
) -> None:
    """Find near-copies over the split that a folder came with, and what a clean split would be.

    Pictures are compared by thumbnails. Writes clean_split.csv: where each image is and should
    be. Nothing in the folder is changed.

    Example: hoban audit-split "data/raw/fall.v2i.yolo26"
    """
    from hoban_assets.curation.features import thumbnail_features
    from hoban_assets.curation.similarity import similarity_graph
    from hoban_assets.formats.gather import gather
    from hoban_assets.reporting.language import speaker
    from hoban_assets.reporting.split_audit.audit import audit, usable, write_listing

    settings = Settings.from_env()
    say = speaker(settings.language)
    target = target_named(folder, settings, None)
    if not hasattr(target, "source"):
        raise HobanError(f"{folder} holds several sources", "audit one that hoban inspect lists")
    gathered = gather(
        target.source,
        target.raw_root,
        declared=target.declared,
        bars=progress_bar,
        cache_file=cache_file(target, settings),
        workers=settings.workers,
    )
    found = usable(gathered)
    paths = [target.raw_root / f for f in found.samples.images.file]
    similar = similarity_graph(thumbnail_features(paths, settings.workers), similarity)
    made = audit(found, similar, similarity, "thumbnail")
    listing = write_listing(made, settings.reports / "audit-split" / target.source.name)
    if as_json:
        print_json({"list_file": str(listing), **made.as_json()})
        return
    show(made.parts, as_json=False)
    for leak in made.worst[:5]:
        typer.echo(f"  {leak.similarity:.3f}  {leak.file}  =  {leak.train_file}")
    typer.echo("\n" + say("The clean split that would come out") + "\n")
    show(made.clean, as_json=False)
    typer.echo(f"\n{listing}")
