"""Words of documents in Korean or English. English is the key: ``say("Never built")``.

Each report has its Korean words in a file of its own, ``korean/<report>.yaml``, a flat mapping
from the English text to the Korean one. gettext would do the same with files that must be
compiled; a test sees to it that no text lacks its translation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from hoban_assets.classes import KOREAN_NAMES

KOREAN = Path(__file__).with_name("korean")


def speaker(language: str) -> Callable[..., str]:
    """Return ``say(text, **values)``: the text in 'ko' or 'en', its {fields} filled in.

    A text without a translation is said in English.
    """
    words: Mapping[str, str] = korean() if language == "ko" else {}

    def say(text: str, **values: object) -> str:
        found = words.get(text, text)
        return found.format(**values) if values else found

    return say


@functools.cache
def korean() -> Mapping[str, str]:
    """All translations. The same English text means the same in every report."""
    words = dict(KOREAN_NAMES)
    for file in sorted(KOREAN.glob("*.yaml")):
        words |= yaml.load(file.read_bytes(), yaml.CSafeLoader) or {}
    return words
