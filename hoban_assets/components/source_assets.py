"""The factory behind ``defs/sources.py``."""

from typing import Any

import dagster as dg

from hoban_assets.components.platform import Platform
from hoban_assets.formats.fingerprint import fingerprint
from hoban_assets.formats.source import RawSource
from hoban_assets.settings import Settings


def observed(source: RawSource) -> Any:
    """Return the observable asset of a source: its data version is the folder's fingerprint.

    A source whose folder is not on this machine loads all the same, and says so.
    """
    is_here = source.is_present(Settings.from_env().raw_root)
    absent = "" if is_here else "**Not on this machine.** "

    @dg.observable_source_asset(
        key=["raw", source.name],
        group_name="sources",
        description=f"{absent}`{source.folder}` below the raw root, read as {source.format}. "
        f"Labels completely: {', '.join(source.labels) or 'nothing'}.",
        metadata={"folder": source.folder, "format": source.format, "present": is_here},
        tags={
            f"dagster/kind/{source.format}": "",
            **({} if is_here else {"dagster/kind/absent": ""}),
        },
    )
    def observe(platform: Platform) -> dg.ObserveResult:
        version, files = fingerprint(source.root(platform.settings().raw_root))
        return dg.ObserveResult(data_version=dg.DataVersion(version), metadata={"files": files})

    return observe
