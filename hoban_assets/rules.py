"""The rules by which rows and images are repaired, left out or merged: names, actions, words.

`rules.yaml` declares each of them once, in both languages; a test sees to it that no module
decides by a rule that is not there.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.package_yaml import content_of
from hoban_assets.saying import Say


@dataclass(frozen=True)
class Rule:
    """What a rule decides, and its words."""

    name: str
    actions: tuple[str, ...] = ()
    """'drop', 'ignore', 'repair', 'merge', 'add', 'correct' or 'review'; none: see `rules.yaml`."""
    overruled: bool = False
    """Whether a picture that it took stays where a person has said what is on it."""
    defect: str = ""
    """'row' or 'image', where what it drops could not be used; see `rules.yaml`."""
    short: str = ""
    short_ko: str = ""
    meaning: str = ""
    meaning_ko: str = ""


@functools.cache
def rules() -> Mapping[str, Rule]:
    """All rules by name."""
    declared = content_of(Path(__file__).with_suffix(".yaml"))
    return {
        name: Rule(name, **{**fields, "actions": tuple(fields.get("actions", ()))})
        for name, fields in declared.items()
    }


def defects(of: str) -> frozenset[str]:
    """Rules that drop a 'row' or an 'image' because it could not be used."""
    return frozenset(name for name, rule in rules().items() if rule.defect == of)


def korean_words() -> dict[str, str]:
    """English text to Korean text, of all rules."""
    words = {rule.short: rule.short_ko for rule in rules().values()}
    return words | {rule.meaning: rule.meaning_ko for rule in rules().values()}


def meaning(rule: str, say: Say, unknown: str = "-") -> str:
    """What a rule means and what was done, in sentences; `unknown` of a rule that is not known."""
    found = rules().get(rule)
    return say(found.meaning) if found and found.meaning else unknown


def short(rule: str, say: Say) -> str:
    """What a rule means, as a clause without a full stop; its name where it is not known."""
    found = rules().get(rule)
    if found and found.short:
        return say(found.short)
    return meaning(rule, say, rule).split(". ")[0].rstrip(".")
