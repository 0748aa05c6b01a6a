"""`hoban ui`: the Dagster UI on this machine."""

from __future__ import annotations

import os
import webbrowser
from typing import Annotated

import typer

from hoban_assets.commands.app import LOOK, app, here
from hoban_assets.errors import HobanError


@app.command(rich_help_panel=LOOK)
def ui(
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Port; without one the first that is free from 3000 on."
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the first page in the browser.")] = True,
) -> None:
    """Serve the Dagster UI on this machine, guarded against web pages of others, until Ctrl-C.

    Starts webserver, daemon and code server from the folder of the project, as 'make ui' does, and
    opens the first page as soon as it answers.

    Example: hoban ui --port 3000
    """
    from hoban_assets.doctor.facts import PORT, free_port, is_free
    from hoban_assets.front.opening import has_screen, when_it_answers
    from hoban_assets.front.pages import PAGES
    from hoban_assets.front.services import serve
    from hoban_assets.reporting.home.document import ROAD
    from hoban_assets.reporting.home.writing import write_home

    settings, say = here()
    chosen = free_port(PORT) if port is None else port
    if not is_free(chosen):
        raise HobanError(
            f"port {chosen} is in use on this machine",
            f"give another one: make ui PORT={free_port(PORT)}",
        )
    if port is None and chosen != PORT:
        told = say("Port {port} is in use, so this one takes {chosen}.", port=PORT, chosen=chosen)
        typer.echo(f"{told} (make ui PORT=...)", err=True)
    write_home(settings)
    address = f"http://127.0.0.1:{chosen}"
    first = f"{address}{PAGES}/"
    addresses = [
        say("First page: {page}", page=first),
        say("Lineage: {address}", address=f"{address}{ROAD}"),
    ]
    typer.echo("\n".join([*addresses, say("Starting takes some seconds; Ctrl-C ends it.")]))

    def answers() -> None:
        typer.echo("\n".join([say("Ready."), *addresses]))
        if browser and has_screen(os.environ):
            webbrowser.open(first)

    when_it_answers(chosen, answers)
    serve(chosen)
