"""What is compared: a build as it was recorded, and the world of now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hoban_assets.ingredients import Ingredients


@dataclass(frozen=True)
class Built:
    """The current materialisation of an asset."""

    data_version: str | None
    code_version: str | None = None
    recipe: Mapping[str, Any] | None = None
    """None: not recorded (a release before recipes were kept)."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    path: str | None = None
    ingredients: Ingredients | None = None
    """None: recorded by an earlier release; then what it did record is compared."""

    @classmethod
    def of_row(cls, row: Mapping[str, Any], inputs: Mapping[str, str]) -> Built:
        """Take a line of the catalog with ``recipe`` and ``ingredients`` as JSON or None."""
        return cls(
            data_version=row["data_version"],
            code_version=row["code_version"],
            recipe=json.loads(row["recipe"]) if row["recipe"] else None,
            inputs=inputs,
            path=row["path"],
            ingredients=json.loads(row["ingredients"]) if row["ingredients"] else None,
        )


@dataclass(frozen=True)
class Now:
    """The world that builds are compared with."""

    raw_root: Path
    code_versions: Mapping[str, str]
    """Kind of asset -> code version."""
    raw: Mapping[str, Mapping[str, str]] | None = None
    """Stage -> raw folder -> fingerprint, as `pipeline.stage.raw_versions`; None: not looked."""
    engine: str | None = None
    """Name of the engine of image features; None: not known here, and not compared."""
    machine: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Partition -> what of a training the settings give (`freshness.machine`); a value of None is
    not known here, and not compared."""
    ultralytics: str | None = None
    """Its release; None: not compared."""
    corrections: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Asset and partition -> version of the corrections of its pictures (`freshness.corrected`)."""
    full: Mapping[str, Built] = field(default_factory=dict)
    """Current builds of partition full, which a `sub` may be taken from."""
