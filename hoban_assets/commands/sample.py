"""`hoban sample-data`: something to try everything on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hoban_assets.commands.app import UPKEEP, app
from hoban_assets.commands.printing import tell, tell_progress


@app.command(rich_help_panel=UPKEEP)
def sample_data(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder.")],
    images: Annotated[int, typer.Option(min=40, help="Distinct images, roughly.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
) -> None:
    """Write a raw tree of drawn scenes in every raw format, with every known defect.

    Example: hoban sample-data data/raw --images 1000
    """
    from hoban_assets.sample_data import generate

    made = generate(folder, images, seed, tell_progress)
    tell(
        "{images} images in {files} files in {folder}, with {defects} defects (defects.json "
        "says what must become of each)",
        images=f"{made.images:,}",
        files=f"{made.files:,}",
        folder=made.folder,
        defects=made.defects,
    )
