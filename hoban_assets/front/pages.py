"""Pages below ``reports`` served beside the Dagster UI, behind the same guard.

They hold names of files of other people, so no script in them may run: it would be the UI's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGES = "/hoban"
"""Where they are served: ``/hoban/`` is the first page."""
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def with_pages(app: Any, folder: Path) -> Any:
    """Put the pages of `folder` before the routes of a Starlette application; return it."""
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    class Pages(StaticFiles):
        """Files, each with a policy that lets no script run."""

        def file_response(self, *args: Any, **kwargs: Any) -> Any:
            response = super().file_response(*args, **kwargs)
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["Cache-Control"] = "no-cache"
            return response

    folder.mkdir(parents=True, exist_ok=True)
    app.router.routes.insert(0, Mount(PAGES, Pages(directory=folder, html=True)))
    return app
