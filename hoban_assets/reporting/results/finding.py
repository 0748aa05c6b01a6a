"""A sentence on a model's results, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hoban_assets.language import Say

Level = Literal["bad", "warn", "good", "info"]


@dataclass(frozen=True)
class Finding:
    """A sentence (English, the key of its translation) and what to do; `values` fill both."""

    level: Level
    text: str
    remedies: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: int = 0
    """Misses, false alarms and mix-ups of validation that it explains; one may have several
    explanations."""

    def said(self, say: Say) -> str:
        """The sentence in the language of `say`."""
        return say(self.text, **self._translated(say))

    def remedies_said(self, say: Say) -> list[str]:
        """What to do about it, each a sentence."""
        return [say(remedy, **self._translated(say)) for remedy in self.remedies]

    def _translated(self, say: Say) -> dict[str, Any]:
        """Class names are translated; their raw names stay as <key>_id, for commands.

        `listed` (class name -> text) becomes one text.
        """
        names = {k: v for k, v in self.values.items() if k in ("name", "true", "predicted")}
        ids = {f"{k}_id": v for k, v in names.items()}
        listed = ", ".join(f"{say(k)} {v}" for k, v in self.values.get("listed", {}).items())
        return {**self.values, **{k: say(v) for k, v in names.items()}, **ids, "listed": listed}
