"""Serves the viewer on this machine until Ctrl-C."""

from __future__ import annotations

import contextlib
import socket
import webbrowser
from typing import Any

import typer

from hoban_assets.errors import HobanError
from hoban_assets.language import Say
from hoban_assets.settings import Settings
from hoban_assets.viewer.server import Viewer
from hoban_assets.viewer.store import Store


def serve(
    store: Store,
    settings: Settings,
    author: str,
    say: Say,
    start: dict[str, Any],
    port: int = 0,
    *,
    open_browser: bool = True,
) -> None:
    """Serve on 127.0.0.1 and print the address.

    Raises:
        HobanError: the port is taken.
    """
    import uvicorn

    app = Viewer(store, settings, author, say, start).app()
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen()  # a browser that is faster than the server waits, and is not refused
        except OSError as error:
            raise HobanError(
                f"port {port} is taken", "leave --port out, then any free one is used"
            ) from error
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        typer.echo(say("{asset}: {address} (Ctrl-C ends it)", asset=store.asset, address=address))
        if open_browser:
            webbrowser.open(address)
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
