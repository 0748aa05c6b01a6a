"""Every recipe of the graph, read from its defs.yaml without dagster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.declared.component_files import DEFS, declarations
from hoban_assets.pipeline.recipe import Quota, Recipe
from hoban_assets.settings import Settings

COMPONENT = "hoban_assets.DatasetVersion"
SAMPLE = {
    "quota": Quota(sub=None, full=None),
    "backgrounds": Quota(sub=None, full=None),
    "map50_gate": 0.8,
}
"""What every recipe asks of the drawn sample, in place of a team's numbers: a few hundred drawn
images fill no quota of thousands, and a small net that learns from scratch is no product."""


@dataclass(frozen=True)
class RecipeFile:
    """A defs.yaml that declares a version: its recipe, or why it has none."""

    file: Path
    recipe: Recipe | None
    error: str = ""

    @property
    def name(self) -> str:
        """Name of the version; of one that cannot be read, that of its folder."""
        return self.recipe.version if self.recipe else self.file.parent.name


def declared_recipes(folder: Path = DEFS) -> list[Recipe]:
    """Return the recipes that can be read, v9 before v10; see `recipe_files` for the others."""
    return [found.recipe for found in recipe_files(folder) if found.recipe]


def recipe_files(folder: Path = DEFS) -> list[RecipeFile]:
    """Read every version below `folder`; one that is wrong is reported, and harms no other."""
    found = [
        RecipeFile(d.file, d.value and as_used(d.value), d.error)
        for d in declarations(folder, COMPONENT, Recipe)
    ]
    return sorted(found, key=lambda r: (_natural(r.name), str(r.file)))


def as_used(recipe: Recipe) -> Recipe:
    """The recipe for the raw data that is there: of the drawn sample it asks what that can give."""
    return recipe.model_copy(update=SAMPLE) if Settings.from_env().is_sample else recipe


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts v9 before v10."""
    return [(int(part or 0), word) for word, part in re.findall(r"(\D*)(\d*)", name)]
