"""`hoban ui`: the Dagster UI on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import LOOK, app


@app.command(rich_help_panel=LOOK)
def ui(port: Annotated[int, typer.Option(min=1, max=65535)] = 3000) -> None:
    """Serve the Dagster UI on this machine, guarded against web pages of others, until Ctrl-C.

    Starts webserver, daemon and code server from the folder of the project, as 'make ui' does.

    Example: hoban ui --port 3000
    """
    from hoban_assets.front.services import serve

    serve(port)
