"""Documents in Korean: every sentence has its translation, and one meaning."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import hoban_assets
from hoban_assets.language import KOREAN, korean, speaker

PACKAGE = Path(hoban_assets.__file__).parent
SAID_IN_TEMPLATES = re.compile(r"""say\(\s*(["'])(.+?)\1""")
NO_WORDS = re.compile(r"({[^}]*}|[^a-zA-Z])*|hoban .*")
"""Nothing but numbers and fields, or a command."""
TEXT_AT = {"say": 0, "Finding": 1, "table": 1}
"""Calls whose argument of this position is said: a text, or a dictionary of texts."""


def said() -> dict[str, str]:
    """Every text that the package says, and the file it stands in."""
    texts = {}
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        texts |= dict.fromkeys(said_in(tree), file.name)
    for file in PACKAGE.rglob("*.j2"):
        for _, text in SAID_IN_TEMPLATES.findall(file.read_text(encoding="utf-8")):
            texts[text] = file.name
    return texts


def said_in(tree: ast.Module) -> set[str]:
    """Texts that are said in a module: as they stand, or by the name of what holds them."""
    held: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        for name, value in assigned(node):
            held.setdefault(name, []).append(value)
    found = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        at = TEXT_AT.get(getattr(call.func, "id", ""), 9)
        is_said = at == 0 or any(getattr(a, "id", "") == "say" for a in call.args) or at == 1
        if at < len(call.args) and is_said:
            found |= set(texts_of(call.args[at], held))
    return found


def assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and what they are bound to: by `=`, or by a loop over a tuple that is written out."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.For(target=ast.Tuple(elts=names), iter=ast.Tuple(elts=rows)):
            for row in rows:
                for name, value in zip(names, getattr(row, "elts", ()), strict=False):
                    yield getattr(name, "id", ""), value


def texts_of(node: ast.expr, held: dict[str, list[ast.expr]]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from (*texts_of(one, held), *texts_of(other, held))
        case ast.Dict(values=values):
            for value in values:
                yield from texts_of(value, held)
        case ast.Subscript(value=whole) | ast.Call(func=ast.Attribute(value=whole, attr="get")):
            yield from texts_of(whole, held)
        case ast.Name(id=name):
            for value in held.get(name, ()):
                if not isinstance(value, ast.Name):
                    yield from texts_of(value, held)


def test_every_sentence_has_its_korean():
    # What is said of another program's progress lines (workers) is not translated.
    texts = {
        t: f for t, f in said().items() if not f.startswith("yolo_") and not NO_WORDS.fullmatch(t)
    }
    assert len(texts) > 500
    assert {t: f for t, f in texts.items() if t not in korean()} == {}


def test_the_same_english_means_the_same_in_every_report():
    seen: dict[str, tuple[str, str]] = {}
    clashes = []
    for file in sorted(KOREAN.glob("*.yaml")):
        for english, words in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
            if english in seen and seen[english][0] != words:
                clashes.append((english, seen[english][1], file.name))
            seen[english] = (words, file.name)
    assert clashes == []


def test_translations_keep_the_fields_that_are_filled_in():
    def fields(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)", text))

    wrong = [e for e, k in korean().items() if fields(str(k)) - fields(str(e))]
    assert wrong == []


@pytest.mark.parametrize(("language", "word"), [("ko", "사람"), ("en", "person")])
def test_the_language_decides(language, word):
    assert speaker(language)("person") == word


def test_a_text_without_translation_is_said_in_english():
    assert speaker("ko")("never {n} translated", n=3) == "never 3 translated"
