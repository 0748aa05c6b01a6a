"""What each feature engine can and cannot see: the one place that says it.

The names are those of ``HOBAN_FEATURE_ENGINE`` (`settings.FEATURE_ENGINES`). Shares are what
`hoban calibrate` measures on photographs, at the threshold of the recipes (0.9).
"""

from __future__ import annotations

from collections.abc import Mapping

BLIND: Mapping[str, str] = {
    "fastdup": "fastdup sees the scene more than the picture: it may miss pictures that are "
    "turned or cropped, and takes other moments of one room for copies",
    "copies": "copies finds pictures that are mirrored, turned by quarters, cropped to 80 % of "
    "their sides, recompressed, scaled, brighter or darker; it cannot see copies that are tilted, "
    "padded with bars or cropped further, nor other moments of the same scene",
    "thumbnail": "thumbnail cannot see copies that are turned, mirrored or cropped",
}
"""Engine to what its checks cannot see, in one sentence."""


def blindness(engine: str) -> str:
    """What the engine of this full name (``<engine>-<version>-<model>``) cannot see, or ''."""
    return BLIND.get(engine.partition("-")[0], "")
