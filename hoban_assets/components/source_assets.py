"""The factory behind ``declared/sources.py``."""

from typing import Any

import dagster as dg

from hoban_assets.components.common import OWNERS, step
from hoban_assets.components.describing import source_text, words
from hoban_assets.components.observation import observation_metadata
from hoban_assets.components.platform import Platform
from hoban_assets.formats.source import RawSource
from hoban_assets.observing.fingerprint import fingerprint
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.reporting.metadata import in_words
from hoban_assets.settings import Settings


def observed(source: RawSource) -> Any:
    """Return the observable asset of a source: its data version is the folder's fingerprint.

    A source whose folder is not on this machine loads all the same, and says so.
    """
    is_here = source.is_present(Settings.from_env().raw_root)
    spec = dg.AssetSpec(
        ["raw", source.asset_name],
        group_name="sources",
        description=source_text(source, is_here, words()),
        metadata=in_words(
            {"folder": source.folder, "format": source.format, "present": is_here}, words()
        ),
        owners=OWNERS,
        kinds={source.format} if is_here else {source.format, "absent"},
    )

    # The decorator of single sources takes no owners.
    @dg.multi_observable_source_asset(specs=[spec], name=f"observe_{source.asset_name}")
    def observe(context: dg.OpExecutionContext, platform: Platform) -> dg.ObserveResult:
        with step():
            settings = platform.settings()
            found = fingerprint(
                source.root(settings.raw_root),
                settings.cache / "fingerprints",
                progress_line("reading changed labels", context.log.info),
            )
            return dg.ObserveResult(
                data_version=dg.DataVersion(found.version), metadata=observation_metadata(found)
            )

    return observe
