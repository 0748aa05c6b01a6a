"""What the code declares (stages, datasets, models), at hand for a command that answers at once.

Importing the declarations imports pandas, SciPy and OpenCV with them: 0.7 s. So they are read
once and kept as JSON below the cache, under a hash of all code that they come from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoban_assets.asset_names import DATASET, MODEL, STAGE, dataset_of
from hoban_assets.code_version import (
    DATASET_PARTS,
    MODEL_PARTS,
    PACKAGE,
    STAGE_PARTS,
    code_version_of,
)
from hoban_assets.files import save
from hoban_assets.settings import PARTITIONS, Settings

if TYPE_CHECKING:
    from hoban_assets.pipeline.stage import Stage

PARTS = {STAGE: STAGE_PARTS, DATASET: DATASET_PARTS, MODEL: MODEL_PARTS}


@dataclass(frozen=True)
class Source:
    """A raw folder that a stage reads."""

    name: str
    folder: str
    """Below the raw root."""
    format: str
    labels: tuple[str, ...]
    """Classes that it labels completely."""
    optional: bool = False


@dataclass(frozen=True)
class Declared:
    """One asset as the code declares it now."""

    name: str
    kind: str
    description: str = ""
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Partition -> assets that it is made from."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """What decides its rows; of a model, what of its training belongs to the version."""
    gate: float | None = None
    """Of a model: mAP50 below which it warns."""
    sources: tuple[Source, ...] = ()
    file: str = ""
    """The defs.yaml of a dataset or model."""
    error: str = ""
    """Why that file cannot be used; then everything else is empty."""


def code_versions() -> dict[str, str]:
    """Code version of each kind of asset, as its factory computes it."""
    return {kind: code_version_of(*parts) for kind, parts in PARTS.items()}


def declared(cache: Path) -> list[Declared]:
    """Return every declared asset: stages, datasets, models, each in its order.

    `cache` is the folder of what can be computed again; where it cannot be written, this only
    takes longer each time.
    """
    kept = cache / "declared.json"
    key = _key()
    with suppress(OSError, ValueError, KeyError, TypeError):  # absent, or of an older release
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found["key"] == key:
            return [_revived(line) for line in found["declared"]]
    fresh = read_declared()
    if cache.parent.is_dir():  # a mistyped HOBAN_DATA_ROOT is not to be created by looking at it
        with suppress(OSError):
            save(kept, json.dumps({"key": key, "declared": [asdict(d) for d in fresh]}))
    return fresh


def read_declared() -> list[Declared]:
    """Read the declarations from the code and the recipes' files themselves, upstream first."""
    from hoban_assets.declared.recipes import recipe_files
    from hoban_assets.declared.sources import ENTRY_FILES
    from hoban_assets.declared.stages import STAGES

    stages = [declared_stage(stage) for stage in STAGES]
    stages += [
        Declared(f.name, STAGE, file=str(f.file), error=f.error) for f in ENTRY_FILES if f.error
    ]
    datasets, models = [], []
    for found in recipe_files():
        file = str(found.file)
        if found.recipe is None:
            broken = dataset_of(found.name)
            datasets.append(Declared(broken, DATASET, file=file, error=found.error))
            continue
        recipe = found.recipe
        inputs = {p: recipe.inputs_of(p) for p in PARTITIONS}
        datasets.append(
            Declared(
                recipe.dataset, DATASET, recipe.description, inputs, recipe.as_recipe(), file=file
            )
        )
        from_dataset = dict.fromkeys(PARTITIONS, (recipe.dataset,))
        training = recipe.as_training()
        models.append(
            Declared(recipe.model, MODEL, "", from_dataset, training, recipe.map50_gate, file=file)
        )
    return _upstream_first([*stages, *datasets, *models])


def _upstream_first(assets: Sequence[Declared]) -> list[Declared]:
    """Order assets behind what they are made from (a stage, where a model teaches it); stable."""
    known = {asset.name: asset for asset in assets}
    ordered: dict[str, Declared] = {}

    def place(asset: Declared, above: frozenset[str]) -> None:
        for name in dict.fromkeys(n for names in asset.inputs.values() for n in names):
            if name in known and name not in ordered and name not in above:
                place(known[name], above | {asset.name})
        ordered.setdefault(asset.name, asset)

    for asset in assets:
        place(asset, frozenset({asset.name}))
    return list(ordered.values())


def declared_stage(stage: Stage) -> Declared:
    """One stage as it is declared."""
    return Declared(
        stage.name,
        STAGE,
        stage.description,
        dict.fromkeys(PARTITIONS, stage.models) if stage.models else {},
        stage.as_recipe(),
        sources=tuple(
            Source(s.name, s.folder, s.format, s.labels, s.optional) for s in stage.sources
        ),
    )


def _key() -> str:
    """Hash of all that declarations come from."""
    yaml = sorted((PACKAGE / "defs").rglob("*.yaml"))
    code = code_version_of(
        "defs", "declared", "pipeline", "curation", "formats", "samples", "settings"
    )
    this = code_version_of("freshness/declared", "ingredients")
    texts = [f"{file}\n{file.read_text(encoding='utf-8', errors='replace')}" for file in yaml]
    settings = Settings.from_env()
    benchmarks = [*sorted(map(str, settings.raw_root.glob("benchmark_*"))), str(settings.is_sample)]
    import xxhash

    return xxhash.xxh3_128_hexdigest("\n".join([code, this, *texts, *benchmarks]).encode())


def _revived(line: Mapping[str, Any]) -> Declared:
    sources: Sequence[Mapping[str, Any]] = line["sources"]
    return Declared(
        **{
            **line,
            "inputs": {p: tuple(names) for p, names in line["inputs"].items()},
            "sources": tuple(Source(**{**s, "labels": tuple(s["labels"])}) for s in sources),
        }
    )
