"""Dagster's webserver with the guard in front of its application.

Dagster makes its application and serves it in one function, without a place for a layer of one's
own. So the name under which that function knows the maker is replaced, here alone, and starting
fails where Dagster no longer has it: a server without the guard never answers.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

MAKER = "create_app_from_workspace_process_context"
MODULE = "hoban_assets.front"
"""Runs as ``dagster-webserver`` does, with the same options: ``python -m hoban_assets.front``."""


def guarded(make: Callable[..., Any]) -> Callable[..., Any]:
    """The same maker of an application, with the guard as its outermost layer."""
    from hoban_assets.front.guard import Guard
    from hoban_assets.front.pages import with_pages
    from hoban_assets.settings import Settings

    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        settings = Settings.from_env()
        app = with_pages(make(*args, **kwargs), settings.reports)
        app.add_middleware(Guard, hosts=settings.ui_hosts)
        return app

    return made


def main() -> None:
    """Serve, with the options of ``dagster-webserver``."""
    from dagster_webserver import cli

    setattr(cli, MAKER, guarded(getattr(cli, MAKER)))
    sys.argv[0] = "dagster-webserver"
    cli.main()
