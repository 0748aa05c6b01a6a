"""What became of each correction, as `hoban corrections` lists it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hoban_assets.catalog.asked import Ask
from hoban_assets.corrections.rows import Correction
from hoban_assets.corrections.standing import Standing

STATES = ("waiting", "applied", "conflict", "overruled", "undone", "undo")
"""Not built yet; in a current build; reported by one and not applied; a later word on the picture
stands; taken back; itself the taking back of another row."""


def states(log: Standing, decided: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Id of each row of the log -> one of `STATES`; `decided` are rows of `DECIDED`."""
    by = {action: {r["start"] for r in decided if r["action"] == action} for action in ACTIONS}

    def of(row: Correction) -> str:
        if row.id in log.undone:
            return "undone"
        if row.kind == "undo":
            return "undo"
        if row.id in log.overruled:
            return "overruled"
        if row.id[:8] in by["review"]:
            return "conflict"
        return "applied" if row.id[:8] in by["correct"] else "waiting"

    return {row.id: of(row) for row in log.rows}


def decided(ask: Ask) -> list[dict[str, Any]]:
    """Starts of the ids of corrections that current builds have decided on, with the action."""
    return ask(DECIDED)


ACTIONS = ("correct", "review")
DECIDED = """
SELECT DISTINCT action, regexp_extract(value, '([0-9a-f]{8})[)]?$', 1) AS start
FROM decisions WHERE stage = 'corrections'
"""
