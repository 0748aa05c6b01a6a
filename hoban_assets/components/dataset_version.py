"""The component behind ``defs/versions/vN/defs.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import BaseModel

from hoban_assets.components.scaffolding import VersionScaffolder
from hoban_assets.components.version_assets import version_definitions
from hoban_assets.declared.recipes import as_used
from hoban_assets.pipeline.recipe import Recipe


@dg.scaffold_with(VersionScaffolder)
class DatasetVersion(dg.Component):
    """One dataset version: a recipe becomes ``dataset_<version>`` and ``model_<version>``."""

    def __init__(self, recipe: Recipe, file: Path) -> None:
        self.recipe = recipe
        self.file = file

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The attributes of defs.yaml are the fields of a `Recipe`."""
        return Recipe

    @classmethod
    def load(cls, attributes: Any, context: dg.ComponentLoadContext) -> DatasetVersion:
        """Build from the validated attributes of a defs.yaml."""
        return cls(as_used(attributes), context.path / "defs.yaml")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the assets and checks of this version."""
        return version_definitions(self.recipe, self.file)
