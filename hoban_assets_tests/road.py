"""Build assets of the real graph in this process, over a raw tree and data root of a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from hoban_assets.catalog.store import Catalog
from hoban_assets.reporting.metadata import in_english

REPOSITORY = Path(__file__).parents[1]
STAGES = ("helmet_60k", "coco_person", "fallen_pool", "background")


def copied_package(folder: Path) -> None:
    """Copy what makes a project, compiled as it is: to compile it anew takes five seconds."""
    unfinished = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(REPOSITORY / "hoban_assets", folder / "hoban_assets", ignore=unfinished)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)


@dataclass(frozen=True)
class Road:
    """A raw root and a data root, and how to build from one into the other."""

    raw: Path
    data: Path
    engine: str = "thumbnail"

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.data / "catalog.duckdb", deadline=5)

    def env(self, **more: str) -> dict[str, str]:
        return {
            "DAGSTER_HOME": str(REPOSITORY),
            "HOBAN_RAW_ROOT": str(self.raw),
            "HOBAN_DATA_ROOT": str(self.data),
            "HOBAN_FASTDUP_PYTHON": str(REPOSITORY / ".venv-fastdup"),
            "HOBAN_FEATURE_ENGINE": self.engine,
            "HOBAN_WEIGHTS": "yolo26n.yaml",
            "HOBAN_IMAGE_SIZE": "64",
            "HOBAN_EPOCHS_SUB": "1",
            **more,
        }

    def build(self, *assets: str, partition: str = "sub", **env: str) -> dg.ExecuteInProcessResult:
        """Materialise assets by name; a failed step is in the result, not raised."""
        with self.environment(**env):
            from hoban_assets.definitions import defs

            definitions = defs()
            chosen = [a for a in definitions.assets or [] if isinstance(a, dg.AssetsDefinition)]
            return dg.materialize(
                chosen,
                selection=list(assets),
                partition_key=partition,
                resources=dict(definitions.resources or {}),
                instance=dg.DagsterInstance.ephemeral(),
                raise_on_error=False,
            )

    @contextmanager
    def environment(self, **more: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.env(**{"HOBAN_LANG": "en", **more}).items():
                patch.setenv(name, value)
            yield


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What the first failed step says."""
    assert not result.success
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data and failure.user_failure_data.description:
                return failure.user_failure_data.description
            return failure.error_display_string
    raise AssertionError("no step failed")


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialisation of an asset."""
    (event,) = result.asset_materializations_for_node(asset)
    return in_english(event.metadata)
