"""Documents in Korean: every sentence has its translation, and one meaning."""

import re

import pytest
import yaml
from said_texts import said

from hoban_assets.language import KOREAN, korean, speaker

NO_WORDS = re.compile(r"({[^}]*}|[^a-zA-Z])*|hoban .*")
"""Nothing but numbers and fields, or a command."""


def test_every_sentence_has_its_korean():
    texts = {text: file for text, file in said().items() if not NO_WORDS.fullmatch(text)}
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
