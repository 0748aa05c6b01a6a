"""The type of what says an English text in the language of its reader."""

from __future__ import annotations

from typing import Protocol


class Say(Protocol):
    """Says an English text in the language of the user, its {fields} filled in."""

    def __call__(self, text: str, /, **values: object) -> str:
        """Say it."""
        ...
