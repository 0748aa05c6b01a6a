"""What the graph says of itself once it is whole: unknown stages, and what cannot be built here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg

from hoban_assets.components.describing import with_reports, words
from hoban_assets.reporting.metadata import in_english, in_words

LACKING = "lacking"
"""Metadata of a stage: raw folders that are not on this machine."""
RECIPE_FILE = "recipe"
"""Metadata of a dataset: its defs.yaml."""
ABSENT = "dagster/kind/absent"


def finished(assets: Iterable[Any]) -> list[Any]:
    """Check the recipes against the stages, mark what lacks its raw folders, link the reports.

    Raises:
        dagster.DagsterInvalidDefinitionError: a recipe names a stage that does not exist; the
            message holds file, line, and the nearest match.
    """
    everything = list(assets)
    specs = {s.key: s for a in everything if isinstance(a, dg.AssetsDefinition) for s in a.specs}
    known = {key: in_english(spec.metadata) for key, spec in specs.items()}
    lacking = {k: list(told[LACKING]) for k, told in known.items() if LACKING in told}
    stages = set(lacking)
    for key, spec in specs.items():
        if RECIPE_FILE in known[key]:
            inputs = [dep.asset_key for dep in spec.deps]
            if unknown := [name for name in inputs if name not in stages]:
                raise _unknown(unknown[0].path[-1], spec, stages)
            lacking[key] = sorted(
                {f"{f}{_only(dep)}" for dep in spec.deps for f in lacking[dep.asset_key]}
            )
    for key, spec in specs.items():
        if key not in lacking:  # a model lacks what its dataset lacks
            lacking[key] = [f for dep in spec.deps for f in lacking.get(dep.asset_key, [])]

    links, say = with_reports(specs), words()

    def marked(spec: dg.AssetSpec) -> dg.AssetSpec:
        linked = spec.merge_attributes(metadata=in_words(links.get(spec.key, {}), say))
        folders = lacking.get(spec.key)
        if not folders:
            return linked
        text = say(
            "Cannot be built on this machine: below the raw root there is no {folders}.",
            folders=", ".join(folders),
        )
        return linked.replace_attributes(
            description=f"{text}\n\n{spec.description}", tags={**spec.tags, ABSENT: ""}
        )

    return [
        a.map_asset_specs(marked) if isinstance(a, dg.AssetsDefinition) else a for a in everything
    ]


def _only(dep: dg.AssetDep) -> str:
    """The partition, where an input is used in one only."""
    mapping = dep.partition_mapping
    if not isinstance(mapping, dg.StaticPartitionMapping):
        return ""
    used = mapping.downstream_partition_keys_by_upstream_partition_key
    return f" (for {', '.join(used)})"


def _unknown(
    name: str, spec: dg.AssetSpec, stages: set[dg.AssetKey]
) -> dg.DagsterInvalidDefinitionError:
    known = sorted(key.path[-1] for key in stages)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"stages are {', '.join(known)}"
    file = Path(in_english(spec.metadata)[RECIPE_FILE].path)
    return dg.DagsterInvalidDefinitionError(
        f"{file}:{_line_of(name, file)}: no stage is named {name!r}; {hint}"
    )


def _line_of(name: str, file: Path) -> int:
    """Number of the first line that holds `name`; 1 where none does."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return next((number for number, line in enumerate(lines, 1) if name in line), 1)
