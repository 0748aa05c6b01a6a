"""Makes the assets of what `sources` and `stages` declare (which `hoban` reads without dagster)."""

import dagster as dg

from hoban_assets.components.corrections_asset import corrections_asset
from hoban_assets.components.source_assets import observed
from hoban_assets.components.stage_assets import stage_asset
from hoban_assets.declared.sources import SOURCES
from hoban_assets.declared.stages import STAGES


@dg.definitions
def graph() -> dg.Definitions:
    """Return them; made at every load, as they say which raw folders are there."""
    sources = [corrections_asset(), *(observed(source) for source in SOURCES)]
    return dg.Definitions(assets=[*sources, *(stage_asset(stage) for stage in STAGES)])
