"""What the catalog and the settings refer to: the reasons why something must stay."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from hoban_assets.asset_names import DATASET, MODEL, dataset_of, kind_of
from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.ingredients import input_asset, is_of_full
from hoban_assets.language import Say
from hoban_assets.settings import Settings, home_of
from hoban_assets.upkeep.paths import is_within, links_below, real

Key: TypeAlias = tuple[str, str, str]
"""Asset, partition, and name of the folder: what ``artifacts/`` and ``models/`` are laid out by.

Compared instead of whole paths, because a data root may be moved or copied: the catalog names
where a folder lay when it was made.
"""
VERSION_DIGITS = 16
"""Hex digits of a data version that name the folder of a published dataset."""
DEEPEST = 4
"""Levels of the data root in which links are looked for: artifacts/<asset>/<partition>/<here>."""

_LINES = """
SELECT m.materialization_id, m.asset, m.partition, m.created_at, m.data_version, m.path, m.images,
       m.is_current, r.recipe
FROM materializations AS m LEFT JOIN recipes AS r USING (materialization_id)
ORDER BY m.materialization_id
"""
_MAP50 = """
SELECT materialization_id, "mAP50" AS value FROM store.model_figures
WHERE class_name = 'all' AND source = 'all' AND value IS NOT NULL
"""


@dataclass
class References:
    """What is referred to, and by whom. Every text is a reason in the user's language."""

    live: dict[Key, str] = field(default_factory=dict)
    """Folders that something live needs."""
    unsure: dict[tuple[str, str], str] = field(default_factory=dict)
    """Asset and partition of which every folder stays, as it is not known which one is needed."""
    recorded: dict[Key, datetime] = field(default_factory=dict)
    """Every folder that any materialisation ever named; the newest one's time, UTC."""
    current: dict[tuple[str, str], Row] = field(default_factory=dict)
    """Current materialisation of each asset and partition."""
    map50: dict[Key, float] = field(default_factory=dict)
    """Of every recorded model."""
    images: dict[Key, int] = field(default_factory=dict)
    """Of every recorded dataset."""
    retired: set[tuple[str, str]] = field(default_factory=set)
    """Current datasets and models that nothing needs, as their version has no recipe any more."""
    protected: list[tuple[Path, str]] = field(default_factory=list)
    """Paths that are never touched: neither they, nor what holds them, nor what lies in them."""

    def why_live(self, key: Key) -> str | None:
        """Reason why the folder stays, or None."""
        return self.live.get(key) or self.unsure.get(key[:2])

    def map50_of(self, line: Row) -> float | None:
        """Figure of a recorded model, None for anything else."""
        return next((self.map50[key] for key in keys_of(line) if key in self.map50), None)


def references(
    ask: Ask, settings: Settings, say: Say, declared: Collection[str] | None = None
) -> References:
    """Gather what the catalog refers to, and the plans of the trainings that are current.

    `declared` names the assets that have a recipe. Where it is given, current datasets and models
    of other versions are `retired` and refer to nothing; without it they are needed like all.
    """
    found = References()
    inputs: dict[int, list[Row]] = {}
    for row in ask("SELECT * FROM inputs"):
        inputs.setdefault(row["materialization_id"], []).append(row)
    map50 = {row["materialization_id"]: row["value"] for row in ask(_MAP50)}
    for line in ask(_LINES):
        _note(found, line, inputs.get(line["materialization_id"], []), map50)
    if declared is not None:
        found.retired = {key for key in found.current if is_retired(key[0], declared)}
    for key, line in found.current.items():
        if key in found.retired:
            continue
        _note_live(found, line, inputs.get(line["materialization_id"], []), settings, say)
    return found


def is_retired(asset: str, declared: Collection[str]) -> bool:
    """Whether it is a dataset or model of a version that has no recipe (any more)."""
    return kind_of(asset) in (DATASET, MODEL) and dataset_of(asset) not in declared


def _note(found: References, line: Row, inputs: list[Row], map50: dict[int, float]) -> None:
    when = line["created_at"].replace(tzinfo=UTC)
    own = keys_of(line)
    for key in (*own, *(_input_key(row) for row in inputs)):
        found.recorded[key] = max(when, found.recorded.get(key, when))
    for key in own:
        if line["materialization_id"] in map50:
            found.map50[key] = map50[line["materialization_id"]]
        if line["images"] is not None:
            found.images[key] = line["images"]
    if line["is_current"]:
        found.current[line["asset"], line["partition"]] = line


def _note_live(
    found: References, line: Row, inputs: list[Row], settings: Settings, say: Say
) -> None:
    asset, partition = line["asset"], line["partition"]
    named = {"asset": asset, "partition": partition}
    for key in keys_of(line):
        found.live[key] = say("the current {asset} [{partition}]", **named)
    why = say("{asset} [{partition}], which is current, was made from it", **named)
    for row in inputs:
        if not is_of_full(row["input"]):  # a sub is taken from rows of the catalog, not from a tree
            found.live.setdefault(_input_key(row), why)
    if line["path"]:
        found.protected.append(
            (Path(line["path"]), say("the current {asset} [{partition}]", **named))
        )
    if line["images"] is not None:
        return
    plan = read_plan(settings.models.joinpath(*_run_key(line)))
    if dataset := dataset_key(plan):
        found.live.setdefault(dataset, why)
    elif not inputs:  # recorded before inputs were: all that it can have been trained on stays
        of = dataset_of(asset)
        doubt = say("{asset} [{partition}] is current and does not say which one it is of", **named)
        found.unsure[of, partition] = doubt
    arguments = json.loads(line["recipe"] or "{}") or (plan or {}).get("arguments", {})
    if weights := weights_of({"arguments": arguments}):
        found.protected.append(
            (weights, say("{asset} [{partition}], which is current, started from it", **named))
        )


def keys_of(line: Row) -> list[Key]:
    """Folders that a materialisation names: by its path, and by its data version."""
    names = {Path(line["path"]).name} if line["path"] else set()
    if line["data_version"]:
        names.add(line["data_version"][:VERSION_DIGITS])
    return [(line["asset"], line["partition"], name) for name in sorted(names)]


def _run_key(line: Row) -> Key:
    name = Path(line["path"]).name if line["path"] else line["data_version"] or "-"
    return line["asset"], line["partition"], name


def _input_key(row: Row) -> Key:
    asset, partition = input_asset(row["input"], row["partition"])
    return asset, partition, (row["data_version"] or "")[:VERSION_DIGITS]


def read_plan(run_folder: Path) -> dict[str, Any] | None:
    """``plan.json`` of a training run; None where there is none, or it cannot be read."""
    with suppress(OSError, ValueError):
        plan = json.loads((run_folder / "plan.json").read_text(encoding="utf-8"))
        if isinstance(plan, dict):
            return plan
    return None


def dataset_key(plan: dict[str, Any] | None) -> Key | None:
    """Dataset folder that a training plan names, or None."""
    parts = Path(str((plan or {}).get("dataset_path") or "")).parts
    return (parts[-3], parts[-2], parts[-1]) if len(parts) >= 3 else None


def weights_of(plan: dict[str, Any] | None) -> Path | None:
    """File that a training started from; None for a model by name (yolo26n.yaml)."""
    model = ((plan or {}).get("arguments") or {}).get("model")
    path = Path(str(model or ""))
    return path if path.is_absolute() else None


def protected_places(settings: Settings, say: Say) -> list[tuple[Path, str]]:
    """Places that are never touched, whatever the catalog says."""
    root, base = settings.data_root, home_of(os.environ)
    catalog = [
        settings.catalog_path,
        *(Path(f"{settings.catalog_path}.{s}") for s in ("lock", "wal")),
    ]
    lists = sorted((root / "bundles").glob("*.json"))
    places = [
        (settings.raw_root, say("raw source")),
        *((path, say("list of a bundle's files, for hoban bundle --since")) for path in lists),
        *((path, say("the catalog")) for path in catalog),
        (root / "weights", say("weights")),
        (base / settings.weights, say("weights (HOBAN_WEIGHTS)")),
        (root / "weights" / settings.weights, say("weights (HOBAN_WEIGHTS)")),
        (settings.fastdup_python, say("the interpreter of fastdup")),
        (Path(__file__).parents[1], say("the program itself")),
        (Path(sys.prefix), say("the program itself")),
    ]
    if os.environ.get("DAGSTER_HOME"):
        places.append((base / ".dagster", say("Dagster's own records")))
        places += [
            (base / n, say("Dagster's own records")) for n in ("history", "storage", "dagster.yaml")
        ]
    return places + list(_led_to(settings, say))


def links_of(settings: Settings) -> Iterator[tuple[Path, Path]]:
    """Every link below the raw root, and beside the folders of the data root, and its target."""
    yield from links_below(settings.raw_root)
    yield from links_below(settings.data_root, deepest=DEEPEST)


def _led_to(settings: Settings, say: Say) -> Iterator[tuple[Path, str]]:
    root = real(settings.data_root)
    for link, target in links_of(settings):
        if target != root and is_within(target, root) and not is_within(target, settings.raw_root):
            yield target, say("the link {link} leads to it", link=link)
