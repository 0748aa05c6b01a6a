"""The summary of a journal's day as Markdown, and the words for outcomes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hoban_assets.howto import build
from hoban_assets.language import Say
from hoban_assets.reporting.journal.build_text import (
    duration,
    figure,
    many,
)
from hoban_assets.reporting.journal.entries import RunStatus, Step
from hoban_assets.reporting.journal.summary import Outcome, Summary, map50_of
from hoban_assets.reporting.markdown import markdown_rows

RUN_WORDS: Mapping[RunStatus, str] = {
    "success": "succeeded",
    "failed": "**failed**",
    "cancelled": "cancelled",
    "killed": "**killed**",
    "running": "in progress",
    "queued": "waiting to start",
    "forgotten": "no record in Dagster",
}
STEP_WORDS: Mapping[str, str] = {
    "built": "built",
    "unchanged": "unchanged",
    "observed": "observed",
    "done": "done",
    "running": "in progress",
    "waiting": "waiting",
    "failed": "**failed**",
    "cancelled": "cancelled",
    "killed": "**killed**",
    "not_run": "not run",
}


def digest(summary: Summary, say: Say) -> Iterator[str]:
    """Yield the parts of one line that says what a day was."""
    total = sum(summary.runs.values())
    each = ", ".join(f"{say(RUN_WORDS[s]).strip('*')} {n}" for s, n in summary.runs.items())
    yield f"{many(total, 'run', say)} ({each})"
    yield say("{n} built", n=summary.steps.get("built", 0))
    if n := summary.steps.get("unchanged"):
        yield say("{n} unchanged", n=n)
    if summary.best:
        yield say("best model {model}", model=_best(summary.best))
    if n := len(summary.left_failed):
        yield say("**{n} failed or unfinished**", n=n)


def summary_lines(summary: Summary, say: Say) -> Iterator[str]:
    """Yield the lines of the summary: numbers, a table of all assets, what was not finished."""
    for line in digest(summary, say):
        yield f"- {line}"
    yield f"- {say('time at work: {time}', time=duration(summary.busy_seconds, say))}"
    if n := len(summary.warnings):
        yield f"- {say('{n} checks failed or warned', n=n)}"
    if summary.outcomes:
        yield ""
        rows = [_row(o, say) for o in summary.outcomes]
        used = [k for k in rows[0] if any(row[k] is not None for row in rows)]
        yield markdown_rows(rows, {key: key for key in used})
    if summary.left_failed:
        yield ""
        yield f"**{say('Failed or unfinished at the end of the day')}**"
        yield ""
        for left in summary.left_failed:
            yield f"- {_name(left)}: {'. '.join(_why(left, say))}"


def _why(left: Outcome, say: Say) -> Iterator[str]:
    step, run = left.step, left.run
    if step.waits_for:
        yield waited(step, say)
    elif reason := step.reason or run.reason:
        yield one_line(reason)
    else:
        yield say(STEP_WORDS[step.status]).strip("*")
    if way_out := step.way_out or (None if step.waits_for else run.way_out):
        yield say("Way out: {way_out}", way_out=one_line(way_out))
    elif step.status in ("killed", "cancelled"):
        yield say("Way out: {way_out}", way_out=f"`{build(left.asset, partition=left.partition)}`")


def _row(outcome: Outcome, say: Say) -> dict[str, object]:
    step, build = outcome.step, outcome.step.build
    when = step.ended or step.started
    return {
        say("time"): when.strftime("%H:%M") if when else None,
        say("asset"): step.name,
        say("partition"): outcome.partition,
        say("outcome"): say(STEP_WORDS[step.status]),
        say("images"): build.images if build else None,
        say("boxes"): build.boxes if build else None,
        "mAP50": map50_of(step),
        say("took"): duration(step.seconds, say) if step.seconds is not None else None,
    }


def _best(best: Outcome) -> str:
    model = best.step.build.model if best.step.build else None
    if model is None:
        return _name(best)
    return f"{_name(best)} mAP50 {figure(model.map50)} / mAP50-95 {figure(model.map50_95)}"


def _name(outcome: Outcome) -> str:
    return f"{outcome.asset} [{outcome.partition}]" if outcome.partition else outcome.asset


def waited(step: Step, say: Say) -> str:
    """Say what a step that was not run has waited for."""
    return say("waited for {names}, which did not succeed", names=", ".join(step.waits_for))


def one_line(text: str) -> str:
    """Join the lines of a text."""
    return " ".join(text.split())
