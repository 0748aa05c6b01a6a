"""Refuses what a web page of another origin sends to the Dagster UI through a person's browser.

The UI knows no passwords: whoever reaches its port may start, end and wipe runs. It listens on
this machine only, but so does every browser on it, and a browser sends requests for any page that
it shows. Dagster executes GraphQL mutations from a GET, and from a POST of any content type, and
looks at neither Host nor Origin. So before it sees a request:

- ``Host`` names this machine, or a name that was set: else a foreign name was bound to this
  address (DNS rebinding), and the browser takes that page for the UI's own;
- ``Origin``, and for what is not a page ``Referer``, is the very host that was asked;
- ``Sec-Fetch-Site`` is 'same-origin' or 'none' (typed); a link on another page may open a page;
- a POST has a content type that no form can send without being asked first (CORS preflight);
- a GET executes no mutation.

See the Fetch Metadata draft of the W3C and the OWASP cheat sheet on cross-site request forgery.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")
"""Names that no other machine can take; with any port, as tunnels change it."""
READING = frozenset({"GET", "HEAD"})
SENT = frozenset({"application/json", "application/graphql"})
"""Content types of a POST: what Dagster's pages and its Python client send. A form can send
neither."""
NO_PAGES = (
    "/graphql",
    "/report_asset_",
    "/logs/",
    "/download_debug/",
    "/notebook",
    "/server_info",
    "/dagit_info",
)
"""What is no page for people to open: nothing leads there from elsewhere."""
KEPT_APART = (
    (b"x-frame-options", b"SAMEORIGIN"),  # no page shows the UI in itself and has people click
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers of every answer, which keep pages of other origins from holding the UI in a frame, a
window or an image."""
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Guard:
    """An ASGI layer; answers 403 with the reason, or hands on."""

    def __init__(self, app: App, hosts: Iterable[str] = ()) -> None:
        """Guard `app`.

        Args:
            app: what is behind.
            hosts: names under which a proxy shows it, besides those of this machine; with any
                port.
        """
        self.app = app
        named = (_HOST.fullmatch(host.strip().lower()) for host in hosts)
        self.hosts = {*THIS_MACHINE, *(match[1] for match in named if match)}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request or websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        reason = refusal(scope, self.hosts)
        if reason is None:
            await self.app(scope, receive, _apart(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await _forbid(send, reason)


def refusal(scope: Message, hosts: Iterable[str]) -> str | None:
    """Why a request is not let through; None where it is.

    Args:
        scope: of ASGI, 'http' or 'websocket'.
        hosts: names that ``Host`` may have.
    """
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    for name in ("host", "origin", "content-type", "sec-fetch-site"):
        if len(headers.get(name, ())) > 1:
            return f"more than one header {name}"
    given = {name: values[0].strip() for name, values in headers.items()}
    host = given.get("host", "").lower()
    match = _HOST.fullmatch(host)
    if match is None or match[1] not in hosts:
        return "Host names another machine; a name of this one is set in HOBAN_UI_HOSTS"
    return _foreign(scope, given, host) or _unsafe(scope, given)


def _foreign(scope: Message, given: dict[str, str], host: str) -> str | None:
    """Whether a page of another origin sent it."""
    is_page = _opens_a_page(scope, given)
    origin = given.get("origin")
    if origin is not None and not _is_same(origin, host):
        return "Origin is another page"
    site = given.get("sec-fetch-site", "none").lower()
    if site not in {"same-origin", "none"} and not is_page:
        return "Sec-Fetch-Site: a page of another origin sent it"
    referer = given.get("referer")
    if referer and not is_page and not _is_same(referer, host):
        return "Referer is another page"
    return None


def _opens_a_page(scope: Message, given: dict[str, str]) -> bool:
    """A person follows a link: the page is shown by itself, and the other cannot look into it."""
    if scope["type"] != "http" or scope["method"] not in READING:
        return False
    if any(part in scope["path"] for part in NO_PAGES):
        return False
    mode, shown = given.get("sec-fetch-mode"), given.get("sec-fetch-dest")
    if "sec-fetch-site" not in given:  # an old browser, or none
        return True
    return mode == "navigate" and shown == "document"


def _is_same(address: str, host: str) -> bool:
    """Whether an address is of the host that was asked; TLS may end at a proxy."""
    try:
        parts = urlsplit(address.lower())
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None:  # 'null' too: a sandboxed frame, a file, a redirect
        return False
    ends = f":{default}"
    return parts.netloc.removesuffix(ends) == host.removesuffix(ends)


def _unsafe(scope: Message, given: dict[str, str]) -> str | None:
    """Whether it could change something in a way in which no page of the UI does."""
    if scope["type"] == "websocket":
        return None
    if scope["method"] in READING:
        has_query = "graphql" in scope["path"] and _has_mutation(scope["query_string"])
        return "a GET executes no mutation: POST it as application/json" if has_query else None
    sent = given.get("content-type", "").partition(";")[0].strip().lower()
    if scope["method"] != "OPTIONS" and sent not in SENT:
        return "Content-Type is not application/json"
    return None


def _has_mutation(query_string: bytes) -> bool:
    """Whether any ``query`` of an address is more than a question, by GraphQL's own parser."""
    from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    for text in [value for name, value in pairs if name == "query"]:
        try:
            document = parse(text)
        except (GraphQLError, RecursionError):
            return True  # whatever it is, nobody needs it
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        if any(each.operation is not OperationType.QUERY for each in operations):
            return True
    return False


def _apart(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *KEPT_APART]}
        await send(message)

    return with_headers


async def _forbid(send: Send, reason: str) -> None:
    body = f"403: {reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
