"""The factory behind ``defs/reports.py``: a function that writes a document becomes an asset."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import dagster as dg

from hoban_assets.code_version import code_version_of
from hoban_assets.components.common import OWNERS, PARTITIONS_DEF, step
from hoban_assets.components.describing import TELLS_OF, words
from hoban_assets.components.platform import Platform
from hoban_assets.front.pages import PAGES
from hoban_assets.reporting.home.writing import write_home
from hoban_assets.reporting.metadata import in_words
from hoban_assets.reporting.report import Report
from hoban_assets.settings import Settings

REPORT_CODE = code_version_of("reporting")
Write = Callable[[Settings, str, Callable[[str], None]], Report]
"""(settings, partition, log) -> what was written below ``settings.reports``."""


def report_asset(
    name: str,
    description: str,
    tells_of: Sequence[str],
    write: Write,
    *,
    group: str = "reports",
    needs_them: bool = True,
) -> dg.AssetsDefinition:
    """Return the asset that writes a document from what the catalog holds, at any time.

    `needs_them`: it has nothing to tell before the assets that it tells of are built. Without,
    they are no dependencies: Dagster would warn that it may fail, or cannot be materialised, for
    each of them that was never built.
    """

    @dg.asset(
        name=name,
        description=description,
        group_name=group,
        owners=OWNERS,
        kinds={"markdown"},
        partitions_def=PARTITIONS_DEF,
        code_version=REPORT_CODE,
        deps=list(tells_of) if needs_them else [],
        metadata=in_words({TELLS_OF: list(tells_of)}, words()),
    )
    def build(
        context: dg.AssetExecutionContext, platform: Platform
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with step():
            report = write(platform.settings(), context.partition_key, context.log.info)
            write_home(platform.settings())
            yield dg.MaterializeResult(metadata=report_metadata(report, platform.settings()))

    return build


def report_metadata(report: Report, settings: Settings) -> dict[str, Any]:
    """The page as a link that opens it, figures, the document itself, and where the files lie."""
    first, *others = report.files
    told: dict[str, Any] = {}
    if page := next((f for f in report.files if f.suffix == ".html"), None):
        address = quote(page.relative_to(settings.reports).as_posix())
        told["page"] = dg.MetadataValue.url(f"{PAGES}/{address}")
    told |= {
        **report.numbers,
        "preview": dg.MetadataValue.md(report.preview),
        "path": dg.MetadataValue.path(str(first)),
        **{f"file/{f.name}": dg.MetadataValue.path(str(f)) for f in others},
    }
    return in_words(told, words())
