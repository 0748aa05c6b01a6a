"""The component behind a defs.yaml that declares a source, and what ``dg scaffold`` writes."""

from __future__ import annotations

from typing import Any

import click
import dagster as dg
from pydantic import BaseModel, Field

from hoban_assets.components.source_assets import observed
from hoban_assets.components.stage_assets import stage_asset
from hoban_assets.declared.entries import SourceEntry, entry_text
from hoban_assets.declared.sources import ENTRY_FILES, SOURCES
from hoban_assets.declared.stages import STAGES
from hoban_assets.formats import READERS


class ScaffoldParams(BaseModel):
    """What may be asked for."""

    folder: str | None = Field(None, description="folder below the raw root; default: the name")
    read_as: str = Field("yolo", description=f"its format: one of {', '.join(READERS)}")


class SourceScaffolder(dg.Scaffolder[ScaffoldParams]):
    """Writes ``<name>/defs.yaml`` where dg was told to, with every field that is usual."""

    @classmethod
    def get_scaffold_params(cls) -> type[ScaffoldParams]:
        """Parameters of the command line."""
        return ScaffoldParams

    def scaffold(self, request: dg.ScaffoldRequest[ScaffoldParams]) -> None:
        """Write an entry to fill in.

        Raises:
            click.ClickException: the name or the format is none, or the name is taken.
        """
        folder, params = request.target_path, request.params
        values = {
            "name": folder.name,
            "folder": params.folder or folder.name,
            "format": params.read_as,
            "classes": {} if params.read_as in ("background", "pictures") else {"person": "person"},
        }
        try:
            if folder.name in {source.name for source in SOURCES}:
                raise ValueError(f"a source {folder.name} is declared already")
            SourceEntry.model_validate(values)
        except ValueError as error:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()  # dg has made it before it asked
            raise click.ClickException(str(error)) from error
        (folder / "defs.yaml").write_text(entry_text(values), encoding="utf-8")
        click.echo(
            "Say in its defs.yaml what its classes are called ('hoban inspect FOLDER' names them, "
            f"and --declare writes the whole entry), then run:  dg check yaml {folder}"
        )


@dg.scaffold_with(SourceScaffolder)
class RawSource(dg.Component):
    """One raw folder: it becomes the source ``raw/<name>`` and the stage ``<name>``."""

    def __init__(self, entry: SourceEntry) -> None:
        self.entry = entry

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The attributes of defs.yaml are the fields of a `SourceEntry`."""
        return SourceEntry

    @classmethod
    def load(cls, attributes: Any, context: dg.ComponentLoadContext) -> RawSource:
        """Build from the validated attributes of a defs.yaml.

        Raises:
            ValueError: another source or stage is called so.
        """
        file = context.path / "defs.yaml"
        wrong = next((f.error for f in ENTRY_FILES if f.file == file and f.error), None)
        taken = [stage.name for stage in STAGES].count(attributes.name) > 1
        if wrong or taken:
            raise ValueError(f"{file}: {wrong or f'a stage {attributes.name} is declared already'}")
        return cls(attributes)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the assets and checks of this source."""
        return dg.Definitions(assets=[observed(self.entry.source), stage_asset(self.entry.stage)])
