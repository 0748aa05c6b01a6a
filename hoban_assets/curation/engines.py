"""What each feature engine can and cannot see: the one place that says it.

The names are those of ``HOBAN_FEATURE_ENGINE`` (`settings.FEATURE_ENGINES`). Shares are what
`hoban calibrate` measures on photographs, at the threshold of the recipes (0.9).
"""

from __future__ import annotations

from collections.abc import Mapping

from hoban_assets.errors import HobanError

BLIND: Mapping[str, str] = {
    "fastdup": "fastdup sees the scene more than the picture: it may miss pictures that are "
    "turned or cropped, and takes other moments of one room for copies",
    "copies": "copies finds pictures that are mirrored, turned by quarters, cropped to 80 % of "
    "their sides, recompressed, scaled, brighter or darker; it cannot see copies that are tilted, "
    "padded with bars or cropped further, nor other moments of the same scene",
    "thumbnail": "thumbnail cannot see copies that are turned, mirrored or cropped",
}
"""Engine to what its checks cannot see, in one sentence."""


FLOORS: Mapping[str, float] = {"copies": 0.5}
"""Engine to the lowest similarity that it knows; the others know all."""


def refuse_below(engine: str, threshold: float, known_from: float | None = None) -> None:
    """Refuse a threshold that the engine of this full name knows no pairs of.

    `known_from`: the lowest similarity of a graph that was made; by default that of `FLOORS`.

    Raises:
        HobanError: it is below what the engine knows.
    """
    name = engine.partition("-")[0]
    floor = FLOORS.get(name, -1.0) if known_from is None else known_from
    if threshold < floor:
        raise HobanError(
            f"the feature engine '{name}' knows similar pictures from {floor} on, and {threshold} "
            "is asked for",
            f"raise the thresholds of similarity in the recipe and its stages to {floor} or more, "
            "or set HOBAN_FEATURE_ENGINE to an engine without such a limit: fastdup or thumbnail",
        )


def blindness(engine: str) -> str:
    """What the engine of this full name (``<engine>-<version>-<model>``) cannot see, or ''."""
    return BLIND.get(engine.partition("-")[0], "")
