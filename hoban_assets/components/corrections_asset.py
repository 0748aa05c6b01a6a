"""The asset of what people corrected by hand, and what a stage tells of it."""

from typing import Any

import dagster as dg

from hoban_assets.components.common import OWNERS, step
from hoban_assets.components.describing import words
from hoban_assets.components.observation import DATA_VERSION
from hoban_assets.components.platform import Platform
from hoban_assets.corrections.standing import Standing, standing_in, version_of
from hoban_assets.ingredients import CORRECTIONS
from hoban_assets.reporting.metadata import in_words

NONE_YET = "none"
"""Data version of an empty log; Dagster has no empty ones."""


def corrections_asset() -> Any:
    """Return the observable asset: its data version is that of the corrections that stand."""
    spec = dg.AssetSpec(
        CORRECTIONS,
        group_name="sources",
        description=words()(
            "What people corrected by hand: rows that are added and never changed. Stages put them "
            "in after reading. Commands: hoban corrections, hoban collect."
        ),
        owners=OWNERS,
        kinds={"json"},
    )

    @dg.multi_observable_source_asset(specs=[spec], name="observe_corrections")
    def observe(context: dg.OpExecutionContext, platform: Platform) -> dg.ObserveResult:
        with step():
            log = standing_in(platform.settings().corrections)
            version = dg.DataVersion(version_as_read(log)[CORRECTIONS])
            return dg.ObserveResult(data_version=version, metadata=_counts(log))

    return observe


def version_as_read(log: Standing) -> dict[str, str]:
    """Data version of all corrections, as an input of a stage."""
    return {CORRECTIONS: version_of(log.active) or NONE_YET}


def corrections_as_read(context: dg.AssetExecutionContext, log: Standing) -> dg.AssetObservation:
    """Observe the corrections as a stage found them (see `components.observation`)."""
    return dg.AssetObservation(
        CORRECTIONS,
        metadata=_counts(log, context.asset_key.to_user_string()),
        tags={DATA_VERSION: version_as_read(log)[CORRECTIONS]},
    )


def _counts(log: Standing, read_by: str = "") -> dict[str, Any]:
    counts = {
        "rows": len(log.rows),
        "pictures": len(log.active),
        "undone": len(log.undone),
        "overruled": len(log.overruled),
    }
    return in_words({**counts, **({"read by": read_by} if read_by else {})}, words())
