"""Weights that a training starts from, under the name by which scripts of users import them."""

from hoban_assets.weights import *  # noqa: F403
