"""A rebuild in words: what is asked for, what it waits for, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hoban_assets.freshness.plan import Look, Plan, Step, World, version_at
from hoban_assets.freshness.staleness import Reason
from hoban_assets.howto import rebuild
from hoban_assets.language import speaker
from hoban_assets.saying import Say

MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class Attempts:
    """How often something was tried already, and from when on it may be tried again."""

    count: int
    last_run: str = ""
    again_at: datetime | None = None

    @property
    def used_up(self) -> bool:
        """Whether it is given up."""
        return self.count >= MOST_ATTEMPTS

    @property
    def is_due(self) -> bool:
        """Whether it may be tried now."""
        return self.again_at is None or self.again_at <= datetime.now(UTC)

    @property
    def told(self) -> str:
        """When it is tried again."""
        at = (self.again_at or datetime.now(UTC)).astimezone().strftime("%H:%M")
        which = f"attempt {self.count + 1} of {MOST_ATTEMPTS} at {at}"
        return f"{which} (see run {self.last_run})"


@dataclass(frozen=True)
class Due:
    """Steps, sorted by what is to be done about them now."""

    ask: tuple[Step, ...] = ()
    later: Mapping[str, Attempts] = field(default_factory=dict)
    given_up: Mapping[str, Attempts] = field(default_factory=dict)


def told(reasons: Sequence[Reason], say: Say | None = None) -> str:
    """Reasons in one line (English by default); what is said of several folders is said once."""
    say = say or speaker("en")
    folders: dict[str, list[str]] = {}
    for reason in reasons:
        if reason.values.keys() == {"folder"}:
            folders.setdefault(reason.text, []).append(str(reason.values["folder"]))
    lines = [
        say(reason.text, folder=", ".join(folders[reason.text]))
        if reason.text in folders
        else reason.said(say)
        for reason in reasons
    ]
    return "; ".join(dict.fromkeys(lines))


def asked(partition: str, layer: int, steps: Sequence[Step]) -> str:
    """What a layer builds, and why."""
    lines = "; ".join(f"{step.asset}, as {told(step.reasons)}" for step in steps)
    return f"{partition}: layer {layer}: {lines}"


def waits(plan: Plan, steps: Due, busy: Mapping[str, str]) -> str:
    """What a rebuild waits for although something is out of date; '' where nothing is awaited."""
    parts = [f"{name} failed, {attempts.told}" for name, attempts in steps.later.items()]
    awaited = {root for roots in plan.waiting.values() for root in roots if root in busy}
    for name in sorted({*plan.busy, *awaited}):
        parts.append(f"{name} is being built by run {busy[name]} already")
    return "; ".join(parts)


def summary(
    world: World,
    done: Sequence[str],
    given_up: Mapping[str, Attempts],
    plan: Plan,
    look: Look,
) -> str:
    """How a rebuild ended: what was rebuilt, and what is out of date all the same."""
    names = list(dict.fromkeys(done))
    same = [name for name in names if same_rows(world, look, name)]
    parts = []
    if others := [name for name in names if name not in same]:
        parts.append(f"rebuilt {', '.join(others)}")
    if same:
        parts.append(f"rebuilt with the same rows as before: {', '.join(same)}")
    if not names:
        parts.append(_nothing(given_up, plan, look))
    for name, attempts in given_up.items():
        parts.append(
            f"{name} is given up after {attempts.count} failed attempts from the same inputs, "
            f"until its inputs, recipe or code change (fix what run {attempts.last_run} says, "
            f"then: {rebuild(world.partition)})"
        )
    for name, reasons in plan.cannot.items():
        parts.append(f"{name} is out of date and cannot be rebuilt: {told(reasons)}")
    for name, roots in plan.waiting.items():
        parts.append(f"{name} is out of date and waits for {', '.join(roots)}")
    parts += [f"{stage} was not looked at: {text}" for stage, text in look.problems.items()]
    return "; ".join(parts)


def same_rows(world: World, look: Look, name: str) -> bool:
    """Whether an asset that was rebuilt after the look holds what it held before."""
    now = version_at(world.lines, name, None)
    return now is not None and now == version_at(world.lines, name, look.began)


def _nothing(given_up: Mapping[str, Attempts], plan: Plan, look: Look) -> str:
    if given_up or plan.cannot or plan.waiting:
        return "nothing was rebuilt"
    stages = ", ".join(look.raw) or "no stage"
    return f"nothing was out of date (code, recipes and files of {stages} compared with the builds)"
