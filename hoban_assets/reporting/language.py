"""Moved to `hoban_assets.language`."""

from hoban_assets.language import KOREAN as KOREAN
from hoban_assets.language import korean as korean
from hoban_assets.language import speaker as speaker
