"""The classes that detectors learn, declared once: everything that names one follows from here.

To add a class, append an entry with the next id and name it in a source (`declared/sources.py`).
Recipes, quotas, label files, reports, pictures and the Korean texts take it from this list.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class DetectionClass:
    """One class. An id that a model was trained with keeps its meaning for good."""

    id: int
    """Number in label files and models; ids count from 0 without a gap."""
    name: str
    korean: str
    """What Korean documents call it."""
    colour: str
    """Of charts and of boxes on images, as ``#rrggbb``."""
    shows: Literal["head", "body", "thing"]
    """What a box encloses. Two classes of heads are states of the same head, so one excludes the
    other; two of bodies may be the same person (`instead_of` says which of them is labelled); a
    thing says nothing about other boxes."""
    aihub: str = ""
    """Code in AI Hub's label files."""
    instead_of: str = ""
    """Class that this one is labelled in place of, where both would enclose the same object. Not
    so the other way round: a source that does not know this class labels that one for it."""
    typed: tuple[str, ...] = ()
    """What people type for it on the command line, besides its names."""


WITH_HELMET, WITHOUT_HELMET = "person_with_helmet", "person_without_helmet"
PERSON = "person"

CLASSES: tuple[DetectionClass, ...] = (
    DetectionClass(
        0,
        WITH_HELMET,
        "안전모 착용",
        "#0b7285",
        "head",
        aihub="07",
        typed=("with_helmet", "helmet", "착용", "안전모"),
    ),
    DetectionClass(
        1,
        WITHOUT_HELMET,
        "안전모 미착용",
        "#e8590c",
        "head",
        aihub="08",
        typed=("without_helmet", "no_helmet", "head", "미착용"),
    ),
    DetectionClass(2, PERSON, "사람", "#5f3dc4", "body", typed=("people", "작업자")),
    DetectionClass(
        3,
        "fallen",
        "쓰러진 사람",
        "#c92a2a",
        "body",
        instead_of=PERSON,
        typed=("fall", "쓰러짐", "넘어짐"),
    ),
)
"""In the order of their ids. Only ever append: label files and models hold the ids."""

NEAR, SHORTEST = 0.8, 5
"""Share of equal letters (difflib) from which a typed class is taken for a slip of a name that has
so many letters at least."""
BACKGROUND = "background"
"""Stands for images without a label."""


def checked(classes: Sequence[DetectionClass]) -> Sequence[DetectionClass]:
    """Return `classes`; raise ValueError where ids have a gap, or a name or code stands twice."""
    ids = [c.id for c in classes]
    if ids != list(range(len(ids))):
        raise ValueError(f"hoban_assets/classes.py: ids must be 0, 1, 2, ... in order, not {ids}")
    taken = [BACKGROUND, *(w for c in classes for w in (c.name, c.aihub, *c.typed) if w)]
    twice = sorted({word for word in taken if taken.count(word) > 1})
    if twice:
        raise ValueError(f"hoban_assets/classes.py: declared twice: {', '.join(twice)}")
    return classes


CLASS_NAMES: tuple[str, ...] = tuple(c.name for c in checked(CLASSES))
"""Class names in the order of their ids, always (id 0 first)."""
CLASS_IDS: dict[str, int] = {c.name: c.id for c in CLASSES}
HEADS = frozenset(c.name for c in CLASSES if c.shows == "head")
BODIES = frozenset(c.name for c in CLASSES if c.shows == "body")
BODY_OF: dict[str, str] = {c.name: PERSON for c in CLASSES if c.shows == "head"}
"""Class of a head -> class of the body that it belongs to: a body has one head, at its top."""
INSTEAD_OF: dict[str, str] = {c.name: c.instead_of for c in CLASSES if c.instead_of}
"""Who is labelled as the key is not labelled as the value: a fallen person is `fallen` alone."""
COLOURS: dict[str, str] = {c.name: c.colour for c in CLASSES} | {BACKGROUND: "#6b7280"}
KOREAN_NAMES: dict[str, str] = {c.name: c.korean for c in CLASSES} | {BACKGROUND: "배경(객체 없음)"}
AIHUB_CLASSES: dict[str, str] = {c.aihub: c.name for c in CLASSES if c.aihub}
"""Code of AI Hub to the class that it means."""


TYPED_NAMES: dict[str, str] = {c.name: c.korean for c in CLASSES} | {BACKGROUND: "배경"}
"""Class to the Korean name by which the command line takes it."""
TYPED: dict[str, str] = {word: c.name for c in CLASSES for word in c.typed} | {"배경": BACKGROUND}
"""What people type for a class on the command line, besides its names."""


def exclude_each_other(one: str, other: str) -> bool:
    """Tell whether an object can be of one of two classes only, whatever its source labels."""
    return one != other and {one, other} <= HEADS


def rules_out(labelled: str, other: str) -> bool:
    """Tell whether an object that is labelled as one class is certainly not of another one.

    So whoever labelled the photograph: a head with a helmet is none without, and who is labelled
    as fallen is no `person`; but a labelled `person` may have fallen where no source says so.
    """
    return exclude_each_other(labelled, other) or INSTEAD_OF.get(labelled) == other


def same_object(one: str, other: str) -> bool:
    """Tell whether boxes of two classes at one place enclose one object: one head, or one body."""
    return one != other and ({one, other} <= HEADS or {one, other} <= BODIES)


def class_meant(text: str) -> str:
    """Return the class that a name (English or Korean), an id or an AI Hub code (07, 08) means.

    For what a person types: a slip of a letter is taken for what it is nearest to, and what means
    none is returned as it is. Names in data are asked of `class_called`.
    """
    word = _plain(text)
    known = {str(c.id): c.name for c in CLASSES} | AIHUB_CLASSES | TYPED
    known |= {_plain(name): c.name for c in CLASSES for name in (c.name, c.korean)}
    long_ = [name for name in known if len(name) >= SHORTEST]
    near = difflib.get_close_matches(word, long_, n=1, cutoff=NEAR)
    return known.get(word) or (known[near[0]] if near else word)


def class_called(name: str, *, code: bool = False) -> str | None:
    """Return the class whose English or Korean name this is (case, spaces and '-' apart), if any.

    For names in data: neither an id nor a word that is spelt nearly so says what was labelled
    ('no person' is not 'person', the class 0 of a foreign set is not ours). With `code` AI Hub's
    codes are names, too.
    """
    called = {_plain(each): c.name for c in CLASSES for each in (c.name, c.korean)}
    return (called | AIHUB_CLASSES if code else called).get(_plain(name))


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip().lower())
