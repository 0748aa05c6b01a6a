"""Where everything stands: every artifact, what it holds, whether it is up to date, disk use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.asked import Row
from hoban_assets.curation.survival import Survival, survivals_of
from hoban_assets.disk_use import Use
from hoban_assets.errors import HobanError
from hoban_assets.freshness.corrected import corrections_now
from hoban_assets.freshness.declared import (
    DATASET,
    MODEL,
    STAGE,
    Declared,
    declared,
)
from hoban_assets.freshness.present import present
from hoban_assets.freshness.staleness import NOT_BUILT, STALE, Built, Now, Verdict, judge
from hoban_assets.howto import build_all
from hoban_assets.reporting.status.facts import Facts, read_facts
from hoban_assets.reporting.status.places import Place, measured
from hoban_assets.settings import PARTITIONS, Settings

Log = Callable[[str], None]


@dataclass(frozen=True)
class Artifact:
    """One asset in one partition."""

    asset: str
    kind: str
    """'stage', 'dataset' or 'model'."""
    partition: str
    verdict: Verdict
    declared: Declared | None
    """None: only the catalog knows it."""
    built_at: datetime | None = None
    """With time zone, local."""
    images: int | None = None
    boxes: int | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    """Labels of each class."""
    path: str | None = None
    use: Use | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """As recorded when it was built."""
    checks: tuple[Row, ...] = ()
    """Those that failed: name, result ('warning' or 'FAILED'), text."""
    survivals: tuple[Survival, ...] = ()
    """Of a dataset: what is left of each source."""

    @property
    def name(self) -> str:
        """``dataset_v9 [sub]``."""
        return f"{self.asset} [{self.partition}]"

    @property
    def command(self) -> str | None:
        """What builds it, or brings it up to date; None where nothing is to be done, or can be."""
        if self.verdict.state not in (STALE, NOT_BUILT):
            return None
        return build_all(self.asset, self.partition)


@dataclass(frozen=True)
class Status:
    """All that there is to say."""

    at: datetime
    settings: Settings
    partitions: tuple[str, ...]
    artifacts: tuple[Artifact, ...]
    places: tuple[Place, ...]
    sources: tuple[Row, ...]
    """Declared raw sources: source, folder, format, labels, present, read_by."""
    composition: tuple[Row, ...] = ()
    """Current datasets: asset, partition, class_name, source, split, images, boxes."""
    raw_checked: bool = False

    def of(self, *states: str) -> list[Artifact]:
        """Artifacts in one of these states."""
        return [a for a in self.artifacts if a.verdict.state in states]

    @property
    def built(self) -> list[Artifact]:
        """Artifacts that the catalog holds."""
        return [a for a in self.artifacts if a.built_at is not None]


def status_of(
    settings: Settings,
    partitions: Sequence[str] = PARTITIONS,
    *,
    composition: bool = True,
    check_raw: bool = False,
    fresh: bool = False,
    log: Log = lambda line: None,
) -> Status:
    """Find out where everything stands; an empty data root is an answer too.

    Args:
        settings: which data root and raw root.
        partitions: which of them to tell of.
        composition: also count classes by source and split of every dataset (0.1 s for each
            million boxes).
        check_raw: compare the raw files (names, sizes, times) with those that were read: minutes
            on a slow disk.
        fresh: measure published trees anew.
        log: told of what takes long.

    Raises:
        HobanError: the catalog cannot be read.
    """
    known = declared(settings.cache)
    facts, corrections = Facts(), dict[tuple[str, str], str]()
    if settings.catalog_path.exists():
        with asking(settings.catalog_path, settings.catalog_wait) as ask:
            facts = read_facts(ask, composition=composition)
            corrections |= corrections_now(ask, settings)
    raw = raw_now(facts, settings, log) if check_raw else None
    now = replace(present(settings, raw), corrections=corrections)
    places = measured(settings, [line["path"] for line in facts.lines if line["path"]], fresh, log)
    artifacts = [
        artifact
        for partition in partitions
        for artifact in _artifacts(known, facts, partition, now, places)
    ]
    order = {name: i for i, name in enumerate(dict.fromkeys(a.asset for a in artifacts))}
    return Status(
        at=datetime.now(UTC).astimezone(),
        settings=settings,
        partitions=tuple(partitions),
        artifacts=tuple(sorted(artifacts, key=lambda a: (_KINDS.index(a.kind), order[a.asset]))),
        places=tuple(places),
        sources=tuple(_sources(known, settings.raw_root)),
        composition=tuple(r for r in facts.composition if r["partition"] in partitions),
        raw_checked=check_raw,
    )


_KINDS = (STAGE, DATASET, MODEL)


def raw_now(facts: Facts, settings: Settings, log: Log) -> dict[str, dict[str, str]]:
    """Fingerprint what every built stage reads, as far as it is there."""
    from hoban_assets.declared.stages import STAGES
    from hoban_assets.pipeline.stage import raw_versions

    built = {line["asset"] for line in facts.lines}
    found = {}
    for stage in STAGES:
        if stage.name in built and not stage.lacking(settings.raw_root):
            log(f"looking at every raw file of {stage.name}")
            try:
                found[stage.name] = raw_versions(stage, settings)
            except HobanError as error:  # a teacher's file is gone: the others are looked at
                log(str(error))
    return found


def _artifacts(
    known: Sequence[Declared],
    facts: Facts,
    partition: str,
    now: Now,
    places: Sequence[Place],
) -> list[Artifact]:
    lines = {r["asset"]: r for r in facts.lines if r["partition"] == partition}
    built = {
        name: Built.of_row(
            line,
            {
                r["input"]: r["data_version"]
                for r in facts.inputs
                if r["materialization_id"] == line["materialization_id"]
            },
        )
        for name, line in lines.items()
    }
    full = {r["asset"]: Built.of_row(r, {}) for r in facts.lines if r["partition"] == "full"}
    verdicts = judge(known, built, partition, replace(now, full=full))
    declarations = {d.name: d for d in known}
    uses = {str(place.path): place.use for place in places}
    found = []
    for name, verdict in verdicts.items():
        line, declaration = lines.get(name), declarations.get(name)
        mine = {"asset": name, "partition": partition}
        found.append(
            Artifact(
                name,
                declaration.kind if declaration else _kind_of(line or {}),
                partition,
                verdict,
                declaration,
                **({} if line is None else _built_values(line, facts, mine, uses)),
                recipe=(built[name].recipe or {}) if name in built else {},
            )
        )
    return found


def _built_values(line: Row, facts: Facts, mine: Row, uses: Mapping[str, Use]) -> dict[str, Any]:
    def rows_of(rows: Sequence[Row]) -> list[Row]:
        return [r for r in rows if all(r[key] == value for key, value in mine.items())]

    return {
        "built_at": line["created_at"].replace(tzinfo=UTC).astimezone(),
        "images": line["images"],
        "boxes": line["boxes"],
        "classes": {r["class_name"]: r["boxes"] for r in rows_of(facts.classes)},
        "path": line["path"],
        "use": uses.get(line["path"] or ""),
        "checks": tuple(
            {key: r[key] for key in ("name", "result", "text")} for r in rows_of(facts.checks)
        ),
        "survivals": tuple(
            survival
            for row in rows_of(facts.survivals)
            for survival in survivals_of(json.loads(row["numbers"]))
        ),
    }


def _kind_of(line: Mapping[str, Any]) -> str:
    """Kind of an asset that is not declared any more."""
    if line.get("images") is None:
        return MODEL
    return STAGE if line.get("path") is None else DATASET


def _sources(known: Sequence[Declared], raw_root: Path) -> list[Row]:
    rows: dict[str, Row] = {}
    for stage in known:
        for source in stage.sources:
            row = rows.setdefault(
                source.name,
                {
                    "source": source.name,
                    "folder": source.folder,
                    "format": source.format,
                    "labels": list(source.labels),
                    "present": (raw_root / source.folder).is_dir(),
                    "optional": source.optional,
                    "read_by": [],
                },
            )
            row["read_by"].append(stage.name)
    return list(rows.values())
