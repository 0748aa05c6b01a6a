"""What differs between two recipes, or between any two nested JSON objects, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One field that differs."""

    field: str
    """Dotted path, for instance ``area.person.least``."""
    before: Any
    """None: the field was not there."""
    after: Any
    """None: the field is not there any more."""

    def __str__(self) -> str:
        """``quota.sub: 3000 -> 2000``."""
        return f"{self.field}: {shown(self.before)} -> {shown(self.after)}"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the fields that differ, in the order of `before`, then those that are only in `after`.

    Objects are compared field by field, lists as wholes (their order matters: it is the keep
    order of sources). An absent field equals one that is null.
    """
    old, new = _flat(before), _flat(after)
    return [
        Change(name, old.get(name), new.get(name))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]


def shown(value: Any) -> str:
    """A value of a recipe as text: lists joined by commas, '-' for none."""
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(shown(v) for v in value) or "(none)"
    if isinstance(value, Mapping):
        return " / ".join(f"{k} {shown(v)}" for k, v in value.items())
    if isinstance(value, bool):
        return json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            fields |= _flat(item, f"{prefix}{key}.")
        elif item is not None:
            fields[f"{prefix}{key}"] = list(item) if isinstance(item, tuple) else item
    return fields
