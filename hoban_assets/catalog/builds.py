"""What an asset hands over to be recorded, and what the catalog tells of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from hoban_assets.samples import Samples


@dataclass(frozen=True)
class Materialization:
    """One line of the catalog's ``materializations``, and the key of what went in."""

    materialization_id: int
    asset: str
    partition: str
    run_id: str | None
    created_at: datetime
    code_version: str | None
    data_version: str | None
    input_key: str | None
    path: str | None
    images: int | None
    boxes: int | None
    """Labels, without ignore regions; None, as `images`, where the asset has no rows."""


@dataclass(frozen=True)
class Build:
    """What an asset hands over to be recorded."""

    input_key: str
    """Opaque hash of everything that went in: same key, same rows."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Data version of everything that it was made from, by name."""
    recipe: Mapping[str, Any] | None = None
    """The fields that decide its rows, or the arguments of a training."""
    samples: Samples | None = None
    stages: pd.DataFrame | None = None
    """`Ledger.table()`."""
    metrics: pd.DataFrame | None = None
    checks: pd.DataFrame | None = None
    """What was checked: columns of CHECKS_SCHEMA."""
    path: str | None = None
    """Folder of the published dataset or the model."""
    data_version: str | None = None
    """Default: that of `samples`."""
    reused: bool = False
    """Nothing new: the current materialisation has this input_key, and nothing is written."""
    ingredients: Mapping[str, Any] | None = None
    """All that decides its rows or weights (`hoban_assets.ingredients`)."""


@dataclass(frozen=True)
class Run:
    """What made a build: the run, and the version of the code."""

    id: str | None = None
    code_version: str | None = None
