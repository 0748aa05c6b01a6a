"""`hoban ui`: addresses that are said, and a port that is taken."""

import socket

import pytest
from road import REPOSITORY
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.errors import HobanError
from hoban_assets.reporting.home.document import ROAD


@pytest.fixture
def served(monkeypatch, tmp_path) -> list[int]:
    """Ports on which something was served; nothing is."""
    ports: list[int] = []
    monkeypatch.setattr("hoban_assets.front.services.serve", ports.append)
    monkeypatch.setattr("hoban_assets.front.opening.when_it_answers", lambda port, then: None)
    for name, value in {"DAGSTER_HOME": tmp_path, "HOBAN_LANG": "en"}.items():
        monkeypatch.setenv(name, str(value))
    return ports


@pytest.fixture
def taken():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


def test_a_port_that_is_taken_is_refused_before_anything_is_said_to_be_served(served, taken):
    done = CliRunner().invoke(app, ["ui", "--port", str(taken)])
    assert isinstance(done.exception, HobanError)
    assert "make ui PORT=" in done.exception.way_out
    assert (done.stdout, served) == ("", [])


def test_without_a_choice_the_next_free_port_is_taken_and_said(served, taken, monkeypatch):
    monkeypatch.setattr("hoban_assets.doctor.facts.PORT", taken)
    done = CliRunner().invoke(app, ["ui"])
    (port,) = served
    assert port > taken
    assert f"Port {taken} is in use, so this one takes {port}. (make ui PORT=...)" in done.stderr
    assert f"First page: http://127.0.0.1:{port}/hoban/" in done.stdout
    assert f"Lineage: http://127.0.0.1:{port}{ROAD}" in done.stdout


def test_lineage_opens_on_the_road_of_the_version_that_one_begins_with():
    assert "model_v9" in ROAD
    assert "view=lineage" in ROAD
    assert "hoban ui $(if $(PORT),--port $(PORT))" in (REPOSITORY / "Makefile").read_text()
