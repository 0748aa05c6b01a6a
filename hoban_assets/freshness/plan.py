"""What is to be rebuilt next in one partition. Pure: nothing is read, asked or started here.

`freshness.staleness.judge` says what is out of date, by the same rules as the builds. This
says in which order: an asset whose inputs may still change waits for them, so that a stage that
comes out with the same rows stops the rebuild there, its dataset is never touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import xxhash

from hoban_assets.freshness.declared import MODEL, Declared
from hoban_assets.freshness.ingredients import compared
from hoban_assets.freshness.staleness import STALE, Built, Now, Reason, Verdict, judge

RawVersions = Mapping[str, Mapping[str, str]]
"""Stage -> raw folder -> fingerprint, as `pipeline.stage.raw_versions` returns them."""


EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """One materialisation of the catalog, of any age."""

    asset: str
    created_at: datetime
    """UTC, with time zone."""
    data_version: str | None


@dataclass(frozen=True)
class World:
    """One partition as it is declared and as it is built."""

    partition: str
    declared: Sequence[Declared]
    """Upstream first."""
    built: Mapping[str, Built]
    """Current materialisations."""
    built_at: Mapping[str, datetime]
    lines: Sequence[Line] = ()
    """All materialisations, oldest first."""
    full: Mapping[str, Built] = field(default_factory=dict)
    """Current materialisations of partition full."""
    corrections: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Of both partitions, see `Now.corrections`."""


@dataclass(frozen=True)
class Look:
    """What the raw folders were when somebody looked."""

    raw: RawVersions
    at: Mapping[str, datetime]
    """Stage -> when the look at its folders began (UTC)."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Stage -> why its folders could not be looked at."""
    began: datetime = EVER
    """When the first folder was looked at (UTC)."""

    def newer_than(self, built_at: Mapping[str, datetime]) -> RawVersions:
        """Versions of the stages that were not built since: a later build has read what was there.

        Without this, files that change between the look and the build would make a stage look out
        of date as soon as it is done.
        """
        return {
            stage: versions
            for stage, versions in self.raw.items()
            if stage not in built_at or built_at[stage] < self.at[stage]
        }


@dataclass(frozen=True)
class Step:
    """One asset that is out of date by itself."""

    asset: str
    reasons: tuple[Reason, ...]
    inputs: str
    """Hash of all that it would be built from: a failure counts for this, and for nothing else."""


@dataclass(frozen=True)
class Plan:
    """What is out of date in a partition."""

    ready: tuple[Step, ...] = ()
    """The next layer: nothing that these are made from is out of date."""
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Out of date -> the assets far above that are to be settled first."""
    cannot: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    """Out of date, and not to be rebuilt as things are."""
    busy: Mapping[str, str] = field(default_factory=dict)
    """Out of date, but a run (its id) is building it already."""


def plan_rebuild(
    world: World,
    now: Now,
    busy: Mapping[str, str],
) -> Plan:
    """Judge a partition and return its next layer.

    Only what was built before is rebuilt. What waits for nothing but an asset that cannot be
    rebuilt, waits too: a build on old rows would have to be done again.

    Args:
        world: what is declared and built.
        now: what it is compared with; `now.raw` only of stages that were not built since the look.
        busy: asset -> id of the run in progress that is going to build it in this partition.
    """
    verdicts = judge(world.declared, world.built, world.partition, now)
    unsettled: dict[str, tuple[str, ...]] = {}  # asset -> what keeps it so: itself, or from above
    ready: list[Step] = []
    waiting: dict[str, tuple[str, ...]] = {}
    cannot: dict[str, tuple[Reason, ...]] = {}
    occupied: dict[str, str] = {}
    for asset in world.declared:
        name, verdict = asset.name, verdicts[asset.name]
        inputs = asset.inputs.get(world.partition, ())
        above = tuple(dict.fromkeys(root for i in inputs for root in unsettled.get(i, ())))
        is_stale = name in world.built and verdict.state == STALE
        if is_stale or above or name in busy:
            unsettled[name] = above or (name,)
        if not is_stale:
            continue
        if name in busy:
            occupied[name] = busy[name]
        elif obstacles := _obstacles(asset, verdict):
            cannot[name] = obstacles
        elif above:
            waiting[name] = above
        else:
            ready.append(Step(name, verdict.reasons, inputs_hash(asset, world, now)))
    return Plan(tuple(ready), waiting, cannot, occupied)


def _obstacles(asset: Declared, verdict: Verdict) -> tuple[Reason, ...]:
    """Why a build would only fail. A model needs no raw folder: its dataset is published."""
    missing = tuple(r for r in verdict.reasons if r.kind == "input_missing")
    return missing if asset.kind == MODEL else (*verdict.notes, *missing)


def inputs_hash(asset: Declared, world: World, now: Now) -> str:
    """Hash of all that a build of `asset` would start from now: its ingredients."""
    mine = world.built[asset.name]
    _, after = compared(asset, world.partition, mine, world.built, now)
    return hash_of(asset.name, world.partition, after)


def hash_of(*parts: object) -> str:
    """Hash of values that JSON can hold, 16 hex digits."""
    return xxhash.xxh3_64_hexdigest(json.dumps(parts, sort_keys=True, default=dict).encode())


@dataclass(frozen=True)
class ReportState:
    """A document, as Dagster knows it (the catalog holds none)."""

    name: str
    tells_of: tuple[str, ...]
    """Stages, datasets and models."""
    code_version: str
    written_at: datetime | None
    """When it was last written in this partition (UTC); None: never."""
    written_with: str | None = None
    """Code version of then."""


def stale_reports(reports: Sequence[ReportState], world: World) -> list[Step]:
    """Return the documents that were written before and that tell of what has changed since.

    A document is compared with the rows that were current when it was written: what was built
    again with the same rows makes none of them stale.
    """
    steps = []
    for report in reports:
        if report.written_at is None:
            continue
        now = {name: version_at(world.lines, name, None) for name in report.tells_of}
        then = {n: version_at(world.lines, n, report.written_at) for n in report.tells_of}
        changed = [name for name in report.tells_of if now[name] != then[name]]
        reasons = []
        if changed:
            text = "it tells of {names}, which changed since it was written"
            reasons.append(Reason("told_changed", text, {"names": ", ".join(changed)}))
        if report.written_with != report.code_version:
            text = "the code that makes it was changed since (code version {before} -> {after})"
            codes = {"before": report.written_with or "-", "after": report.code_version}
            reasons.append(Reason("code_changed", text, codes))
        if reasons:
            key = hash_of(report.name, world.partition, now, report.code_version)
            steps.append(Step(report.name, tuple(reasons), key))
    return steps


def version_at(lines: Sequence[Line], asset: str, at: datetime | None) -> str | None:
    """Data version that was current at a time (None: now); None: it was not built yet."""
    versions = [
        line.data_version
        for line in lines
        if line.asset == asset and (at is None or line.created_at <= at)
    ]
    return versions[-1] if versions else None
