"""A journal's days as Markdown, in Korean or English. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from hoban_assets.language import Say, retold
from hoban_assets.reporting.journal.build_text import (
    SHORT,
    build_lines,
    counts,
    duration,
    model_line,
)
from hoban_assets.reporting.journal.entries import (
    CheckEntry,
    Day,
    Run,
    Step,
)
from hoban_assets.reporting.journal.summary import summarise
from hoban_assets.reporting.journal.summary_text import (
    RUN_WORDS,
    STEP_WORDS,
    digest,
    one_line,
    summary_lines,
    waited,
)

TOP_TARGETS = 3
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LAUNCHED: Mapping[str, str] = {
    "CLI": "started on the command line",
    "UI": "started in the Dagster UI",
    "schedule": "started by schedule {name}",
    "sensor": "started by sensor {name}",
    "backfill": "started by backfill {name}",
    "automation": "started by automation {name}",
}


def day_markdown(day: Day, say: Say, now: datetime, level: int = 1) -> str:
    """Return one day: a heading of this level, hours, runs, and the summary at the end."""
    summary = summarise(day, now)
    mark = "#" * level
    lines = [f"{mark} {_title(day, say)}", "", "; ".join(digest(summary, say)), ""]
    for hour, runs in day.hours().items():
        head = say("Since an earlier day") if hour is None else say("{hour}:00", hour=f"{hour:02}")
        lines += [f"{mark}# {head}", ""]
        for run in runs:
            lines += [f"{mark}## {_run_title(run, day, say, now)}", "", *_run(run, say), ""]
    lines += [f"{mark}# {say('The day in numbers')}", "", *summary_lines(summary, say), ""]
    return "\n".join(lines)


def _title(day: Day, say: Say) -> str:
    weekday = say(_WEEKDAYS[day.date.weekday()])
    return say("Development journal {day} ({weekday})", day=day.date.isoformat(), weekday=weekday)


def _run_title(run: Run, day: Day, say: Say, now: datetime) -> str:
    when = run.started.strftime("%H:%M" if run.started >= day.start else "%m-%d %H:%M")
    parts = [f"{when} {_what(run, say)}", say(RUN_WORDS[run.status])]
    if run.status not in ("queued", "forgotten"):
        parts.append(duration(run.seconds(now), say))
    if run.ended and run.ended >= day.end:
        parts.append(say("until {when}", when=run.ended.strftime("%m-%d %H:%M")))
    return " · ".join(parts)


def _what(run: Run, say: Say) -> str:
    names = run.targets or tuple(step.name for step in run.steps) or (say("a run"),)
    shown = ", ".join(names[:TOP_TARGETS])
    if more := len(names) - TOP_TARGETS:
        shown = say("{names} and {n} more", names=shown, n=more) if more > 0 else shown
    return f"{shown} [{run.partition}]" if run.partition else shown


def _run(run: Run, say: Say) -> Iterator[str]:
    if run.command:
        yield f"`{run.command}`"
        yield ""
    known = run.status != "forgotten"
    told = [say(LAUNCHED[run.launched_by], name=run.launcher).strip()] if known else []
    told += [say("by {user}", user=run.user)] if run.user else []
    told += [say("repeats run {run}", run=run.again[:SHORT])] if run.again else []
    told += [say("run {run}", run=run.run_id[:SHORT])] if run.run_id else []
    if told:
        yield ", ".join(told)
        yield ""
    yield from _ending(run, say)
    for step in run.steps:
        yield from _step(step, say)


def _ending(run: Run, say: Say) -> Iterator[str]:
    text = None
    if run.status == "killed":
        when = run.ended.strftime("%H:%M:%S") if run.ended else "-"
        text = say(
            "The process of this run was killed; its last sign of life was at {when}.", when=when
        )
    elif run.status == "cancelled":
        text = say("Somebody stopped this run.")
    elif run.status == "forgotten":
        text = say("Dagster has no record of this run any more; this is what the catalog holds.")
    elif run.status == "queued":
        text = say("This run has not begun.")
    elif run.reason:
        text = say("Reason: {reason}", reason=one_line(run.reason))
    if text:
        yield f"> {text}"
        if run.way_out and run.status == "failed":
            yield f"> {say('Way out: {way_out}', way_out=one_line(run.way_out))}"
        yield ""


def _step(step: Step, say: Say) -> Iterator[str]:
    parts = [f"**{step.name}**", _outcome(step, say)]
    if step.seconds is not None:
        parts.append(duration(step.seconds, say))
    if step.status == "unchanged" and step.build:
        parts.append(counts(step.build, say, with_input=False))
    yield f"- {' · '.join(p for p in parts if p)}"
    if step.waits_for:
        yield f"  - {waited(step, say)}"
    if step.last_words:
        yield f"  - {say('Last words: {words}', words=one_line(step.last_words))}"
    if step.status == "failed" and step.reason:
        yield f"  - {say('Reason: {reason}', reason=one_line(step.reason))}"
        if step.way_out:
            yield f"  - {say('Way out: {way_out}', way_out=one_line(step.way_out))}"
    if step.status == "unchanged":  # its warnings were told when it was built
        if step.build and step.build.model:
            yield f"  - {model_line(step.build.model, say)}"
        return
    checks = step.build.checks if step.build and step.build.checks else step.checks
    lines = (*_made(step, say), *_checks(checks, say))
    yield from (f"  - {line}" for line in lines)


def _outcome(step: Step, say: Say) -> str:
    if step.status != "unchanged":
        return say(STEP_WORDS[step.status])
    if step.build and step.build.model:
        return say("unchanged: not trained again")
    return say("unchanged: nothing was read")


def _made(step: Step, say: Say) -> Iterator[str]:
    if step.build:
        yield from build_lines(step.build, say)
    elif step.path:
        yield say("Where: {path}", path=f"`{step.path}`")


def _checks(checks: Sequence[CheckEntry], say: Say) -> Iterator[str]:
    if not checks:
        return
    bad = [check for check in checks if not check.passed]
    yield say("Checks: {passed} of {all} passed", passed=len(checks) - len(bad), all=len(checks))
    for check in bad:
        kind = say("check failed") if check.blocking else say("warning")
        yield f"⚠ {kind} `{check.name}`: {one_line(retold(check.text, say))}"
