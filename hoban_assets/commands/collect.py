"""`hoban collect`: edits that were made in another tool become corrections."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hoban_assets.commands.app import FIX, app, asking_catalog
from hoban_assets.commands.options import Author
from hoban_assets.commands.printing import tell
from hoban_assets.settings import Settings

TOLD = 10
"""Pictures that were not taken and are named; the rest is counted."""


@app.command(rich_help_panel=FIX)
def collect(
    path: Annotated[Path, typer.Argument(help="File or folder that the tool wrote.")],
    accept: Annotated[
        bool, typer.Option("--accept", help="Pictures that came back unchanged are right: say so.")
    ] = False,
    author: Author = None,
) -> None:
    """Take the edits of an exported set back; the next build holds them.

    Reads CVAT for images 1.1, COCO, Label Studio (JSON) and YOLO trees. A picture is known again by
    its bytes, whatever it is called now, or by its exported name.

    Example: hoban collect annotations.xml
    """
    from hoban_assets.corrections.log import append
    from hoban_assets.corrections.proposed import all_proposed
    from hoban_assets.corrections.standing import standing_in
    from hoban_assets.corrections.taking import Maker, Refused
    from hoban_assets.exchange.collecting import (
        collected,
        exports,
        files_below,
        known_again,
        read_returned,
    )
    from hoban_assets.exchange.exporting import SHOWN
    from hoban_assets.naming import image_tag
    from hoban_assets.reporting.translating import error_text

    settings = Settings.from_env()
    tool, returned, root = read_returned(path)
    shown = exports(settings.corrections.parent / SHOWN)
    hash_of = files_below(root)
    pictures: list = []
    for each in returned:
        try:
            pictures.append((each, known_again(each, shown, hash_of, image_tag)))
        except Refused as error:
            pictures.append((each, error))
    log = standing_in(settings.corrections)
    by = Maker(author or settings.author, tool, datetime.now(UTC))
    proposed = all_proposed(settings.proposals)
    with asking_catalog() as ask:
        found = collected(
            tool, pictures, ask, log, by, lambda: uuid.uuid4().hex, accept=accept, proposed=proposed
        )
    append(settings.corrections, found.rows)
    tell(
        "{tool}: {taken} pictures corrected, {same} unchanged, {refused} not taken",
        tool=tool,
        taken=f"{len(found.rows):,}",
        same=f"{found.unchanged:,}",
        refused=f"{len(found.refused):,}",
    )
    for mine, other in found.overruled:
        tell(
            "{picture}: {author} corrected it on {day} too; yours stands, both are kept",
            picture=mine.image_id,
            author=other.author,
            day=f"{other.time:%Y-%m-%d %H:%M}",
            err=True,
        )
    for name, reason in found.refused[:TOLD]:
        told = error_text(reason, settings.language)
        tell("not taken: {picture}: {reason}", picture=name, reason=told, err=True)
    if len(found.refused) > TOLD:
        tell("and {n} more", n=len(found.refused) - TOLD, err=True)
    if found.rows:
        tell("Into the datasets: hoban rebuild")
    if found.refused:
        raise typer.Exit(1)
