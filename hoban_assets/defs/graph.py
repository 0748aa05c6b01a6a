"""Makes the assets of what `sources` and `stages` declare (which `hoban` reads without dagster)."""

from hoban_assets.components.source_assets import observed
from hoban_assets.components.stage_assets import stage_asset
from hoban_assets.defs.sources import SOURCES
from hoban_assets.defs.stages import STAGES

observed_sources = [observed(source) for source in SOURCES]
stage_assets = [stage_asset(stage) for stage in STAGES]
