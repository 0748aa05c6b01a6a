"""`hoban collect`: edits that were made in another tool become corrections."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hoban_assets.commands.app import FIX, app, asking_catalog
from hoban_assets.commands.options import Author
from hoban_assets.commands.printing import tell
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

TOLD = 10
"""Reasons why pictures were not taken that are told; the rest is counted."""


@app.command(rich_help_panel=FIX)
def collect(
    path: Annotated[Path, typer.Argument(help="File or folder that the tool wrote.")],
    accept: Annotated[
        bool, typer.Option("--accept", help="Pictures that came back unchanged are right: say so.")
    ] = False,
    emptied: Annotated[
        bool, typer.Option("--emptied", help="No box is left on any picture, and that is meant.")
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
        export_in,
        exports,
        files_below,
        known_again,
    )
    from hoban_assets.exchange.exporting import SHOWN
    from hoban_assets.exchange.reading import read_returned
    from hoban_assets.naming import image_tag
    from hoban_assets.reporting.translating import error_text

    settings = Settings.from_env()
    tool, returned, root = read_returned(path)
    if not returned:
        raise HobanError(
            f"{path} holds no labels of a picture",
            "export it again with the labels; what nobody has submitted (Label Studio), or what "
            "was never saved (CVAT), is not in an export",
        )
    shown = exports(settings.corrections.parent / SHOWN)
    hash_of, export = files_below(root), export_in(root)
    pictures: list = []
    for each in returned:
        try:
            known = known_again(each, shown, hash_of, image_tag, tool, export)
            pictures.append((each, known))
        except Refused as error:
            pictures.append((each, error))
    log = standing_in(settings.corrections)
    by = Maker(author or settings.author, tool, datetime.now(UTC))
    proposed = all_proposed(settings.proposals)
    with asking_catalog() as ask:
        found = collected(
            tool,
            pictures,
            ask,
            log,
            by,
            lambda: uuid.uuid4().hex,
            accept=accept,
            emptied=emptied,
            file=str(path),
            proposed=proposed,
        )
    append(settings.corrections, found.rows)
    tell(
        "{tool}: {taken} pictures corrected, {same} unchanged, {refused} not taken",
        tool=tool,
        taken=f"{len(found.rows):,}",
        same=f"{found.unchanged:,}",
        refused=f"{len(found.refused):,}",
    )
    if found.boxes:
        tell("boxes: {what}", what=", ".join(f"{n:,} {rule}" for rule, n in found.boxes.items()))
    for mine, other in found.overruled:
        tell(
            "{picture}: {author} corrected it on {day} too; yours stands, both are kept",
            picture=mine.image_id,
            author=other.author,
            day=f"{other.time:%Y-%m-%d %H:%M}",
            err=True,
        )
    why = Counter(reason for _, reason in found.refused)
    for reason, pictures_of_it in why.most_common(TOLD):
        first = next(name for name, of in found.refused if of == reason)
        told = error_text(reason, settings.language)
        tell("not taken: {picture}: {reason}", picture=first, reason=told, err=True)
        if pictures_of_it > 1:
            tell("  the same of {n} more", n=pictures_of_it - 1, err=True)
    if len(why) > TOLD:
        n = sum(of for _, of in why.most_common()[TOLD:])
        tell("and {n} more", n=n, err=True)
    if found.rows:
        tell("Into the datasets: hoban rebuild")
        tell("To take it back: hoban corrections undo {id} --together", id=found.rows[0].id[:8])
    if found.refused:
        raise typer.Exit(1)
