"""Code versions that nobody can forget to raise."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import xxhash

PACKAGE = Path(__file__).parent

STAGE_PARTS = (
    *("classes", "suffixes", "samples", "tables"),
    *("formats", "corrections", "curation", "pipeline"),
)
"""What decides the rows of a stage; `hoban status` holds builds against the same parts."""
DATASET_PARTS = (
    *("classes", "samples", "tables", "curation", "pipeline"),
    *("publish/yolo_tree", "publish/yolo_files", "publish/raw_files", "publish/prescaled"),
)
MODEL_PARTS = ("training", "workers")


@cache
def code_version_of(*parts: str) -> str:
    """Hash of the Python source of modules or subpackages of this package, 12 hex digits.

    A version written by hand is forgotten sooner or later, and then rows of older code pass as
    current. The price, a rebuild after a mere change of comment, is paid on the laptop.
    """
    digest = xxhash.xxh3_64()
    for part in parts:
        path = PACKAGE / part
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
        for file in files:
            digest.update(file.relative_to(PACKAGE).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:12]
