"""Words of documents in Korean or English. English is the key: ``say("Never built")``.

Each report has its Korean words in a file of its own, ``korean/<report>.yaml``, a flat mapping
from the English text to the Korean one. gettext would do the same with files that must be
compiled; a test sees to it that no text lacks its translation.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

from hoban_assets.classes import KOREAN_NAMES
from hoban_assets.package_yaml import content_of
from hoban_assets.rules import korean_words
from hoban_assets.saying import Say as Say
from hoban_assets.visible import in_line

KOREAN = Path(__file__).parent / "reporting" / "korean"
STORED = ("graph.yaml", "build.yaml", "evaluation.yaml")
"""Files with the words of texts that are stored in English: what checks have found."""
_FIELD = re.compile(r"\{(\w+)\}")
_LED = re.compile(r"(.+?: |[\d,.]+ )(.+)", re.S)
_JOINTS = ("; ", ". ", ", ")


def speaker(language: str) -> Say:
    """Return ``say(text, **values)``: the text in 'ko' or 'en', its {fields} filled in.

    A text without a translation is said in English.
    """
    if language != "ko":
        return plain
    words = korean()

    def say(text: str, /, **values: object) -> str:
        return plain(words.get(text, text), **values)

    return say


def plain(text: str, /, **values: object) -> str:
    """Return the English text with its {fields} filled in; a name in one stays in its line."""
    return text.format(**{name: in_line(v) for name, v in values.items()}) if values else text


@functools.cache
def korean() -> Mapping[str, str]:
    """All translations. The same English text means the same in every report."""
    words = KOREAN_NAMES | korean_words()
    for file in sorted(KOREAN.glob("*.yaml")):
        words |= content_of(file) or {}
    return words


def retold(text: str, say: Say) -> str:
    """An English text that was stored (of a check, say) in the words of its reader.

    It is taken apart into the templates that it was made from, joined by "; ", ". " or ", "; what
    is none of them (a file, a name) stays as it is.
    """
    if say is plain:
        return text
    told, at = list[str](), 0
    while at < len(text):
        part, end = _part(text, at, say)
        joint = next((j for j in _JOINTS if text.startswith(j, end)), "")
        told += [part, joint]
        at = end + len(joint)
    return "".join(told)


def _part(text: str, start: int, say: Say) -> tuple[str, int]:
    """The longest template that a text has at `start`, retold, and where it ends."""
    for template in _stored():
        if found := template.match(text, start):
            fields = {name: retold(value, say) for name, value in found.groupdict().items()}
            return say(template.text, **fields), found.end()
    ends = [place for joint in _JOINTS if (place := text.find(joint, start)) >= 0]
    end = min(ends, default=len(text))
    if found := _LED.fullmatch(text[start:end]):  # 'site: 21 boxes', '21 boxes'
        return found[1] + retold(found[2], say), end
    word = text[start:end]
    return (say(word) if word in korean() else word), end


@functools.cache
def _stored() -> tuple[Template, ...]:
    """English templates, the one with most words of its own first."""
    templates: set[str] = set()
    for name in STORED:
        templates |= content_of(KOREAN / name).keys()
    longest = sorted(templates, key=lambda t: (-len(_FIELD.sub("", t)), t))
    return tuple(
        Template(t, r"(?:(?!: )[^;])+?", r"[^;]+", r"(?=; |\. |, |$)")
        for t in longest
        if _FIELD.sub("", t).strip(" :;,.()")
    )


class Template:
    """An English text with {fields}, found in texts that were made from it."""

    def __init__(self, text: str, field: str, last: str | None = None, end: str = r"\Z") -> None:
        """Take patterns: of what a `field` holds, of one with which it ends, of what follows."""
        self.text, self._field, self._last, self._end = text, field, last or field, end
        self._parts = _FIELD.split(text)

    def match(self, told: str, start: int = 0) -> re.Match[str] | None:
        """Match it at `start` of a text.

        Its pattern is made, which takes longest, only where all its own words stand in the text.
        """
        if any(told.find(own, start) < 0 for own in self._parts[::2]):
            return None
        return self._pattern.match(told, start)

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern, seen, parts = "", set[str](), self._parts
        for number, part in enumerate(parts):
            ends = number == len(parts) - 2 and not parts[-1]
            if number % 2 == 0:
                pattern += re.escape(part)
            else:
                held = self._last if ends else self._field
                pattern += f"(?P={part})" if part in seen else f"(?P<{part}>{held})"
                seen.add(part)
        return re.compile(pattern + self._end, re.S)
