"""`hoban site` and `hoban track`: what became of the boxes that a model proposed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import FIX, app, asking_catalog, here, nearest
from hoban_assets.commands.options import AsJson, Author, class_named
from hoban_assets.commands.printing import print_json, show_blocks, tell, tell_page
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.corrections.proposed import Proposed

OfSource = Annotated[str, typer.Argument(help="A source that was added: site_a.")]


def _proposed(name: str, settings: Settings) -> Proposed:
    from hoban_assets.corrections.proposed import all_proposed

    known = all_proposed(settings.proposals)
    return known[nearest(name, known, "source with proposals")]


@app.command(rich_help_panel=FIX)
def site(source: OfSource, as_json: AsJson = False) -> None:
    """Tell of a source that was added: false alarms per camera-hour, by camera and class.

    Writes a page. A false alarm is an object that a model proposed and a person refused.

    Example: hoban site site_a
    """
    from dataclasses import asdict

    from hoban_assets.corrections.standing import standing_in
    from hoban_assets.reporting.report import save_document
    from hoban_assets.reporting.site.document import document
    from hoban_assets.reporting.site.figures import figures_of

    settings, say = here()
    found = figures_of(_proposed(source, settings), standing_in(settings.corrections))
    if as_json:
        rate = found.videos.false_alarms
        print_json({"false_alarms_per_camera_hour": rate, **asdict(found)})
        return
    blocks = document(found, say)
    show_blocks(blocks)
    files = save_document(settings.reports / "sites" / source, blocks, settings.language)
    tell_page(files[0])


@app.command(rich_help_panel=FIX)
def track(
    source: OfSource,
    number: Annotated[int, typer.Argument(min=0, help="Of the track, as hoban view shows it.")],
    label: Annotated[
        bool | None,
        typer.Option("--label/--refuse", help="Its boxes are labels, or there is no such object."),
    ] = None,
    class_name: Annotated[
        str | None, typer.Option("--class", help="What it is, where the model was wrong there.")
    ] = None,
    author: Author = None,
) -> None:
    """Decide on an object of a video once, for all frames that show it.

    Example: hoban track site_a 7 --refuse
    """
    from hoban_assets.corrections.log import append
    from hoban_assets.corrections.pictures import in_stages
    from hoban_assets.corrections.standing import standing_in
    from hoban_assets.corrections.taking import Maker, Refused
    from hoban_assets.corrections.tracks import decide_track

    settings = Settings.from_env()
    if label is None:
        raise HobanError("nothing was decided", "give --label or --refuse")
    if class_name is not None:
        class_name = class_named(class_name)
    proposed = _proposed(source, settings)
    log = standing_in(settings.corrections)
    by = Maker(author or settings.author, "hoban track", datetime.now(UTC))
    with asking_catalog() as ask:
        now = in_stages(ask, [looked.image_id for looked, _ in proposed.of_track(number)])
    try:
        rows = decide_track(
            proposed,
            number,
            "label" if label else "refuse",
            now,
            log,
            by,
            lambda: uuid.uuid4().hex,
            class_name,
        )
    except Refused as error:
        raise HobanError(str(error), f"see: hoban view {source} --review") from None
    append(settings.corrections, rows)
    tell("decided on {n} frames", n=f"{len(rows):,}")
    tell("Into the datasets: hoban rebuild")
