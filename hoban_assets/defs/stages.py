"""The declared stages, under the name by which scripts of users import them."""

from hoban_assets.declared.stages import *  # noqa: F403
