"""Small catalogs whose quality is known by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from builders import samples_of

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.reporting.quality.facts import Facts, quality_facts
from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

HEAD, BARE, PERSON, FALLEN = "person_with_helmet", "person_without_helmet", "person", "fallen"


def decided(samples: Samples, rows: Sequence[Mapping[str, object]]) -> Samples:
    """Add decisions; what a row does not name is null."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    for name in ("images_removed", "boxes_removed"):
        columns[name] = [row.get(name, 0) for row in rows]
    return samples.with_decisions(frame_of(columns, DECISIONS_SCHEMA))


def heads(**images: Sequence[float]) -> Samples:
    """Photographs of heads with a helmet, by the areas of their boxes."""
    return samples_of(
        {f"site/{name}": [(HEAD, a) for a in areas] for name, areas in images.items()}
    )


def recorded(root: Path, stages: Mapping[str, Samples], **recipes: Mapping[str, object]) -> Catalog:
    """Record stages, and dataset versions that have nothing but a recipe."""
    catalog = Catalog(root / "catalog.duckdb")
    for name, samples in stages.items():
        recipe = {"sources": [], "backgrounds": name == "background", "dedupe": None}
        catalog.record(name, "sub", Build(name, samples=samples, recipe=recipe), Run("run", "code"))
    for version, recipe in recipes.items():
        full = {"version": version, "stages": list(stages), "area": {}, "similarity": 0.9, **recipe}
        catalog.record(
            f"dataset_{version}",
            "sub",
            Build(version, samples=Samples.empty(), recipe=full),
            Run("run", "code"),
        )
    return catalog


def facts_of(catalog: Catalog, *assets: str, image_size: int = 640) -> Facts:
    """Facts of these stages."""
    with asking(catalog.path) as ask:
        return quality_facts(ask, "sub", list(assets), image_size)
