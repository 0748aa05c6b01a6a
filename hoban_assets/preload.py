"""Imported once by the fork server, so that no step pays for it again."""

import hoban_assets.components.stage_assets
import hoban_assets.components.version_assets  # noqa: F401
