"""Dagster's webserver with the guard in front of its application.

Dagster makes its application and serves it in one function, without a place for a layer of one's
own. So the name under which that function knows the maker is replaced, here alone. And uvicorn, by
which it serves, is given nothing that has no guard: where Dagster goes another way one day,
starting fails. A server without the guard never answers.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

from hoban_assets.errors import HobanError

MAKER = "create_app_from_workspace_process_context"
MODULE = "hoban_assets.front"
"""Runs as ``dagster-webserver`` does, with the same options: ``python -m hoban_assets.front``."""


def guarded(make: Callable[..., Any]) -> Callable[..., Any]:
    """The same maker of an application, with the guard as its outermost layer."""
    from hoban_assets.front.guard import Guard
    from hoban_assets.front.pages import with_pages
    from hoban_assets.front.styles import Styled
    from hoban_assets.settings import Settings

    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        settings = Settings.from_env()
        app = with_pages(make(*args, **kwargs), settings.reports)
        app.add_middleware(Styled)
        app.add_middleware(Guard, hosts=settings.ui_hosts)
        return app

    return made


def only_guarded(run: Callable[..., Any]) -> Callable[..., Any]:
    """The same server of applications, for those that have the guard as their outermost layer."""
    from hoban_assets.front.guard import Guard

    @functools.wraps(run)
    def served(app: Any, *args: Any, **kwargs: Any) -> Any:
        layers = getattr(app, "user_middleware", ())
        if not layers or layers[0].cls is not Guard:
            raise HobanError(
                "this release of dagster-webserver makes its application elsewhere: it would be "
                "served without the guard",
                "install the versions of constraints/platform.txt: make setup",
            )
        return run(app, *args, **kwargs)

    return served


def main() -> None:
    """Serve, with the options of ``dagster-webserver``; nothing is reported to its makers."""
    import uvicorn
    from dagster_webserver import cli

    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"  # whatever the dagster.yaml of DAGSTER_HOME says
    setattr(cli, MAKER, guarded(getattr(cli, MAKER)))
    uvicorn.run = only_guarded(uvicorn.run)
    sys.argv[0] = "dagster-webserver"
    cli.main()
