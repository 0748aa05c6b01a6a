"""The factory behind ``defs/reports.py``: a function that writes a document becomes an asset."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg

from hoban_assets.code_version import code_version_of
from hoban_assets.components.common import OWNERS, PARTITIONS_DEF, step
from hoban_assets.components.platform import Platform
from hoban_assets.reporting.home.writing import write_home
from hoban_assets.reporting.report import Report
from hoban_assets.settings import Settings

REPORT_CODE = code_version_of("reporting")
Write = Callable[[Settings, str, Callable[[str], None]], Report]
"""(settings, partition, log) -> what was written below ``settings.reports``."""


def report_asset(
    name: str, description: str, deps: Sequence[str], write: Write
) -> dg.AssetsDefinition:
    """Return the asset that writes a document from what the catalog holds.

    `deps` are the assets that it tells of. It only reads the catalog, so it can be made again at
    any time, also where some of them were never built.
    """

    @dg.asset(
        name=name,
        description=description,
        group_name="reports",
        owners=OWNERS,
        kinds={"markdown"},
        partitions_def=PARTITIONS_DEF,
        code_version=REPORT_CODE,
        deps=list(deps),
    )
    def build(
        context: dg.AssetExecutionContext, platform: Platform
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with step():
            report = write(platform.settings(), context.partition_key, context.log.info)
            write_home(platform.settings())
            yield dg.MaterializeResult(metadata=report_metadata(report))

    return build


def report_metadata(report: Report) -> dict[str, Any]:
    """Where the files lie, the document itself, and its figures."""
    first, *others = report.files
    return {
        "path": dg.MetadataValue.path(str(first)),
        "preview": dg.MetadataValue.md(report.preview),
        **{f"file/{f.name}": dg.MetadataValue.path(str(f)) for f in others},
        **report.numbers,
    }
