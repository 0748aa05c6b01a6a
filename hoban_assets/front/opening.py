"""Says when a server answers, and whether there is a browser to show it in."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""Settings of which one is there where a window can be opened; without, `webbrowser` would start
a browser of the terminal in the place where the server talks."""


def has_screen(environ: Mapping[str, str]) -> bool:
    """Whether a page can be opened in a window."""
    return any(environ.get(name) for name in SCREENS)


def when_it_answers(port: int, then: Callable[[], None]) -> None:
    """Call `then` from a thread of its own once a port of this machine answers; return at once.

    It ends with the process, and gives up after ten minutes.
    """

    def wait() -> None:
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                time.sleep(0.3)
        else:
            return
        then()

    threading.Thread(target=wait, daemon=True).start()
