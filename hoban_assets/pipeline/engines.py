"""Which engine computes image features on this machine: name, version, model."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hoban_assets.curation.features import COPIES_INFO, THUMBNAIL_INFO, engine_key
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

NO_FASTDUP = (
    "run 'make fastdup', or set HOBAN_FASTDUP_PYTHON to an interpreter that has fastdup, or do "
    "without it: HOBAN_FEATURE_ENGINE=copies proves every copy it finds, and its licence is free"
)
_BUILT_IN = {"thumbnail": THUMBNAIL_INFO, "copies": COPIES_INFO}
_DESCRIBE = """
import importlib.metadata, importlib.util, json, pathlib
folder = pathlib.Path(importlib.util.find_spec("fastdup").origin).parent
model = folder / "UndisclosedFastdupModel.ort"
print(json.dumps([importlib.metadata.version("fastdup"), str(model)]))
"""


def engine_info(settings: Settings) -> Mapping[str, Any]:
    """Engine, version and model: features of different ones never mix.

    Raises:
        HobanError: fastdup's environment is missing or has no fastdup.
    """
    if settings.feature_engine in _BUILT_IN:
        return _BUILT_IN[settings.feature_engine]
    return describe_fastdup(settings.fastdup_python)


def engine_of(settings: Settings) -> str:
    """`engine_info` as one name: an ingredient of all that compares images."""
    return engine_key(engine_info(settings))


def describe_fastdup(python: Path) -> dict[str, Any]:
    """Engine, version and model hash of the fastdup that `python` has, without importing it."""
    if not python.is_file():
        raise HobanError(f"fastdup's interpreter {python} does not exist", NO_FASTDUP)
    asked = subprocess.run(
        [str(python), "-c", _DESCRIBE],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if asked.returncode != 0:
        last = (asked.stderr.strip().splitlines() or ["no output"])[-1]
        raise HobanError(f"the environment of {python} has no fastdup ({last})", NO_FASTDUP)
    version, model = json.loads(asked.stdout)
    digest = hashlib.sha256(Path(model).read_bytes()).hexdigest()[:16]
    return {"engine": "fastdup", "version": version, "model_hash": digest}
