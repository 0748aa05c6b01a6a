"""The four classes as people name them and as pictures colour them. Imports nothing heavy."""

from __future__ import annotations

NAMES = ("person_with_helmet", "person_without_helmet", "person", "fallen")
"""In the order of their ids; a test holds them to `hoban_assets.samples.CLASS_NAMES`."""

BACKGROUND = "background"
"""Stands for images without a label."""

COLOURS = dict(
    zip((*NAMES, BACKGROUND), ("#0b7285", "#e8590c", "#5f3dc4", "#c92a2a", "#6b7280"), strict=True)
)
"""As in the charts (reporting/composition.py)."""

_AIHUB_CODES = {"07": NAMES[0], "08": NAMES[1]}


def class_meant(text: str) -> str:
    """Return the class that a name, an id (0-3) or an AI Hub code (07, 08) means.

    What means none of them is returned as it is.
    """
    word = text.strip()
    ids = {str(number): name for number, name in enumerate(NAMES)}
    return (ids | _AIHUB_CODES).get(word, word.lower().replace("-", "_").replace(" ", "_"))
