"""`hoban view`: pictures in the browser, with an editor."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import (
    FIX,
    OfClass,
    OfRule,
    OfSource,
    Partition,
    app,
    asking_catalog,
    known_asset,
    nearest,
)
from hoban_assets.settings import Settings


@app.command(rich_help_panel=FIX)
def view(
    asset: Annotated[str, typer.Argument(help="Stage or dataset, for instance dataset_v9.")],
    partition: Partition = "sub",
    class_name: OfClass = None,
    source: OfSource = None,
    rule: OfRule = None,
    queue: Annotated[str | None, typer.Option(help="Only this queue of hoban review.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Whose mistakes to show; default the newest of the dataset.")
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Begin with the best queue of hoban review.")
    ] = False,
    author: Annotated[
        str | None, typer.Option(help="Who made the edits; default HOBAN_AUTHOR, or the account.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in the browser.")
    ] = True,
) -> None:
    """Look at pictures with their boxes, filter them, and correct them, until Ctrl-C.

    Pictures that were left out are there too. An edit is a correction at once; the next build
    holds it. Serves this machine only, and asks nobody else for anything.

    Example: hoban view dataset_v9 --class fallen
    """
    from hoban_assets.classes import BACKGROUND, CLASS_NAMES, class_meant
    from hoban_assets.corrections.log import read_log
    from hoban_assets.corrections.proposed import all_proposed
    from hoban_assets.corrections.standing import standing
    from hoban_assets.language import speaker
    from hoban_assets.viewer.serving import serve
    from hoban_assets.viewer.store import Store

    settings = Settings.from_env()
    say = speaker(settings.language)
    if class_name is not None:
        class_name = nearest(class_meant(class_name), (*CLASS_NAMES, BACKGROUND), "class")
    with asking_catalog() as ask:
        asset = known_asset(ask, asset, partition)
    active = standing(read_log(settings.corrections)).active
    proposed = all_proposed(settings.proposals)
    store = Store(
        settings.catalog_path, asset, partition, active, model, settings.catalog_wait, proposed
    )
    facets = {name: [str(v["value"]) for v in rows] for name, rows in store.facets().items()}
    if source is not None:
        nearest(source, facets["source"], "source")
    if rule is not None:
        nearest(rule, facets["rule"], "rule")
    names = [q.kind.name for q in store.queues if q.ids]
    if queue is not None:
        nearest(queue, names, "queue")
    if review and queue is None:
        queue = next(iter(names), None)
    start = {"class_name": class_name, "source": source, "rule": rule, "queue": queue}
    serve(store, settings, author or settings.author, say, start, port, open_browser=browser)
