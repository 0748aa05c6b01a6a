"""Camera and day are asked for, with a proposal that is shown on five files."""

import pytest
import typer

from hoban_assets.commands import add
from hoban_assets.errors import HobanError
from hoban_assets.language import speaker

NAMES = [f"cam{n}_2026-11-2{n}.mp4" for n in range(1, 8)]
OWN = r"(?P<camera>cam\d)"


@pytest.fixture
def answers(monkeypatch):
    """What a person at a terminal types, in turn; asking once more than that fails."""
    given = []
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(typer, "prompt", lambda *a, **k: given.pop(0))
    return given


def chosen(pattern=None, names=NAMES):
    return add._chosen(names, pattern, speaker("en"))


def test_the_proposal_is_shown_on_five_files_and_enter_takes_it(answers, capsys):
    answers.append("")
    found = chosen()
    assert "(?P<camera>" in found
    shown = [line for line in capsys.readouterr().out.splitlines() if ".mp4" in line]
    assert len(shown) == add.EXAMPLES
    assert "cam1" in shown[0]
    assert "2026-11-21" in shown[0]


@pytest.mark.parametrize(("typed", "taken"), [(["-"], None), ([OWN, ""], OWN), ([OWN, "-"], None)])
def test_another_one_is_shown_before_it_is_taken(answers, typed, taken):
    answers += typed
    assert chosen() == taken
    assert answers == []


def test_a_pattern_that_is_none_is_named(answers):
    answers.append("(")
    with pytest.raises(HobanError, match="no regular expression"):
        chosen()
    with pytest.raises(HobanError, match="no group camera or day"):
        chosen("x")


def test_names_that_tell_nothing_are_asked_about_too(answers):
    answers.append("")
    assert chosen(names=["a.jpg", "b.jpg"]) is None


def test_nobody_is_asked_where_nobody_is_there(capsys):
    assert chosen() is None
    assert "--pattern" in capsys.readouterr().out
    assert chosen("") is None
    assert chosen(OWN) == OWN
