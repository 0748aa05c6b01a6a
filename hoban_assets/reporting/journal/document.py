"""A journal's days as documents, in Korean or English. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from hoban_assets.howto import build
from hoban_assets.language import Say, retold
from hoban_assets.reporting.blocks import (
    Block,
    Bullets,
    Finding,
    Heading,
    Item,
    Paragraph,
    table,
    without_empty_columns,
)
from hoban_assets.reporting.journal.build_text import (
    SHORT,
    build_lines,
    counts,
    figure,
    many,
    model_line,
)
from hoban_assets.reporting.journal.entries import CheckEntry, Day, Run, RunStatus, Step
from hoban_assets.reporting.journal.summary import Outcome, Summary, map50_of, summarise
from hoban_assets.units import duration

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


def journal(days: Iterable[Day], say: Say, now: datetime) -> Iterator[Block]:
    """Several days as one document, in the order given."""
    yield Heading(1, say("Development journal"))
    when = f"{now:%Y-%m-%d %H:%M}"
    yield Paragraph(say("Made {when} from Dagster's event log and the catalog.", when=when))
    for day in days:
        yield from of_day(day, say, now, level=2)


def of_day(day: Day, say: Say, now: datetime, level: int = 1) -> Iterator[Block]:
    """One day: a heading of this level, hours, runs, and the summary at the end."""
    summary = summarise(day, now)
    yield Heading(level, _title(day, say))
    yield Paragraph("; ".join(_digest(summary, say)))
    for hour, runs in day.hours().items():
        head = say("Since an earlier day") if hour is None else say("{hour}:00", hour=f"{hour:02}")
        yield Heading(level + 1, head)
        for run in runs:
            yield Heading(level + 2, _run_title(run, day, say, now))
            yield from _run(run, say)
    yield Heading(level + 1, say("The day in numbers"))
    yield from _summary(summary, say)


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


def _run(run: Run, say: Say) -> Iterator[Block]:
    if run.command:
        yield Paragraph(f"`{run.command}`")
    known = run.status != "forgotten"
    told = [say(LAUNCHED[run.launched_by], name=run.launcher).strip()] if known else []
    told += [say("by {user}", user=run.user)] if run.user else []
    told += [say("repeats run {run}", run=run.again[:SHORT])] if run.again else []
    told += [say("run {run}", run=run.run_id[:SHORT])] if run.run_id else []
    if told:
        yield Paragraph(", ".join(told))
    yield from _ending(run, say)
    if run.steps:
        yield Bullets([_step(step, say) for step in run.steps])


def _ending(run: Run, say: Say) -> Iterator[Block]:
    if run.status == "killed":
        when = run.ended.strftime("%H:%M:%S") if run.ended else "-"
        yield Finding(
            "bad",
            say(
                "The process of this run was killed; its last sign of life was at {when}.",
                when=when,
            ),
        )
    elif run.status == "cancelled":
        yield Finding("warn", say("Somebody stopped this run."))
    elif run.status == "forgotten":
        yield Finding(
            "info",
            say("Dagster has no record of this run any more; this is what the catalog holds."),
        )
    elif run.status == "queued":
        yield Finding("info", say("This run has not begun."))
    elif run.reason:
        way_out = run.way_out if run.status == "failed" else ""
        reason = say("Reason: {reason}", reason=one_line(run.reason))
        yield Finding("bad", reason, _way_out(way_out, say))


def _way_out(text: str | None, say: Say) -> list[str]:
    return [say("Way out: {way_out}", way_out=one_line(text))] if text else []


def _step(step: Step, say: Say) -> Item:
    parts = [f"**{step.name}**", _outcome(step, say)]
    if step.seconds is not None:
        parts.append(duration(step.seconds, say))
    if step.status == "unchanged" and step.build:
        parts.append(counts(step.build, say, with_input=False))
    return " · ".join(p for p in parts if p), list(_about(step, say))


def _about(step: Step, say: Say) -> Iterator[str]:
    if step.waits_for:
        yield _waited(step, say)
    if step.last_words:
        yield say("Last words: {words}", words=one_line(step.last_words))
    if step.status == "failed" and step.reason:
        yield say("Reason: {reason}", reason=one_line(step.reason))
        yield from _way_out(step.way_out, say)
    if step.status != "unchanged":
        yield from _made(step, say)
        yield from _checks(
            step.build.checks if step.build and step.build.checks else step.checks, say
        )
    elif step.build and step.build.model:  # its warnings were told when it was built
        yield model_line(step.build.model, say)


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


def _digest(summary: Summary, say: Say) -> Iterator[str]:
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


def _summary(summary: Summary, say: Say) -> Iterator[Block]:
    """Numbers, a table of all assets, what was not finished."""
    lines = [*_digest(summary, say)]
    lines.append(say("time at work: {time}", time=duration(summary.busy_seconds, say)))
    if n := len(summary.warnings):
        lines.append(say("{n} checks failed or warned", n=n))
    yield Bullets(lines)
    if summary.outcomes:
        yield table(without_empty_columns([_row(o, say) for o in summary.outcomes]))
    if summary.left_failed:
        yield Paragraph(f"**{say('Failed or unfinished at the end of the day')}**")
        left = summary.left_failed
        yield Bullets([f"{_name(one)}: {'. '.join(_why(one, say))}" for one in left])


def _why(left: Outcome, say: Say) -> Iterator[str]:
    step, run = left.step, left.run
    if step.waits_for:
        yield _waited(step, say)
    elif reason := step.reason or run.reason:
        yield one_line(reason)
    else:
        yield say(STEP_WORDS[step.status]).strip("*")
    if way_out := step.way_out or (None if step.waits_for else run.way_out):
        yield from _way_out(way_out, say)
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


def _waited(step: Step, say: Say) -> str:
    """Say what a step that was not run has waited for."""
    return say("waited for {names}, which did not succeed", names=", ".join(step.waits_for))


def one_line(text: str) -> str:
    """Join the lines of a text."""
    return " ".join(text.split())
