"""The declared recipes, under the name by which scripts of users import them."""

from hoban_assets.declared.recipes import *  # noqa: F403
