"""hoban_assets: construction-safety datasets and detectors as a Dagster asset graph."""

from typing import Any

__all__ = ["DatasetVersion"]


def __getattr__(name: str) -> Any:
    """Offer ``hoban_assets.DatasetVersion`` without loading dagster for `hoban`."""
    if name == "DatasetVersion":
        from hoban_assets.components.dataset_version import DatasetVersion

        return DatasetVersion
    raise AttributeError(name)


def __dir__() -> list[str]:
    """List the lazy name too: dagster finds components by it."""
    return [*globals(), *__all__]
