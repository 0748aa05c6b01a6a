"""Dagster's pages with rules of our own for long values and small screens (``ui.css``)."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
RULES = Path(__file__).with_name("ui.css")
HEAD_ENDS = b"</head>"


class Styled:
    """An ASGI layer that puts the rules into the head of every page of the UI.

    A page is what is of type text/html and comes in one piece; all else passes as it is.
    """

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        """Put rules into the pages of `app`."""
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request or websocket."""
        start: list[Message] = []

        async def styled(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                start.append(message)
                return
            if start and message["type"] == "http.response.body":
                first = start.pop()
                if not message.get("more_body"):
                    message = {**message, "body": with_rules(message.get("body", b""))}
                    first["headers"] = _measured(first["headers"], len(message["body"]))
                await send(first)
            await send(message)

        await self.app(scope, receive, styled)


def with_rules(page: bytes) -> bytes:
    """The page with the rules at the end of its head; without a head as it is."""
    return page.replace(HEAD_ENDS, b"<style>" + _rules() + b"</style>" + HEAD_ENDS, 1)


@functools.cache
def _rules() -> bytes:
    return RULES.read_bytes()


def _is_page(start: Message) -> bool:
    kinds = [value for name, value in start["headers"] if name.lower() == b"content-type"]
    return any(value.startswith(b"text/html") for value in kinds)


def _measured(headers: Any, length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*kept, (b"content-length", str(length).encode())]
