"""Webserver, daemon and code server together, as ``dagster dev`` starts and ends them.

``dagster dev`` names the modules of its services in the words of two processes. Those words are
changed on their way, so that everything else (one code server for both, ending them) stays
Dagster's: its webserver gets the guard, and both end with this process.
"""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from hoban_assets.errors import HobanError
from hoban_assets.front.webserver import MODULE

STARTER = "open_ipc_subprocess"
INSTEAD = {"dagster_webserver": MODULE, "dagster._daemon": "dagster._daemon"}
"""Module of a service of Dagster to the one that is run instead."""
TOGETHER = "hoban_assets.front.together"


def with_guard(start: Callable[..., Any]) -> Callable[..., Any]:
    """The same starter of processes, for services with the guard.

    Raises:
        HobanError: what is started is no service that is known here: never serve unguarded.
    """

    def started(words: Sequence[str], **kwargs: Any) -> Any:
        python, flag, module, *rest = words
        if flag != "-m" or module not in INSTEAD:
            raise HobanError(
                f"dagster dev starts {' '.join(words[:3])}, which is not known here",
                "install the versions of constraints/platform.txt: make setup",
            )
        return start([python, "-m", TOGETHER, str(os.getpid()), INSTEAD[module], *rest], **kwargs)

    return started


def serve(port: int) -> None:
    """Serve the UI on this machine until Ctrl-C or SIGTERM; no process is left afterwards."""
    from dagster._cli import dev

    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"  # the daemon reports too, if its home lets it
    # workspace.yaml gives the code location its name; env.sh sets this for other commands.
    os.environ.pop("DAGSTER_MODULE_NAME", None)
    setattr(dev, STARTER, with_guard(getattr(dev, STARTER)))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # see `together`
    warnings.filterwarnings("ignore", message=".*dev_command.* is superseded")
    dev.dev_command.main(["-h", "127.0.0.1", "-p", str(port)], prog_name="hoban ui")
