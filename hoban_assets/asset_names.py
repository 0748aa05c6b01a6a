"""What the name of an asset says: its kind, and the version that it is of."""

from __future__ import annotations

STAGE, DATASET, MODEL, BENCHMARK = "stage", "dataset", "model", "benchmark"
"""Kinds of assets. Names of all but stages begin with theirs: ``dataset_v9``, ``model_v9``."""


def kind_of(asset: str) -> str:
    """Kind of an asset."""
    return next((k for k in (DATASET, MODEL, BENCHMARK) if asset.startswith(f"{k}_")), STAGE)


def version_of(name: str) -> str:
    """Version of a dataset or model ('v9'); any other name as it is, a version too."""
    return name.removeprefix(f"{DATASET}_").removeprefix(f"{MODEL}_")


def dataset_of(name: str) -> str:
    """Dataset of a version, or of its model."""
    return f"{DATASET}_{version_of(name)}"


def model_of(name: str) -> str:
    """Model of a version, or of its dataset."""
    return f"{MODEL}_{version_of(name)}"
