"""Names of others do nothing where they are shown."""

import logging
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoban_assets.errors import HobanError
from hoban_assets.language import speaker
from hoban_assets.reporting.blocks import Bullets, Finding, Heading, Paragraph, Table
from hoban_assets.reporting.markdown import markdown, markdown_rows
from hoban_assets.reporting.terminal import cell, show_blocks
from hoban_assets.visible import show_in_logs, visible

NAMES = {
    "clears the screen": ("a\x1b[2Jb.jpg", r"a\u001b[2Jb.jpg"),
    "one byte of control": ("a\x9b31mb", r"a\u009b31mb"),
    "writes over its line": ("good\rbad", r"good\u000dbad"),
    "turns letters around": ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
    "half a character": ("a\udcff", r"a\udcff"),
    "ends a line": ("a\u2028b", r"a\u2028b"),
    "Korean": ("안전모 사진.jpg", "안전모 사진.jpg"),
}


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
def test_a_name_is_shown_and_not_obeyed(name, shown):
    assert visible(name) == shown
    assert cell(name) == shown.replace("[", r"\[")
    assert str(HobanError(f"{name} is gone", "look")) == f"{shown} is gone -> look"


@given(st.text())
def test_no_text_holds_what_a_terminal_obeys(text):
    assert visible(text).replace("\n", "").replace("\t", "").isprintable() or not any(
        ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in visible(text) if c not in "\n\t"
    )
    assert visible(visible(text)) == visible(text)
    visible(text).encode()


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
def test_a_log_shows_a_name_and_does_not_obey_it(monkeypatch, name, shown):
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    show_in_logs()
    told: list[str] = []
    log = dg.build_asset_context().log
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage().removeprefix("system - "))
    log.addHandler(handler)
    log.info(f"read {name}")
    log.warning("%s of %d is left out", name, 7)
    assert told == [f"read {shown}", f"{shown} of 7 is left out"]


FORGED = "a\nDone in 3 s..jpg"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_name_begins_no_line_of_its_own(language):
    say = speaker(language)
    shown = r"a\u000aDone in 3 s..jpg is new"
    assert say("{path} is new", path=FORGED) == shown
    assert say("{path} is new", path=Path(FORGED)) == shown
    assert str(HobanError(f"{FORGED} is gone", "look")) == "a\n    Done in 3 s..jpg is gone -> look"


def test_a_name_in_a_table_begins_no_line_at_the_margin(capsys):
    show_blocks([Table([{"class": FORGED, "boxes": 1}], {"class": "class", "boxes": "boxes"})])
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.startswith("Done")]
    assert [line for line in lines if line.startswith("    Done in 3 s..jpg")]


def test_lines_that_are_meant_stay():
    several = "several:\n    a\n    b"
    assert HobanError(several, "look").problem == several


TAG = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("text", [TAG, f"`{TAG}", f"a ` {TAG}", "</table>", "<!-- x"])
def test_markdown_of_a_name_holds_no_tag(text):
    blocks = [Heading(2, text), Paragraph(text), Bullets([text]), Finding("bad", text, (text,))]
    told = markdown(blocks) + markdown_rows([{"name": text}])
    assert "<img" not in told
    assert "</" not in told
    assert "<!" not in told


def test_code_and_comparisons_stay_as_they_are():
    told = "`hoban find <pattern>` where a < b and 3 <5"
    assert markdown([Paragraph(told)]) == f"{told}\n"
