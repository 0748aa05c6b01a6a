"""Every recipe of the graph, read from its defs.yaml without dagster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from hoban_assets.pipeline.recipe import Quota, Recipe
from hoban_assets.settings import Settings

DEFS = Path(__file__).parents[1] / "defs"
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
    """Read every version below `folder`; one that is wrong is reported, and harms no other.

    Values must be written out: what Dagster fills into a defs.yaml (``{{ env.NAME }}``) is not
    known here, so such a file counts as wrong.
    """
    found = [r for file in folder.rglob("defs.yaml") for r in _versions_of(file)]
    return sorted(found, key=lambda r: (_natural(r.name), str(r.file)))


def as_used(recipe: Recipe) -> Recipe:
    """The recipe for the raw data that is there: of the drawn sample it asks what that can give."""
    return recipe.model_copy(update=SAMPLE) if Settings.from_env().is_sample else recipe


def _versions_of(file: Path) -> Iterator[RecipeFile]:
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        yield RecipeFile(file, None, " ".join(str(error).split()))
        return
    for document in documents:
        if isinstance(document, dict) and document.get("type") == COMPONENT:
            yield _validated(file, document.get("attributes"))


def _validated(file: Path, attributes: Any) -> RecipeFile:
    try:
        return RecipeFile(file, as_used(Recipe.model_validate(attributes)))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'attributes'}: {e['msg']}" for e in error.errors()
        )
        return RecipeFile(file, None, wrong)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts v9 before v10."""
    return [(int(part or 0), word) for word, part in re.findall(r"(\D*)(\d*)", name)]
