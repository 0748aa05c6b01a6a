"""The four classes: their ids, how people name them, how pictures colour them."""

from __future__ import annotations

CLASS_NAMES: tuple[str, ...] = (
    "person_with_helmet",
    "person_without_helmet",
    "person",
    "fallen",
)
"""Class names in the order of their ids, always (id 0 first)."""

CLASS_IDS: dict[str, int] = {name: index for index, name in enumerate(CLASS_NAMES)}

BACKGROUND = "background"
"""Stands for images without a label."""

COLOURS = dict(
    zip(
        (*CLASS_NAMES, BACKGROUND),
        ("#0b7285", "#e8590c", "#5f3dc4", "#c92a2a", "#6b7280"),
        strict=True,
    )
)
"""Of charts and of boxes on photographs."""

_AIHUB_CODES = {"07": CLASS_NAMES[0], "08": CLASS_NAMES[1]}


def class_meant(text: str) -> str:
    """Return the class that a name, an id (0-3) or an AI Hub code (07, 08) means.

    What means none of them is returned as it is.
    """
    word = text.strip()
    ids = {str(number): name for number, name in enumerate(CLASS_NAMES)}
    return (ids | _AIHUB_CODES).get(word, word.lower().replace("-", "_").replace(" ", "_"))
