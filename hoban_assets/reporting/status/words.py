"""The status in words: ages, reasons said once for all that share them, and what fixes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from hoban_assets.freshness.declared import MODEL
from hoban_assets.freshness.staleness import (
    BROKEN,
    CANNOT,
    NOT_BUILT,
    STALE,
    UNDECLARED,
    UP_TO_DATE,
    Reason,
)
from hoban_assets.howto import build
from hoban_assets.language import Say, plain, retold
from hoban_assets.reporting.status.figures import Artifact, Status

FIRST = 3
"""Names that are told of all that one cause stops; upstream comes first."""


@dataclass(frozen=True)
class Why:
    """Artifacts of which the same is to be said."""

    assets: tuple[str, ...]
    partitions: tuple[str, ...]
    sentences: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        """``helmet_60k, coco_person [sub]``."""
        return f"{', '.join(self.assets)} [{', '.join(self.partitions)}]"

    def first_names(self, say: Say) -> str:
        """The same where one cause stops many: ``helmet_60k, dataset_v9 and 17 more [sub]``."""
        if (left := len(self.assets) - FIRST) <= 1:
            return self.names
        names = say("{names} and {n} more", names=", ".join(self.assets[:FIRST]), n=left)
        return f"{names} [{', '.join(self.partitions)}]"


def age_text(then: datetime, now: datetime, say: Say) -> str:
    """How long ago: 'just now', '5 minutes ago', '3 hours ago', '12 days ago' (from 2 days on)."""
    age = now - then
    for unit, one, many, least in (
        (timedelta(days=1), "{n} day ago", "{n} days ago", 2),
        (timedelta(hours=1), "{n} hour ago", "{n} hours ago", 1),
        (timedelta(minutes=1), "{n} minute ago", "{n} minutes ago", 1),
    ):
        if (n := age // unit) >= least:
            return say(one if n == 1 else many, n=n)
    return say("just now")


def built_text(then: datetime | None, now: datetime, say: Say) -> str:
    """Local time and age: '11-23 20:54, 3 hours ago', with the year where it is another one."""
    if then is None:
        return "-"
    day = then.strftime("%m-%d %H:%M" if then.year == now.year else "%Y-%m-%d")
    return f"{day}, {age_text(then, now, say)}"


def time_text(then: datetime | None) -> str:
    """Local time for a document, which is read later than it is written."""
    return "-" if then is None else then.strftime("%Y-%m-%d %H:%M")


def stale(status: Status, say: Say) -> list[Why]:
    """What is out of date, wrong, or declared no more, and why: upstream first."""
    return _whys(status.of(STALE, BROKEN, UNDECLARED), lambda a: a.verdict.reasons, say)


def noted(status: Status, say: Say) -> list[Why]:
    """What is there, but could not be built again on this machine: one entry for each cause."""
    return _by_cause([(a, a.verdict.notes) for a in status.built], say)


def remarked(status: Status, say: Say) -> list[Why]:
    """What does not make anything out of date, but should be known: one entry for each cause."""
    return _by_cause([(a, a.verdict.remarks) for a in status.built], say)


def impossible(status: Status, say: Say) -> list[Why]:
    """What was never built and cannot be built on this machine: one entry for each cause."""
    return _by_cause([(a, a.verdict.reasons) for a in status.of(CANNOT)], say)


def warnings(status: Status, say: Say) -> list[Why]:
    """What checks found."""
    return [
        Why(
            (a.asset,),
            (a.partition,),
            tuple(f"{c['name']}: {retold(c['text'], say)}" for c in a.checks),
        )
        for a in status.built
        if a.checks
    ]


def survivals(artifact: Artifact, say: Say) -> list[str]:
    """What is left of each source of a dataset, a line each; nothing where nothing was lost."""
    lost = [s for s in artifact.survivals if s.lost]
    return [survival.said(say) for survival in lost]


def never_built(status: Status) -> list[Why]:
    """What was never built, but could be."""
    return _whys(status.of(NOT_BUILT), lambda a: (), plain)


def ways_out(status: Status) -> list[str]:
    """Commands that bring everything up to date: data first, as training takes long."""
    found = []
    for partition in status.partitions:
        old = [a for a in status.of(STALE) if a.partition == partition]
        for models in (False, True):
            if names := [_selected(a) for a in old if (a.kind == MODEL) == models]:
                found.append(build(*names, partition=partition))
    return found


def headline(status: Status, say: Say) -> str:
    """One sentence: how much there is, and how much of it is out of date."""
    built = len(status.built)
    if not built:
        return say("Nothing is built yet below {root}.", root=status.settings.data_root)
    old = len([a for a in status.built if a.verdict.state != UP_TO_DATE])
    values = {"built": built, "old": old}
    if not old:
        return say("{built} artifacts are built, and all of them are up to date.", **values)
    return say("{built} artifacts are built; out of date: {old}.", **values)


def as_json(status: Status, say: Say) -> dict[str, Any]:
    """Everything, with the names of fields in English and sentences as `say` says them."""
    return {
        "at": status.at,
        "data_root": status.settings.data_root,
        "raw_root": status.settings.raw_root,
        "raw_checked": status.raw_checked,
        "artifacts": [_artifact(a, say) for a in status.artifacts],
        "fix": ways_out(status),
        "composition": status.composition,
        "disk": [
            {"name": p.name, "kind": p.kind, "path": p.path, **asdict(p.use)} for p in status.places
        ],
        "sources": status.sources,
    }


def _artifact(a: Artifact, say: Say) -> dict[str, Any]:
    def said(reasons: Iterable[Any]) -> list[dict[str, Any]]:
        return [{"kind": r.kind, "text": r.said(say), **r.values} for r in reasons]

    return {
        "asset": a.asset,
        "kind": a.kind,
        "partition": a.partition,
        "state": a.verdict.state,
        "reasons": said(a.verdict.reasons),
        "notes": said(a.verdict.notes),
        "remarks": said(a.verdict.remarks),
        "command": a.command,
        "built_at": a.built_at,
        "images": a.images,
        "boxes": a.boxes,
        "boxes_per_class": a.classes,
        "checks": a.checks,
        "survivals": [asdict(survival) for survival in a.survivals],
        "path": a.path,
        "disk": asdict(a.use) if a.use else None,
    }


def _selected(artifact: Artifact) -> str:
    """Name in a selection; with all that is above it where some of that is not there."""
    missing = any(r.kind == "input_missing" for r in artifact.verdict.reasons)
    return f"*{artifact.asset}" if missing else artifact.asset


def _whys(
    artifacts: Iterable[Artifact], reasons: Callable[[Artifact], Sequence[Reason]], say: Say
) -> list[Why]:
    """Put together the artifacts of which the same is said."""
    said: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for a in artifacts:
        sentences = tuple(r.said(say) for r in reasons(a))
        said.setdefault((a.partition, sentences), []).append(a.asset)
    return _merged((tuple(names), p, sentences) for (p, sentences), names in said.items())


def _by_cause(found: Iterable[tuple[Artifact, Sequence[Reason]]], say: Say) -> list[Why]:
    """Put together the artifacts that one cause stops: a folder that is not there stops many."""
    stopped: dict[tuple[str, str], list[str]] = {}
    for a, reasons in found:
        for reason in reasons:
            stopped.setdefault((a.partition, reason.said(say)), []).append(a.asset)
    return _merged((tuple(names), p, (cause,)) for (p, cause), names in stopped.items())


def _merged(groups: Iterable[tuple[tuple[str, ...], str, tuple[str, ...]]]) -> list[Why]:
    """Put together the partitions of which the same is said."""
    once: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for assets, partition, sentences in groups:
        once.setdefault((assets, sentences), []).append(partition)
    return [Why(assets, tuple(ps), sentences) for (assets, sentences), ps in once.items()]
