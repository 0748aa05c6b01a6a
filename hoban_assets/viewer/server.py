"""The viewer's pages and answers, behind the guard of the UI: for this machine's browser only."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from hoban_assets.classes import CLASSES
from hoban_assets.corrections.standing import standing_in
from hoban_assets.corrections.taking import Now, Refused
from hoban_assets.declared.sources import SOURCES
from hoban_assets.errors import HobanError
from hoban_assets.formats.source import RawSource
from hoban_assets.front.guard import Guard
from hoban_assets.language import Say
from hoban_assets.reporting.translating import error_text
from hoban_assets.rules import short
from hoban_assets.settings import Settings
from hoban_assets.viewer.editing import take, take_back, take_track
from hoban_assets.viewer.images import NOT_SHOWN, THUMBNAIL, drawn, small
from hoban_assets.viewer.left_out import LeftOut
from hoban_assets.viewer.store import Filter, Store
from hoban_assets.viewer.texts import texts

PAGE = Path(__file__).parent / "page"
OWN_ONLY = "default-src 'self'; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'"
"""Content-Security-Policy: the page asks nobody but this server."""


KEEPS = (
    "Accept it (A) or put its labels right (S), and the next build keeps it; of pictures that look "
    "the same it is then the one that stays."
)
NO_BOX = (
    "Where nothing is on it, accept it (A): the next build keeps it as a background. Otherwise "
    "draw what is there and save (S)."
)
STAYS_OUT = "A correction is kept, and shows as soon as the recipe takes the picture."


class Viewer:
    """Answers of one asset."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        author: str,
        say: Say,
        start: dict[str, Any],
        sources: Iterable[RawSource] | None = None,
    ) -> None:
        """Show `store`; `start` are the values of the filters at first.

        `sources`: from which pictures that were left out are read; those that are declared.
        """
        self.store, self.settings, self.author, self.say = store, settings, author, say
        self.start, self.read_at = start, datetime.now(UTC)
        self._log_seen: tuple[int, int] | None = None
        self.left_out = LeftOut(SOURCES if sources is None else sources, settings)

    def app(self) -> Guard:
        """The ASGI application."""
        routes = [
            Route("/", self.page),
            Route("/page/{name}", self.file),
            Route("/api/start", self.begin),
            Route("/api/pictures", self.pictures),
            Route("/api/picture/{number:int}", self.picture),
            Route("/api/edit/{number:int}", self.edit, methods=["POST"]),
            Route("/api/track/{number:int}", self.track, methods=["POST"]),
            Route("/api/undo/{number:int}", self.undo, methods=["POST"]),
            Route("/image/{number:int}", self.image),
        ]
        return Guard(Starlette(routes=routes))

    async def page(self, request: Request) -> Response:
        """Return the one page."""
        return FileResponse(PAGE / "index.html", headers={"content-security-policy": OWN_ONLY})

    async def file(self, request: Request) -> Response:
        """Return its script or style."""
        name = request.path_params["name"]
        if name not in {"viewer.js", "editor.js", "zoom.js", "viewer.css"}:
            return Response(status_code=404)
        return FileResponse(PAGE / name, headers={"cache-control": "no-cache"})

    async def begin(self, request: Request) -> Response:
        """Return what the page needs once: words, classes, filters."""
        korean = self.settings.language == "ko"
        return JSONResponse(
            {
                "asset": self.store.asset,
                "partition": self.store.partition,
                "model": self.store.model,
                "author": self.author,
                "language": self.settings.language,
                "texts": texts(self.say),
                "start": self.start,
                "classes": [
                    {"name": c.name, "said": c.korean if korean else c.name, "colour": c.colour}
                    for c in CLASSES
                ],
                "facets": self._facets(),
                "queues": [
                    {
                        "value": q.kind.name,
                        "said": self.say(q.kind.text, model=q.model)
                        if q.model
                        else self.say(q.kind.text),
                        "pictures": len(q.ids),
                    }
                    for q in self.store.queues
                ],
            }
        )

    def _facets(self) -> dict[str, list[dict[str, Any]]]:
        """Values to filter by; a rule with what it means."""
        found = self.store.facets()
        rules = [
            {**r, "said": f"{r['value']}: {short(r['value'], self.say)}"} for r in found["rule"]
        ]
        return {**found, "rule": rules}

    async def pictures(self, request: Request) -> Response:
        """Return a part of the pictures that a filter lets through."""
        self._follow()
        given = dict(request.query_params)
        offset, limit = (_number(given.pop(n, ""), d) for n, d in (("offset", 0), ("limit", 60)))
        return JSONResponse(self.store.pictures(Filter.of(given), offset, limit))

    async def picture(self, request: Request) -> Response:
        """Return all that is known of a picture."""
        found, _, problem = await run_in_threadpool(self._found, request.path_params["number"])
        if found is None:
            return Response(status_code=404)
        told = [
            {**d, "said": short(d["rule"], self.say), "action": self.say(d["action"])}
            for d in found["decisions"]
        ]
        note = self._note(found, problem)
        return JSONResponse(
            {**found, "decisions": told, "note": note, "can_be_corrected": problem is None}
        )

    def _follow(self) -> None:
        """Show what was corrected or taken back since, in another viewer or by a command.

        A log that cannot be read changes nothing of what is shown; the next edit tells of it.
        """
        with contextlib.suppress(OSError, HobanError):
            about = self.settings.corrections.stat()
            now = (about.st_size, about.st_mtime_ns)
            if now != self._log_seen:
                self.store.stand(standing_in(self.settings.corrections).active)
                self._log_seen = now

    def _note(self, found: dict[str, Any], problem: Exception | None) -> str:
        """Why a picture was left out, and what a person's word on it does; '' of one that is in."""
        if found["is_in"]:
            return ""
        why = ", ".join(short(rule, self.say) for rule in found["left_out_by"])
        left_out = self.say("Left out: {why}.", why=why)
        if isinstance(problem, HobanError):
            told = self.say("Its labels cannot be read again: {why}", why=self._told(problem))
            return f"{left_out} {told}"
        if problem:
            return f"{left_out} {self._told(problem)}"
        if self.store.is_unread(found["image_id"]):
            return f"{left_out} {self.say(KEEPS if found['boxes'] else NO_BOX)}"
        return f"{left_out} {self.say(STAYS_OUT)}"

    def _found(self, number: int) -> tuple[dict[str, Any] | None, Now | None, Exception | None]:
        """A picture; where its stage left it out, as that had read it, or why it is not known."""
        self._follow()
        found = self.store.picture(number)
        if found is None or found["is_in"] or not self.store.is_unread(found["image_id"]):
            return found, None, None
        try:
            read = self.left_out.read(found)
        except (Refused, HobanError) as error:
            return found, None, error
        self.store.note(found["image_id"], read.columns)
        return self.store.picture(number), read.now, None

    async def edit(self, request: Request) -> Response:
        """Take an edit; what cannot be taken is answered with 409 and the reason."""
        found, now, problem = await run_in_threadpool(self._found, request.path_params["number"])
        if found is None:
            return Response(status_code=404)
        if problem:
            return JSONResponse({"reason": self._note(found, problem)}, status_code=409)
        try:
            sent = _sent(await request.body())
            row, other = take(self.settings, found, sent, self.author, self.read_at, now)
        except (Refused, HobanError, ValueError, RecursionError) as error:
            return self._refused(error)
        if row is None:
            return JSONResponse({"taken": False})
        self._follow()
        told = {"taken": True, "id": row.id[:8], "kind": row.kind}
        return JSONResponse({**told, "overruled": other.author if other else None})

    async def track(self, request: Request) -> Response:
        """Take a decision on an object of a video; answered as `edit`."""
        found = self.store.picture(request.path_params["number"])
        if found is None:
            return Response(status_code=404)
        try:
            sent = _sent(await request.body())
            rows = take_track(self.settings, found, sent, self.author)
        except (Refused, HobanError, ValueError, RecursionError) as error:
            return self._refused(error)
        self._follow()
        return JSONResponse({"taken": len(rows), "ids": [row.image_id for row in rows]})

    async def undo(self, request: Request) -> Response:
        """Take back the correction that stands for a picture; answered as `edit`."""
        found = self.store.picture(request.path_params["number"])
        if found is None:
            return Response(status_code=404)
        try:
            row = take_back(self.settings, found, _sent(await request.body()), self.author)
        except (Refused, HobanError, ValueError, RecursionError) as error:
            return self._refused(error)
        self._follow()
        return JSONResponse({"taken": True, "id": row.id[:8], "kind": row.kind})

    def _refused(self, error: Exception) -> Response:
        """Why an edit is not taken."""
        return JSONResponse({"reason": self._told(error)}, status_code=409)

    def _told(self, error: Exception) -> str:
        """What is wrong and the way out, in the reader's language."""
        texts = [str(error)]
        if isinstance(error, HobanError):
            texts = [error.problem, error.way_out]
        return " → ".join(error_text(text, self.settings.language) for text in texts)

    def image(self, request: Request) -> Response:
        """Return a picture, as displayed; with ``small`` for the grid."""
        found = self.store.picture(request.path_params["number"])
        if found is None:
            return Response(status_code=404)
        given = found["file"] and self.settings.raw_root / found["file"]
        file = given or self.left_out.file(found["image_id"])
        is_outside = "path_outside" in (found["left_out_by"] or ())  # a link is not followed
        if file is None or is_outside or not file.is_file():
            return Response(status_code=404)
        try:
            return self._image(found, file, is_small="small" in request.query_params)
        except NOT_SHOWN:  # damaged: that is why it was left out
            return Response(status_code=404)

    def _image(self, found: dict[str, Any], file: Path, *, is_small: bool) -> Response:
        if not (is_small and found["content_hash"]):
            return Response(drawn(file, THUMBNAIL if is_small else None), media_type="image/jpeg")
        made = small(file, self.settings.cache / "viewer" / f"{found['content_hash']}.jpg")
        headers = {"cache-control": "max-age=86400"}
        return Response(made, media_type="image/jpeg", headers=headers)


def _sent(body: bytes) -> dict[str, Any]:
    """Read what the page sends.

    Raises:
        Refused: it is no JSON object.
    """
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise Refused(f"no edit: {error}") from error
    if not isinstance(sent, dict):
        raise Refused("no edit: an object is asked for")
    return sent


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.removeprefix("-").isdecimal() else otherwise
