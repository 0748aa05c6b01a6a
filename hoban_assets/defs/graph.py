"""Makes the assets of what `sources` and `stages` declare (which `hoban` reads without dagster).

Those that a defs.yaml declares are made by its component (`components.raw_source`).
"""

import dagster as dg

from hoban_assets.components.corrections_asset import corrections_asset
from hoban_assets.components.source_assets import observed
from hoban_assets.components.stage_assets import stage_asset
from hoban_assets.declared import sources, stages


@dg.definitions
def graph() -> dg.Definitions:
    """Return them; made at every load, as they say which raw folders are there."""
    looked_at = [corrections_asset(), *(observed(source) for source in sources.HERE)]
    return dg.Definitions(assets=[*looked_at, *(stage_asset(stage) for stage in stages.HERE)])
