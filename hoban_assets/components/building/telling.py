"""What a run of Dagster says, in the words of somebody who does not know Dagster. Pure."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hoban_assets.components.killed_steps import killed_text
from hoban_assets.curation.checks import DESCRIPTIONS
from hoban_assets.language import Say, plain
from hoban_assets.pipeline.progress import progress_of
from hoban_assets.reporting.journal.steps import is_interruption
from hoban_assets.reporting.metadata import in_english
from hoban_assets.reporting.translating import progress_said
from hoban_assets.units import duration

if TYPE_CHECKING:
    import dagster as dg

_OF_DAGSTER = ("[pipes]", "Dependencies for step ")
"""How lines begin that Dagster logs under the name of a step."""
_IN_A_CHILD = re.compile(r"In process \d+: (?:[\w.]+\.)?(\w+: .+)")
"""How Dagster tells of a process that could not even begin its step."""
BEGUN, PROGRESS, WARNING, DONE, FAILED = "begun", "progress", "warning", "done", "failed"
STOPPING = "stopping"
INTERRUPTED = "steps_interrupted"
"""Key that Dagster gives the event of Ctrl-C, before it waits for the steps to end."""

LONG = 5
"""Lines from which on a message is told by its first and its last."""


@dataclass(frozen=True)
class Told:
    """One line: which asset, and what of it."""

    kind: str
    """BEGUN, PROGRESS, WARNING, DONE, FAILED or STOPPING."""
    asset: str
    text: str = ""


def told(entry: dg.EventLogEntry, say: Say) -> Told | None:
    """Return what one entry of the event log says to a reader; None: nothing.

    Entries below INFO are Dagster's own, or output of workers that their messages repeat; that of
    a check comes as an event too. Of a step that was interrupted, the command tells how to go on.
    """
    event = entry.dagster_event
    if event is None:
        said_by = entry.user_message.partition(":")[0]
        is_low = int(entry.level) < logging.INFO
        is_dagster = entry.user_message.startswith(_OF_DAGSTER)
        if is_low or is_dagster or not entry.step_key or said_by in DESCRIPTIONS:
            return None
        line = in_one_line(entry.user_message)
        return Told(PROGRESS, _name(entry.step_key), progress_text(line, say))
    step = _name(event.step_key or "")
    match event.event_type_value:
        case "STEP_START":
            return Told(BEGUN, step, say("begins"))
        case "ASSET_CHECK_EVALUATION":
            check: Any = event.event_specific_data
            if check.passed or check.severity.name == "ERROR":
                return None  # one that blocks is told by the failure of its step
            return Told(WARNING, step, f"{check.check_name}: {check.description}")
        case "ASSET_MATERIALIZATION":
            return Told(DONE, step, done_text(_metadata(event), say))
        case "STEP_FAILURE" if not is_interruption(event.event_specific_data):
            return Told(FAILED, step, failure_text(event))
        case "ENGINE_EVENT" if INTERRUPTED in getattr(event.event_specific_data, "metadata", {}):
            return Told(STOPPING, "", say("Stopping: one moment, please."))
        case "PIPELINE_FAILURE" if _is_of_dagster(event.event_specific_data):
            return Told(FAILED, "dagster", failure_text(event))
    return None


def _is_of_dagster(failure: Any) -> bool:
    """Whether a run failed by itself, and not because one of its steps did or was stopped."""
    is_of_a_step = failure.first_step_failure_event is not None
    return failure.error is not None and not is_of_a_step and not is_interruption(failure)


def in_one_line(message: str) -> str:
    """First and last line of a long message, as of a traceback: the log file has it whole."""
    lines = message.strip().splitlines()
    return message if len(lines) < LONG else f"{lines[0]} … {lines[-1].strip()}"


def progress_text(line: str, say: Say) -> str:
    """A line of a step's log; counts with rate and time left in the reader's words."""
    found = progress_of(line)
    if found is None:
        return line if say is plain else progress_said(line, "ko")
    return say(
        "{what}: {done} of {of}, {rate}/s, {left} left",
        what=say(found.what),
        done=f"{found.done:,}",
        of=f"{found.of:,}",
        rate=f"{found.rate:,}",
        left=duration(found.seconds_left, say),
    )


def done_text(metadata: Mapping[str, Any], say: Say) -> str:
    """What a materialisation holds: of rows how many, of a model how good it is."""
    if "mAP50" in metadata:
        return say(
            "mAP50 {value} after {epochs} epochs",
            value=f"{metadata['mAP50']:.3f}",
            epochs=metadata.get("epochs", "?"),
        )
    if "images" not in metadata:
        return ""
    parts = [
        say("{n} images", n=f"{metadata['images']:,}"),
        say("{n} boxes", n=f"{metadata['boxes']:,}"),
        say("{n} ignore regions", n=f"{metadata.get('ignore_regions', 0):,}"),
    ]
    text = ", ".join(parts)
    return f"{text} ({say('unchanged: nothing was read')})" if "unchanged" in metadata else text


def failure_text(event: dg.DagsterEvent) -> str:
    """First line of why a step failed, as the project or the library says it."""
    if why := killed_text(event):
        return why
    failure: Any = event.event_specific_data
    user, error = getattr(failure, "user_failure_data", None), failure.error
    if error is not None and (inner := _IN_A_CHILD.search(error.message)):
        return inner[1]
    text = (user and user.description) or ""
    while not text and error is not None:
        text, error = error.message.strip() if error.cause is None else "", error.cause
    return text.splitlines()[0] if text else "?"


def waiting_text(claim: Any, holder: Any, now: datetime, say: Say) -> str:
    """What a step waits for: who holds the slot, and since when."""
    if holder is None:
        return say("waits for a slot of {pool}", pool=claim.pool)
    since: timedelta = now - (holder.since or now)
    return say(
        "waits: {asset} [{partition}] holds the {pool}: run {run}, for {time} (hoban unlock says "
        "more)",
        asset=_name(holder.step),
        partition=holder.partition or "-",
        pool=claim.pool.upper(),
        run=holder.run_id[:8],
        time=duration(since.total_seconds(), say),
    )


def _name(step: str) -> str:
    return step.replace("__", "/")


def _metadata(event: dg.DagsterEvent) -> dict[str, Any]:
    found = event.step_materialization_data.materialization.metadata
    return {key: getattr(value, "value", value) for key, value in in_english(found).items()}
