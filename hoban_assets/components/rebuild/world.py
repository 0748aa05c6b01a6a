"""Reads what a rebuild is planned from: the catalog, the declarations, and the raw folders."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.asked import Ask
from hoban_assets.code_version import code_version_of
from hoban_assets.errors import HobanError
from hoban_assets.freshness.corrected import corrections_now
from hoban_assets.freshness.declared import PARTS, declared
from hoban_assets.freshness.plan import Line, Look, World
from hoban_assets.freshness.present import present
from hoban_assets.freshness.staleness import Built, Now
from hoban_assets.ingredients import CORRECTIONS
from hoban_assets.observing.fingerprint import Fingerprint
from hoban_assets.pipeline.stage import Stage, raw_fingerprints, versions_in
from hoban_assets.settings import Settings


def read_world(settings: Settings, partition: str, wait: float | None = None) -> World:
    """Read what is declared and built of a partition, in some milliseconds.

    Args:
        settings: which data root.
        partition: 'sub' or 'full'.
        wait: seconds to wait for a program that holds the catalog (default: as set).

    Raises:
        HobanError: the catalog cannot be read.
    """
    known = declared(settings.cache)
    if not settings.catalog_path.exists():
        return World(partition, known, {}, {})
    with asking(settings.catalog_path, settings.catalog_wait if wait is None else wait) as ask:
        found = _world(ask, partition, known)
        return replace(found, corrections=corrections_now(ask, settings))


def _world(ask: Ask, partition: str, known: Sequence[Any]) -> World:
    rows = ask(_LINES, [partition])
    inputs: dict[int, dict[str, str]] = {}
    for row in ask(_INPUTS, [partition]):
        inputs.setdefault(row["materialization_id"], {})[row["input"]] = row["data_version"]
    current = {row["asset"]: row for row in rows if row["is_current"]}
    return World(
        partition,
        known,
        built={
            name: Built.of_row(row, inputs.get(row["materialization_id"], {}))
            for name, row in current.items()
        },
        built_at={name: row["created_at"].replace(tzinfo=UTC) for name, row in current.items()},
        full={
            row["asset"]: Built.of_row(row, {})
            for row in (rows if partition == "full" else ask(_LINES, ["full"]))
            if row["is_current"]
        },
        lines=[
            Line(row["asset"], row["created_at"].replace(tzinfo=UTC), row["data_version"])
            for row in rows
        ],
    )


_LINES = """
SELECT m.materialization_id, m.asset, m.created_at, m.code_version, m.data_version, m.path,
       m.is_current, r.recipe, i.ingredients
FROM materializations AS m
JOIN ingredients AS i USING (materialization_id)
LEFT JOIN recipes AS r USING (materialization_id)
WHERE m.partition = ?
ORDER BY m.materialization_id
"""
_INPUTS = """
SELECT i.materialization_id, i.input, i.data_version
FROM inputs AS i JOIN materializations AS m USING (materialization_id)
WHERE m.is_current AND m.partition = ?
"""


def now_of(world: World, look: Look, settings: Settings) -> Now:
    """Return what builds are compared with: all that decides now, raw folders as looked at."""
    found = present(settings, look.newer_than(world.built_at))
    return replace(found, full=world.full, corrections=world.corrections)


def look_at_sources(
    stages: Sequence[Stage],
    world: World,
    settings: Settings,
    log: Callable[[str], None],
    warn: Callable[[str], None],
    seen: Callable[[str, Fingerprint], None] = lambda name, found: None,
) -> Look:
    """Fingerprint the raw folders of every stage that is built in this partition.

    A folder that is not on this machine is left out: no stage is out of date because a drive is
    not connected. One that cannot be read is told, and hinders no other. `seen` is told of each
    folder, as ``raw/<source>``.
    """
    raw: dict[str, Mapping[str, str]] = {}
    at: dict[str, datetime] = {}
    problems: dict[str, str] = {}
    start = datetime.now(UTC)
    for stage in stages:
        if stage.name not in world.built:
            continue
        if lacking := stage.lacking(settings.raw_root):
            text = f"{', '.join(lacking)} is not below {settings.raw_root}"
            problems[stage.name] = text
            warn(f"{stage.name}: not looked at, {text}")
            continue
        began = datetime.now(UTC)
        try:
            prints = raw_fingerprints(stage, settings, log)
            found = versions_in(stage, settings, prints)
        except HobanError as error:
            problems[stage.name] = str(error)
            warn(f"{stage.name}: not looked at, {error}")
            continue
        for name, fingerprint in prints.items():
            seen(name, fingerprint)
        raw[stage.name], at[stage.name] = found, began
        before = world.built[stage.name].inputs
        files = [
            n for n in dict.fromkeys((*before, *found)) if n not in (CORRECTIONS, *stage.models)
        ]
        changed = [n for n in files if before.get(n) != found.get(n)]
        told = f"changed since it was read: {', '.join(changed)}" if changed else "unchanged"
        log(f"{stage.name}: {told}")
    return Look(raw, at, problems, start)


def look_as_json(look: Look) -> dict[str, Any]:
    """The look as a run records it."""
    return {
        "raw": {stage: dict(versions) for stage, versions in look.raw.items()},
        "at": {stage: at.isoformat() for stage, at in look.at.items()},
        "problems": dict(look.problems),
        "began": look.began.isoformat(),
    }


def look_from_json(found: Mapping[str, Any]) -> Look:
    """Read what `look_as_json` wrote."""
    at = {stage: datetime.fromisoformat(text) for stage, text in found["at"].items()}
    began = datetime.fromisoformat(found["began"])
    return Look(found["raw"], at, found["problems"], began)


def code_on_disk_differs() -> bool:
    """Whether the code was edited since this process loaded it.

    A run starts from the code on disk, so a process with older code would judge its builds wrongly.
    """
    fresh = inspect.unwrap(code_version_of)
    return any(fresh(*parts) != code_version_of(*parts) for parts in PARTS.values())
