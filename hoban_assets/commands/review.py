"""`hoban review`: which pictures to look at first."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import FIX, app, asking_catalog, here, known_asset
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import show, tell

COLUMNS = ("queue", "what", "pictures", "looked at", "boxes a minute")


@app.command(rich_help_panel=FIX)
def review(
    asset: Annotated[str, typer.Argument(help="Stage or dataset, for instance dataset_v9.")],
    partition: Partition = "sub",
    as_json: AsJson = False,
) -> None:
    """List the queues of pictures that are worth a look, the best first.

    'boxes a minute' is what a person's minute is expected to change there: a first guess, and as
    soon as somebody has looked, what was changed.

    Example: hoban review dataset_v9, then hoban view dataset_v9 --queue disagree
    """
    from hoban_assets.corrections.proposed import all_proposed
    from hoban_assets.corrections.standing import standing_in
    from hoban_assets.review.queues import SECONDS_A_BOX, SECONDS_A_PICTURE, queues

    settings, say = here()
    active = standing_in(settings.corrections).active
    with asking_catalog() as ask:
        asset = known_asset(ask, asset, partition)
        found = queues(ask, asset, partition, active, all_proposed(settings.proposals))
    rows = [
        {
            "queue": queue.kind.name,
            "what": say(queue.kind.text, model=queue.model)
            if queue.model
            else say(queue.kind.text),
            "pictures": len(queue.ids),
            "looked at": queue.looked_at,
            "boxes a minute": queue.boxes_a_minute,
        }
        for queue in found
    ]
    show(rows, as_json, COLUMNS)
    if rows and not as_json:
        tell(
            "boxes a minute: how many boxes a minute of looking is expected to change, at "
            "{picture} seconds a picture and {box} a box; a guess, and what people changed as they "
            "look",
            picture=f"{SECONDS_A_PICTURE:g}",
            box=f"{SECONDS_A_BOX:g}",
        )
    if rows and rows[0]["pictures"] and not as_json:
        tell(
            "Look at them: hoban view {asset} --partition {partition} --queue {queue}",
            asset=asset,
            partition=partition,
            queue=rows[0]["queue"],
        )
    if not rows and not as_json:
        tell("no queue: no rule and no model doubts a label of {asset}", asset=asset)
