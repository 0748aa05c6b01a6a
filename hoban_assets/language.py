"""Words of documents in Korean or English. English is the key: ``say("Never built")``.

Each report has its Korean words in a file of its own, ``korean/<report>.yaml``, a flat mapping
from the English text to the Korean one. gettext would do the same with files that must be
compiled; a test sees to it that no text lacks its translation.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import yaml

from hoban_assets.classes import KOREAN_NAMES
from hoban_assets.rules import korean_words

KOREAN = Path(__file__).parent / "reporting" / "korean"


class Say(Protocol):
    """Says an English text in the language of the user, its {fields} filled in."""

    def __call__(self, text: str, /, **values: object) -> str:
        """Say it."""
        ...


def speaker(language: str) -> Say:
    """Return ``say(text, **values)``: the text in 'ko' or 'en', its {fields} filled in.

    A text without a translation is said in English.
    """
    words: Mapping[str, str] = korean() if language == "ko" else {}

    def say(text: str, /, **values: object) -> str:
        found = words.get(text, text)
        return found.format(**values) if values else found

    return say


def plain(text: str, /, **values: object) -> str:
    """Return the English text with its {fields} filled in."""
    return text.format(**values)


@functools.cache
def korean() -> Mapping[str, str]:
    """All translations. The same English text means the same in every report."""
    words = KOREAN_NAMES | korean_words()
    for file in sorted(KOREAN.glob("*.yaml")):
        words |= yaml.load(file.read_bytes(), yaml.CSafeLoader) or {}
    return words
