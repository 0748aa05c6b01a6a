"""What ``dg scaffold defs hoban_assets.DatasetVersion v11`` writes: the newest recipe, renamed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click
import dagster as dg
from pydantic import BaseModel, Field

MASK = """

  # A class that a photograph's source does not label is not known, instead of background.
  partial_labels: mask
"""
"""What a new version is trained with, whatever the copied one was; see docs/partial-labels.md."""
VERSION = re.compile(r"v(\d+)\w*")


class ScaffoldParams(BaseModel):
    """What may be asked for."""

    based_on: str | None = Field(None, description="version to copy; default: the newest")


class VersionScaffolder(dg.Scaffolder[ScaffoldParams]):
    """Writes ``<version>/defs.yaml`` where dg was told to, in defs/versions or beside it."""

    @classmethod
    def get_scaffold_params(cls) -> type[ScaffoldParams]:
        """Parameters of the command line."""
        return ScaffoldParams

    def scaffold(self, request: dg.ScaffoldRequest[ScaffoldParams]) -> None:
        """Copy a recipe under the new name.

        Raises:
            click.ClickException: the name is no version, it exists, or there is none to copy.
        """
        folder = request.target_path
        defs = next(p for p in folder.parents if p.name == "defs")
        known = {file.parent.name: file for file in defs.rglob("defs.yaml")}
        try:
            text = new_recipe(folder.name, known, request.params.based_on)
        except click.ClickException:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()  # dg has made it before it asked
            raise
        (folder / "defs.yaml").write_text(text, encoding="utf-8")
        # Without a folder dg looks at one file of all that have the same type of component.
        click.echo(f"Say in its defs.yaml what is different, then run:  dg check yaml {folder}")


def new_recipe(name: str, known: Mapping[str, Path], based_on: str | None) -> str:
    """Return the text of defs.yaml of version `name`: that of a `known` version, renamed.

    Raises:
        click.ClickException: see `VersionScaffolder.scaffold`.
    """
    if not VERSION.fullmatch(name):
        raise click.ClickException(f"{name!r} is no version: name it v11, v12 or v11_small")
    if name in known:
        raise click.ClickException(f"{known[name]} exists: edit it, or take another name")
    base = based_on or max(known, key=_number, default="")
    if base not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise click.ClickException(f"there is no version {base!r} to copy; known: {listed}")
    text = known[base].read_text(encoding="utf-8")
    text = re.sub(r"(?m)^  version: .*$", f"  version: {name}", text)
    if not re.search(r"(?m)^  partial_labels: mask\b", text):
        text = re.sub(r"(?m)^  partial_labels: .*\n", "", text).rstrip("\n") + MASK
    return re.sub(
        r"(?m)^  description:[^\n]*\n(?:    [^\n]*\n)*",
        f"  description: As {base}, but ... (say here what is different, and why).\n",
        text,
    )


def _number(version: str) -> int:
    found = VERSION.fullmatch(version)
    return int(found[1]) if found else -1
