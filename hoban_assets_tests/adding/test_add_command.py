"""Camera and day are asked for, with a proposal that is shown on five files."""

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from hoban_assets.commands import add
from hoban_assets.declared.entries import entry_files
from hoban_assets.errors import HobanError
from hoban_assets.language import speaker


def run_hoban(*words):
    """What a command prints; its error is raised."""
    from hoban_assets.cli import app

    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception:
        raise done.exception
    return done.stdout


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


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An empty raw root, a folder of one photograph beside it and one below it."""
    for name, value in (("RAW_ROOT", "raw"), ("DATA_ROOT", "data"), ("LANG", "en")):
        monkeypatch.setenv(f"HOBAN_{name}", value if name == "LANG" else str(tmp_path / value))
    monkeypatch.setattr("hoban_assets.declared.writing.DEFS", tmp_path / "defs")
    for folder in ("pictures", "raw/there"):
        (tmp_path / folder).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / folder / "a.jpg")
    return tmp_path


def added(target, name="site_a"):
    return run_hoban("add", target, "--name", name, "--pattern", "")


def entry(site):
    (found,) = entry_files(folder=site / "defs")
    return found.entry


def test_a_folder_gets_a_place_below_the_raw_root_and_an_entry(site):
    added(site / "pictures")
    assert (site / "raw" / "site_a" / "a.jpg").is_file()
    assert (entry(site).folder, entry(site).format) == ("site_a", "pictures")


def test_what_is_below_the_raw_root_stays_where_it_is(site):
    added(site / "raw" / "there")
    assert entry(site).folder == "there"
    assert [p.name for p in (site / "raw").iterdir()] == ["there"]


def test_one_photograph_of_it_is_a_source_of_its_own(site):
    added(site / "raw" / "there" / "a.jpg")
    assert (site / "raw" / "site_a" / "a.jpg").is_file()


@pytest.mark.parametrize("target", ["raw", "."])
def test_the_raw_root_itself_is_no_source(site, target):
    with pytest.raises(HobanError, match="holds the raw root itself"):
        added((site / target).resolve())
    assert not (site / "defs").exists()


def test_a_name_that_is_taken_changes_nothing(site):
    added(site / "pictures")
    for name in ("site_a", "coco", "dataset v9"):
        with pytest.raises(HobanError):
            added(site / "pictures", name)
    assert sorted(p.name for p in (site / "raw").iterdir()) == ["site_a", "there"]


def test_pictures_that_browsers_and_phones_name_otherwise_are_taken_too_and_the_rest_is_told(site):
    from hoban_assets.cli import app

    Image.new("RGB", (8, 8)).save(site / "pictures" / "saved.JFIF", format="JPEG")
    for name in ("phone.heic", "._a.jpg", "notes.txt"):
        (site / "pictures" / name).write_bytes(b"x")
    words = ["add", str(site / "pictures"), "--name", "site_a", "--pattern", ""]
    done = CliRunner().invoke(app, words)
    assert sorted(p.name for p in (site / "raw" / "site_a").iterdir()) == ["a.jpg", "saved.JFIF"]
    assert "1 .heic" in done.stderr
