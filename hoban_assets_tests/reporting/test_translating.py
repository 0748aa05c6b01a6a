"""Errors and help in the words of their reader."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import typer
import yaml
from click.testing import CliRunner

import hoban_assets
from hoban_assets.cli import app, main
from hoban_assets.errors import HobanError
from hoban_assets.language import KOREAN, korean, speaker
from hoban_assets.reporting.translating import error_text, paragraphs, said, translate_help

FIELD = re.compile(r"\{(\w+)\}")
PACKAGE = Path(hoban_assets.__file__).parent
RAISED = frozenset({"HobanError", "Refused", "Failure", "_bad_row", "_refuse"})
"""What is called with words that a user reads as an error."""
TEXTS = ast.Constant | ast.IfExp | ast.JoinedStr
NO_WORDS = re.compile(r"(<1>|\W|run: |sub\b|--\w+|(hoban|dagster asset|export) .*)*", re.S)
"""Nothing but fields, or a command."""


def test_an_error_is_said_in_the_readers_language_with_its_own_values():
    error = HobanError("source coco: folder /raw/coco does not exist", "did you mean v9?")
    assert said(error, "en").startswith("error: source coco: folder /raw/coco does not exist\n")
    korean_text = said(error, "ko")
    assert (
        korean_text
        == "오류: 원본 coco: 폴더 /raw/coco가 없습니다\n  해결 방법: v9을(를) 말씀하셨나요?"
    )


def test_a_word_in_an_error_is_said_too():
    assert "파티션" in error_text("no partition 'full'", "ko")


def test_an_error_without_korean_stays_english():
    assert error_text("something nobody foresaw", "ko") == "something nobody foresaw"


def test_every_template_finds_the_text_that_it_makes():
    words = yaml.safe_load((KOREAN / "errors.yaml").read_text(encoding="utf-8"))
    for english, korean_text in words.items():
        fields = FIELD.findall(english)
        values = {name: f"<{number}>" for number, name in enumerate(fields)}
        said_so = error_text(english.format(**values), "ko")
        assert said_so == korean_text.format(**values), english


def raised_in(file: Path) -> Iterator[str]:
    """Every error text that a module can make, "<1>" for what is filled in."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    held: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            held.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            if called in RAISED:
                for argument in node.args:
                    yield from made_of(argument, held)


def made_of(node: ast.expr, held: Mapping[str, list[ast.expr]]) -> Iterator[str]:
    """Texts that an expression can make. What a name stands for is looked up in its module."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            texts = [""]
            for part in parts:
                whole = part.value if isinstance(part, ast.FormattedValue) else part
                meant = held.get(getattr(whole, "id", ""), [whole])
                is_known = all(isinstance(each, TEXTS) for each in meant)
                ends = list(made_of(whole, held)) if is_known else ["<1>"]
                texts = [text + end for text in texts for end in ends]
            yield from texts
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield from (a + b for a in made_of(left, held) for b in made_of(right, held))
        case ast.IfExp(body=one, orelse=other):
            yield from (*made_of(one, held), *made_of(other, held))
        case ast.Name(id=name) if name in held:
            for value in held[name]:
                if name not in {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}:
                    yield from made_of(value, held)
        case _:
            yield "<1>"


def test_every_error_has_its_korean():
    # The scripts on the server stand alone, and the viewer says its own.
    elsewhere = (PACKAGE / "handoff" / "server", PACKAGE / "viewer")
    files = [f for f in PACKAGE.rglob("*.py") if not any(map(f.is_relative_to, elsewhere))]
    texts = {text: file.name for file in files for text in raised_in(file)}
    assert len(texts) > 500
    english = {
        text: file
        for text, file in texts.items()
        if not NO_WORDS.fullmatch(text) and error_text(text, "ko") == text
    }
    assert english == {}


def help_texts():
    group = typer.main.get_group(app)
    for command in (group, *(c for c in group.commands.values() if not c.hidden)):
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
