"""What a page of another origin sends is refused; what the UI's own pages send goes through."""

import asyncio
import os
import subprocess
import sys
from urllib.parse import quote, urlencode

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from hoban_assets.errors import HobanError
from hoban_assets.front.guard import Guard
from hoban_assets.front.services import with_guard
from hoban_assets.front.webserver import only_guarded
from hoban_assets.settings import Settings

HOST = "127.0.0.1:3000"
JSON = {"content-type": "application/json"}
WIPE = "mutation { wipeAssets(assetPartitionRanges: []) { __typename } }"
OWN = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin", "referer": f"http://{HOST}/"}


def status(path="/graphql", method="POST", hosts=("site.example",), kind="http", **headers):
    """Status of the answer: 200 where the request came through to the application."""
    path, _, query = path.partition("?")
    given = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [(n, v) for n, values in given.items() for v in values.split("\n") if v != "-"]
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(n.encode(), v.encode("latin-1")) for n, v in pairs],
    }
    sent = []

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(application, hosts)(scope, receive, send))
    if sent[0]["type"] == "websocket.close":
        return 403
    if sent[0]["status"] == 200:
        assert (b"x-frame-options", b"SAMEORIGIN") in sent[0]["headers"]
    return sent[0]["status"]


def get(path="/", **headers):
    return status(path, "GET", **headers)


def post(path="/graphql", **headers):
    return status(path, "POST", **{**JSON, **headers})


def socket(**headers):
    return status(kind="websocket", method="GET", **headers)


ASKING = [post, socket, get, lambda **headers: get("/graphql?query=%7Bversion%7D", **headers)]


@pytest.mark.parametrize("ask", ASKING)
@pytest.mark.parametrize(
    "host",
    [
        HOST,
        "127.0.0.1",
        "localhost:3000",
        "LOCALHOST:8000",
        "[::1]:3000",
        "site.example",
        "Site.Example:8443",
    ],
)
def test_names_of_this_machine_and_those_that_were_set_are_answered(ask, host):
    assert ask(host=host) == 200
    assert ask(host=host, origin=f"http://{host}", sec_fetch_site="same-origin") == 200


@pytest.mark.parametrize("ask", ASKING)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:3000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:3000",
        "evil.example#localhost",
        "localhost:3000@evil.example",
        "evil.example@localhost",
        "localhost.",
        "127.1",
        "0.0.0.0:3000",
        "192.168.0.5",
        "xsite.example",
        "localhost:3000\nevil.example",
        "localhost,evil.example",
        "localhost:",
        "",
        "-",
    ],
)
def test_a_foreign_host_is_refused_as_its_name_was_bound_to_this_address(ask, host):
    assert ask(host=host) == 403


@pytest.mark.parametrize("ask", ASKING)
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://localhost:3000",
        "http://127.0.0.1:8888",
        "http://127.0.0.1",
        f"http://{HOST}.evil.example",
        f"http://{HOST}@evil.example",
        f"file://{HOST}",
        f"chrome-extension://{HOST}",
        "http://[",
        f"http://{HOST}\nhttp://evil.example",
    ],
)
def test_a_foreign_origin_is_refused(ask, origin):
    assert ask(origin=origin) == 403


def test_tls_may_end_at_a_proxy_and_default_ports_need_not_be_said():
    assert post(host="site.example", origin="https://site.example") == 200
    assert post(host="site.example:443", origin="https://site.example") == 200
    assert post(host="site.example:8443", origin="https://site.example:8443") == 200
    assert post(host="site.example:8443", origin="https://site.example") == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "other"])
def test_what_another_page_sends_is_refused(site):
    assert post(sec_fetch_site=site) == 403
    assert socket(sec_fetch_site=site) == 403
    for path in ("/", "/graphql", "/server_info", "/logs/a/b.out", "/download_debug/1", "/assets"):
        assert (
            get(path, sec_fetch_site=site, sec_fetch_mode="no-cors", sec_fetch_dest="image") == 403
        )
        assert get(path, sec_fetch_site=site) == 403


def test_a_link_on_another_page_opens_a_page_by_itself_and_nothing_else():
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert get("/runs/1", **link, sec_fetch_dest="document", referer="https://wiki.example/") == 200
    assert get("/runs/1", **link, sec_fetch_dest="iframe") == 403
    assert get("/runs/1", **link, sec_fetch_dest="object") == 403
    assert get("/graphql", **link, sec_fetch_dest="document") == 403
    assert get("/download_debug/1", **link, sec_fetch_dest="document") == 403
    assert post("/runs/1", **link, sec_fetch_dest="document") == 403


def test_a_browser_without_fetch_metadata_is_known_by_its_referer():
    assert get("/graphql?query=%7Bversion%7D", referer="http://evil.example/") == 403
    assert get("/graphql?query=%7Bversion%7D", referer=f"http://{HOST}/runs") == 200
    assert get("/assets", referer="http://wiki.example/") == 200
    assert post(referer="http://evil.example/") == 403


@pytest.mark.parametrize(
    "query",
    [
        WIPE,
        f"query a {{ version }} {WIPE}",
        "# {version}\nmutation { a }",
        "\ufeffmutation{a}",
        "subscription { a }",
        "fragment f on Mutation { a } mutation { ...f }",
        "mutation",
        "",
    ],
)
def test_a_get_executes_no_mutation(query):
    assert get(f"/graphql?{urlencode({'query': query})}") == 403
    assert get(f"/graphql?query=%7Bversion%7D&{urlencode({'query': query})}") == 403
    assert get(f"/graphql?{urlencode({'query': query})}&query=%7Bversion%7D") == 403
    assert get(f"/prefix/graphql?{urlencode({'query': query})}", accept="text/html") == 403


def test_a_get_may_ask_and_opens_the_playground():
    assert get("/graphql?query=" + quote("query mutation { version }")) == 200
    assert get("/graphql?query=" + quote('{ assets(prefix: "mutation { a }") { id } }')) == 200
    assert get("/graphql", accept="text/html") == 200
    assert get("/assets?query=mutation") == 200


@pytest.mark.parametrize(
    "sent",
    [
        "text/plain",
        "text/plain; application/json",
        "text/plain;charset=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/jsonp",
        "application/json, text/plain",
        "application/json\ntext/plain",
        "",
        "-",
    ],
)
@pytest.mark.parametrize("path", ["/graphql", "/report_asset_materialization/a", "/other"])
def test_a_post_that_a_form_could_send_is_refused(path, sent):
    assert post(path, content_type=sent) == 403
    assert post(f"{path}?{urlencode({'query': WIPE})}", content_type=sent) == 403


def test_pages_of_the_ui_and_scripts_post_json():
    own = {name.replace("-", "_"): value for name, value in OWN.items()}
    assert post(**own) == 200
    assert post(content_type="application/json; charset=utf-8") == 200
    assert post(content_type="application/graphql") == 200
    assert post("/report_asset_materialization/a") == 200
    assert status(method="OPTIONS", origin="http://evil.example") == 403
    assert status(method="PUT") == 403


def test_names_of_a_proxy_come_from_a_setting():
    assert Settings.from_env({"HOBAN_UI_HOSTS": " a.example, b.example:8443,,"}).ui_hosts == (
        "a.example",
        "b.example:8443",
    )
    assert Settings.from_env({}).ui_hosts == ()
    assert post(host="site.example", hosts=()) == 403
    assert post(host="b.example", hosts=("a.example", " B.example:8443 ")) == 200


def test_an_application_without_the_guard_is_not_served():
    run = only_guarded(lambda app, **kwargs: app)
    inside = Starlette(middleware=[Middleware(GZipMiddleware), Middleware(Guard)])
    for unguarded in (Starlette(), inside, object()):
        with pytest.raises(HobanError, match="without the guard"):
            run(unguarded, port=1)
    app = Starlette(middleware=[Middleware(GZipMiddleware)])
    app.add_middleware(Guard)
    assert run(app, port=1) is app


def test_dagster_dev_is_made_to_start_the_guarded_webserver_and_nothing_unknown():
    started = with_guard(lambda words, **kwargs: words)
    together = "hoban_assets.front.together"
    assert started([sys.executable, "-m", "dagster_webserver", "--port", "1"])[1:] == [
        "-m",
        together,
        str(os.getpid()),
        "hoban_assets.front",
        "--port",
        "1",
    ]
    assert started([sys.executable, "-m", "dagster._daemon", "run"])[2:5] == [
        together,
        str(os.getpid()),
        "dagster._daemon",
    ]
    with pytest.raises(HobanError, match="make setup"):
        started([sys.executable, "-m", "dagster_webserver2", "--port", "1"])


@pytest.mark.parametrize(("parent", "status"), [(os.getpid, 0), (lambda: 1, 1)])
def test_a_service_starts_with_its_parent_alone_whatever_number_that_has(parent, status):
    # In a container `hoban ui` is process 1 itself.
    words = [sys.executable, "-m", "hoban_assets.front.together", str(parent()), "this"]
    ended = subprocess.run(words, capture_output=True, text=True)
    assert ended.returncode == status
    assert ("has ended" in ended.stderr) == bool(status)
