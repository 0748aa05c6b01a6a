"""`hoban why`: what became of an image, in every version, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from hoban_assets.catalog.asked import Ask
from hoban_assets.commands.app import LOOK, app, asking_catalog, here
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, progress_bar, show_blocks
from hoban_assets.settings import Settings

Image = Annotated[
    str, typer.Argument(help="Image id, path (of Windows too), file name, or a part of one.")
]
WithPicture = Annotated[
    bool, typer.Option("--picture", help="Draw it, beside the image that was kept instead of it.")
]
OfModel = Annotated[
    str | None,
    typer.Option("--model", help="Say instead what this model gets wrong on it, and why."),
]
Box = Annotated[
    int | None, typer.Option("--box", min=1, help="With --model: explain this mistake alone.")
]
Among = Annotated[
    int,
    typer.Option(
        min=0, help="With --model: photographs of train to look for like ones among; 0 = all."
    ),
]


@app.command(rich_help_panel=LOOK)
def why(
    image: Image,
    picture: WithPicture = False,
    model: OfModel = None,
    box: Box = None,
    among: Among = 2000,
    partition: Partition = "sub",
    as_json: AsJson = False,
) -> None:
    """Say what became of an image: kept, repaired, dropped, and why, in every version.

    Also says of a file that was never read which rule of which folder passed it over. With --model
    it says what a model misses and invents on it: what it saw in training that is most like that,
    what rules took of the kind, and the field of the recipe that decides it.

    Example: hoban why S2-N4601M00101 --picture, or hoban why S2-N4601M00101 --model model_v9
    """
    if model is not None:
        _why_model(image, model, partition, box, among, as_json=as_json)
        return
    from hoban_assets.reporting.why.asking import found, judged, sources_declared
    from hoban_assets.reporting.why.data import as_data
    from hoban_assets.reporting.why.document import document
    from hoban_assets.reporting.why.told_unread import unread_data, unread_document
    from hoban_assets.reporting.why.unread import Unread

    settings, say = here()
    sources = sources_declared(settings.cache)
    with _catalog_or_none(settings) as ask:
        life = found(ask, settings.raw_root, image, sources)
    if isinstance(life, Unread):
        if as_json:
            print_json(unread_data(life, say))
        else:
            show_blocks(unread_document(life, say))
        return
    told = judged(life, settings.raw_root, sources)
    drawn = None
    if picture:
        from hoban_assets.reporting.why.asking import with_labels
        from hoban_assets.reporting.why.picture import write

        drawn = write(with_labels(told, settings.raw_root), settings, say)
    if as_json:
        print_json(as_data(told, say, drawn))
        return
    show_blocks(document(told, say))
    if drawn is not None:
        typer.echo(f"\n{drawn}")


def _why_model(
    typed: str, model: str, partition: str, box: int | None, among: int, *, as_json: bool
) -> None:
    from hoban_assets.commands.results import known_model
    from hoban_assets.evaluation.subjects import trained_model
    from hoban_assets.reporting.why_model.asking import explained
    from hoban_assets.reporting.why_model.document import as_json as json_of
    from hoban_assets.reporting.why_model.document import document

    settings, say = here()
    with asking_catalog() as ask:
        subject = trained_model(ask, known_model(ask, model, partition), partition)
    told = explained(
        asking_catalog,
        subject,
        partition,
        typed,
        settings,
        progress_bar,
        box=box,
        among=among,
    )
    if as_json:
        print_json(json_of(told, say))
    else:
        show_blocks(list(document(told, say)))


app.command("fate", hidden=True)(why)  # its name of before


@contextmanager
def _catalog_or_none(settings: Settings) -> Iterator[Ask | None]:
    """The open catalog; None before anything was built, as a file may be asked about then too."""
    if not settings.catalog_path.exists():
        yield None
        return
    with asking_catalog() as ask:
        yield ask
