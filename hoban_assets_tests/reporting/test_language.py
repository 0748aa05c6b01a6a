"""Documents in Korean: every sentence has its translation, and one meaning."""

import ast
import re
from pathlib import Path

import pytest
import yaml

import hoban_assets
from hoban_assets.language import KOREAN, korean, speaker

PACKAGE = Path(hoban_assets.__file__).parent
SAID_IN_TEMPLATES = re.compile(r"""say\(\s*(["'])(.+?)\1""")


def said() -> dict[str, str]:
    """Every text that is said literally, and the file it stands in."""
    texts = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            first = node.args[0] if node.args else None
            if node.func.id == "say" and isinstance(first, ast.Constant):
                texts[str(first.value)] = file.name
    for file in PACKAGE.rglob("*.j2"):
        for _, text in SAID_IN_TEMPLATES.findall(file.read_text(encoding="utf-8")):
            texts[text] = file.name
    return texts


def test_every_sentence_has_its_korean():
    # What is said of another program's progress lines (workers) is not translated.
    missing = {t: f for t, f in said().items() if t not in korean() and not f.startswith("yolo_")}
    assert missing == {}


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
