"""`hoban view`: pictures in the browser, with an editor."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hoban_assets.commands.app import FIX, app, asking_catalog, here, known_asset, nearest
from hoban_assets.commands.options import Author, OfClass, OfRule, OfSource, Partition
from hoban_assets.commands.printing import progress_bar
from hoban_assets.errors import HobanError
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
        str | None,
        typer.Option(
            help="Lets model_v9, a .pt or .onnx file look at all of val, or takes a file of "
            "predictions; without it the worst pictures of the newest model are shown."
        ),
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Begin with the best queue of hoban review.")
    ] = False,
    author: Author = None,
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
    from hoban_assets.corrections.proposed import all_proposed
    from hoban_assets.corrections.standing import standing_in
    from hoban_assets.viewer.serving import serve
    from hoban_assets.viewer.store import Store

    settings, say = here()
    with asking_catalog() as ask:
        asset = known_asset(ask, asset, partition)
    active = standing_in(settings.corrections).active
    proposed = all_proposed(settings.proposals)
    predicted = _second_set(model, asset, partition, settings) if model else None
    store = Store(
        settings.catalog_path,
        asset,
        partition,
        active,
        model,
        settings.catalog_wait,
        proposed,
        predicted,
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


def _second_set(model: str, asset: str, partition: str, settings: Settings) -> Any:
    """What a model finds on val of a dataset.

    Raises:
        HobanError: there is no such model or file, or the asset has no val.
    """
    from pathlib import Path

    from hoban_assets.catalog.store import Catalog
    from hoban_assets.commands.evaluate import subject_named
    from hoban_assets.viewer.second_set import second_set

    current = Catalog(settings.catalog_path, deadline=settings.catalog_wait).current(
        asset, partition
    )
    if current is None or not current.path:
        raise HobanError(
            f"{asset} is no dataset, so a model has no val to look at there",
            f"hoban view {asset} without --model, or view a dataset",
        )
    subject = subject_named(model, partition)
    with progress_bar("looking at pictures") as bar:
        return second_set(subject, Path(current.path), asset, settings, bar)
