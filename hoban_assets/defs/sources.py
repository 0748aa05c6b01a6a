"""The declared raw folders, under the name by which scripts of users import them."""

from hoban_assets.declared.sources import *  # noqa: F403
