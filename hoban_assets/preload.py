"""Imported once by the fork server, so that no step pays for it again."""

import matplotlib.backends.backend_agg
import matplotlib.figure  # noqa: F401  # a step would pay two seconds for its first plot

import hoban_assets.components.stage_assets
import hoban_assets.components.version_assets  # noqa: F401
