"""A step whose own process was killed: Dagster says by which signal, and not why or what to do."""

from __future__ import annotations

import re
from typing import Any

from hoban_assets.errors import NO_MEMORY

_CRASH = "ChildProcessCrashException"
_SIGNAL = re.compile(r"signal \d+ \((\w+)\)")
KILLED = "its process was killed{by}; the usual reason is that memory ran out"


def killed_text(event: Any) -> str | None:
    """What is wrong and the way out, of a Dagster event that tells such an end; None: another one.

    Dagster tells it twice, as an event of the engine, which names the signal, and as a failed step.
    """
    data = event.event_specific_data
    error = getattr(data, "error", None)
    if error is None or error.cls_name != _CRASH:
        return None
    found = _SIGNAL.search(event.message or "")
    by = f" by {found[1]}" if found else ""
    return f"{KILLED.format(by=by)} -> {NO_MEMORY}"
