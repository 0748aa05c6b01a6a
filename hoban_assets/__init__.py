"""hoban_assets: construction-safety datasets and detectors as a Dagster asset graph."""

from typing import Any

__all__ = ["DatasetVersion", "RawSource"]


def __getattr__(name: str) -> Any:
    """Offer the components of the package without loading dagster for `hoban`."""
    if name not in __all__:
        raise AttributeError(name)
    from hoban_assets.collector import imports_stay

    with imports_stay():
        from hoban_assets.components.dataset_version import DatasetVersion
        from hoban_assets.components.raw_source import RawSource
    return {"DatasetVersion": DatasetVersion, "RawSource": RawSource}[name]


def __dir__() -> list[str]:
    """List the lazy name too: dagster finds components by it."""
    return [*globals(), *__all__]
