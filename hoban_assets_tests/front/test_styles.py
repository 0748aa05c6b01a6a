"""Pages of the UI get rules for long values and phones; the classes they name exist."""

import re
from pathlib import Path

import dagster_webserver
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from hoban_assets.front.styles import RULES, Styled

PAGE = "<html><head><title>t</title></head><body></head></body></html>"
ANSWERS = {
    "/page": HTMLResponse(PAGE),
    "/json": JSONResponse({"a": "</head>"}),
    "/text": PlainTextResponse("</head>"),
    "/bare": HTMLResponse("<p>nothing</p>"),
}


@pytest.fixture(scope="module")
def client():
    routes = [Route(path, lambda request, a=answer: a) for path, answer in ANSWERS.items()]
    app = Starlette(routes=routes)
    app.add_middleware(Styled)
    return TestClient(app)


def test_a_page_gets_the_rules_once_and_its_length_is_right(client):
    answer = client.get("/page")
    assert answer.text.count("<style>") == 1
    assert RULES.read_text() in answer.text.partition("</head>")[0]
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("path", ["/json", "/text", "/bare"])
def test_all_else_stays_as_it_is(client, path):
    assert client.get(path).content == ANSWERS[path].body


def test_dagster_has_the_classes_that_the_rules_name():
    build = (
        Path(dagster_webserver.__file__).parent / "webapp" / "build" / "_next" / "static" / "css"
    )
    css = "".join(file.read_text() for file in build.glob("*.css"))
    named = set(re.findall(r'class\*="(\w+)"', RULES.read_text()))
    assert named
    assert {name for name in named if f".{name}" not in css} == set()
