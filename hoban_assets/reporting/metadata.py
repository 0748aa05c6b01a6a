"""Names of metadata in the words of their reader, and back.

Dagster shows a name as it was recorded, so it is recorded in the language of the one who builds.
What code reads of an event is asked for by its English name, whichever language recorded it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TypeVar

from hoban_assets.classes import KOREAN_NAMES
from hoban_assets.language import KOREAN, Say, plain
from hoban_assets.package_yaml import content_of

Value = TypeVar("Value")


def in_words(metadata: Mapping[str, Value], say: Say) -> dict[str, Value]:
    """The same values by names in the reader's words: 'boxes/person' is '박스/사람'.

    A part of a name between slashes that is nobody's word (a model, a file) stays as it is.
    """
    if say is plain:
        return dict(metadata)
    return {_each_part(name, _korean()): value for name, value in metadata.items()}


def in_english(metadata: Mapping[str, Value]) -> dict[str, Value]:
    """The same values by their English names, in whichever language they were recorded."""
    return {_each_part(name, _english()): value for name, value in metadata.items()}


def in_order(metadata: Mapping[str, Value]) -> dict[str, Value]:
    """The same in the order of the file of names: what says most of an asset comes first."""
    place = {name: number for number, name in enumerate(_korean())}

    def key(name: str) -> int:
        return place.get(name, place.get(name.partition("/")[0], len(place)))

    return {name: metadata[name] for name in sorted(metadata, key=key)}


def _each_part(name: str, words: Mapping[str, str]) -> str:
    if name in words:
        return words[name]
    return "/".join(words.get(part, part) for part in name.split("/"))


@functools.cache
def _korean() -> Mapping[str, str]:
    names = content_of(KOREAN / "metadata.yaml")
    return {**names, **KOREAN_NAMES}


@functools.cache
def _english() -> Mapping[str, str]:
    return {korean: english for english, korean in _korean().items()}
