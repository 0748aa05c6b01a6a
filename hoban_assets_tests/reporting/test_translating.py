"""Errors and help in the words of their reader."""

import ast
import re
from pathlib import Path

import pytest
import typer
import yaml
from click.testing import CliRunner
from said_texts import logged, raised

import hoban_assets
from hoban_assets.cli import app, main
from hoban_assets.errors import HobanError
from hoban_assets.language import KOREAN, korean, speaker
from hoban_assets.reporting.translating import (
    error_text,
    paragraphs,
    progress_said,
    said,
    translate_help,
)

FIELD = re.compile(r"\{(\w+)\}")
NO_WORDS = re.compile(r"(<1>|\W|run: |sub\b|--\w+|(hoban|dagster asset|export <1>=) ?.*)*", re.S)
"""Nothing but fields, or a command."""
NAMES = re.compile(r"\bmake( [a-z]+(-[a-z]+)*|')|\bfor images 1\.1")
LEFT_IN_ENGLISH = re.compile(
    r"(?<![\w./=-])(a|an|and|are|at|be|by|cannot|for|from|give|has|have|in|into|is|it|its|make|no|not"
    r"|of|on|or|that|the|to|was|which|with)(?![\w./=-])"
)
"""Words that no Korean sentence has: a general template took an English one into its field."""


def test_an_error_is_said_in_the_readers_language_with_its_own_values():
    error = HobanError("source coco: folder /raw/coco does not exist", "did you mean v9?")
    assert said(error, "en").startswith("error: source coco: folder /raw/coco does not exist\n")
    korean_text = said(error, "ko")
    assert korean_text == "오류: 원본 coco: 폴더 /raw/coco가 없습니다\n  해결 방법: 혹시 v9입니까?"


def test_a_word_in_an_error_is_said_too():
    assert "파티션" in error_text("no partition 'full'", "ko")


def test_every_kind_of_name_that_may_be_mistyped_has_its_korean():
    kinds = {
        kind.value
        for file in (Path(hoban_assets.__file__).parent / "commands").glob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in ("nearest", "one_of", "built_one")
        for kind in call.args[1:3]
        if isinstance(kind, ast.Constant)
    }
    assert len(kinds) > 12
    assert sorted(kinds - korean().keys()) == []


def test_a_name_that_somebody_typed_stays_as_it_was_typed():
    text = "background holds no label of person: nothing can be judged"
    assert error_text(text, "ko") == "background에 person 라벨이 없어 판정할 수 없습니다"


def test_an_error_without_korean_stays_english():
    assert error_text("something nobody foresaw", "ko") == "something nobody foresaw"


def test_every_template_finds_the_text_that_it_makes():
    words = yaml.safe_load((KOREAN / "errors.yaml").read_text(encoding="utf-8"))
    for english, korean_text in words.items():
        fields = FIELD.findall(english)
        values = {name: f"<{number}>" for number, name in enumerate(fields)}
        said_so = error_text(english.format(**values), "ko")
        assert said_so == korean_text.format(**values), english


def test_every_error_has_its_korean():
    texts = raised()
    assert len(texts) > 500
    english = {
        text: file
        for text, file in texts.items()
        if not NO_WORDS.fullmatch(text) and error_text(text, "ko") == text
    }
    assert english == {}


def test_every_line_of_a_build_has_its_korean():
    texts = logged()
    assert len(texts) > 40
    english = {
        text: file
        for text, file in texts.items()
        if not NO_WORDS.fullmatch(text.removeprefix("Ultralytics"))
        and progress_said(text, "ko") == text
    }
    assert english == {}


def test_no_error_is_half_korean():
    told = {text: error_text(text, "ko") for text in raised()}
    half = {
        text: korean_text
        for text, korean_text in told.items()
        if korean_text != text and LEFT_IN_ENGLISH.search(NAMES.sub("", korean_text))
    }
    assert half == {}


def help_texts():
    group = typer.main.get_group(app)
    groups = [c for c in group.commands.values() if hasattr(c, "commands")]
    below = [c for each in (group, *groups) for c in each.commands.values() if not c.hidden]
    for command in (group, *below):
        for text in (command.help, *(getattr(p, "help", None) for p in command.params)):
            yield from paragraphs(text or "")


def test_every_help_text_has_its_korean():
    untranslated = ("Example", "Show this message")
    texts = {t for t in help_texts() if not t.startswith(untranslated)}
    assert len(texts) > 100
    assert sorted(texts - korean().keys()) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("status --page", "옵션은 없습니다"),
        ("statos", "statos' 명령은 없습니다"),
        ("gallery", "인수"),
        ("gallery v9 --count x", "정수이(가) 아닙니다"),
        ("gallery v9 --count 0", "밖입니다"),
        ("gallery v9 v8 v7", "남는 인수"),
        ("gallery v9 --count", "값이 와야"),
    ],
)
def test_a_command_line_that_is_wrong_is_answered_in_korean_with_the_help_to_ask(
    line, told, monkeypatch, capsys
):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    monkeypatch.setattr("sys.argv", ["hoban", *line.split()])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    said_so = capsys.readouterr().err
    assert told in said_so
    assert "--help" in said_so
    assert not re.search(r"[a-z]{3,} (is|such|not|a) ", said_so)


@pytest.mark.parametrize("command", ["", "build"])
def test_help_is_korean_for_a_korean_reader(command):
    group = typer.main.get_group(app)
    translate_help(group, speaker("ko"))
    page = CliRunner().invoke(group, [*command.split(), "--help"]).output
    assert re.search("만들", page)
    for english in ("Usage", "Options", "Example:", "Show this", "[default", "[required"):
        assert english not in page


@pytest.mark.parametrize("words", [[], ["corrections"]])
def test_a_command_alone_shows_its_help_in_korean_and_no_error(words, monkeypatch, capsys):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    monkeypatch.setattr("sys.argv", ["hoban", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    said_so = capsys.readouterr()
    assert "사용법" in said_so.out
    assert "Usage" not in said_so.out
    assert said_so.err == ""
