"""The world of now that builds are compared with: code, engine, machine, raw folders."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path

from hoban_assets.code_version import code_version_of
from hoban_assets.errors import HobanError
from hoban_assets.freshness.declared import code_versions
from hoban_assets.freshness.machine import machine_of
from hoban_assets.freshness.remembered import look_of, remembered
from hoban_assets.freshness.staleness import Now
from hoban_assets.settings import PARTITIONS, Settings


def present(settings: Settings, raw: Mapping[str, Mapping[str, str]] | None = None) -> Now:
    """Read all that decides, in some milliseconds. `raw` is of those who looked at the folders."""
    return Now(
        settings.raw_root,
        code_versions(),
        raw,
        engine=engine_now(settings),
        machine={partition: machine_of(settings, partition) for partition in PARTITIONS},
        ultralytics=importlib.metadata.version("ultralytics"),
    )


def engine_now(settings: Settings) -> str | None:
    """Name of the engine as builds record it (`pipeline.engines`); None: it is not here.

    To name it takes OpenCV, or a process in fastdup's environment: so the name is kept, as long
    as that environment and the code are the same.
    """
    python = settings.fastdup_python
    packages = sorted(python.parent.parent.glob("lib/python*/site-packages"))
    facts = {
        "code": code_version_of("curation/features", "pipeline/engines"),
        "python": look_of(python),
        "packages": [look_of(folder) for folder in packages],
    }

    def name() -> str:
        from hoban_assets.pipeline.engines import engine_of

        try:
            return engine_of(settings)
        except HobanError:
            return ""

    chosen = f"{settings.feature_engine} {python}"
    if settings.feature_engine == "fastdup" and not Path(python).is_file():
        return None
    return remembered(settings.cache / "engines.json", chosen, facts, name) or None
